"""Which rules hold for the NICs of a machine: by the very specification that hosts are given."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.effective import PEERS_SHOWN, EffectiveRule, EffectiveRules, NicRules
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.firewall.membership import specs
from appliance.services.firewall.models import SecurityGroupRow, SecurityRuleRow
from appliance.services.networks.addresses import text_of
from appliance.services.parts import Parts
from appliance.store.fields import database, tuples
from hostagent.protocol.firewall import Direction, SecurityGroupSpec, SecurityRule, ordered


def install(parts: Parts) -> None:
    """Bind `vm.effective_rules`."""

    async def show(call: Call, _: q.Empty) -> EffectiveRules:
        return await parts.store.read(lambda: effective_rules(call.target))

    parts.registry.bind("vm.effective_rules", show)


def effective_rules(vm_id: str) -> EffectiveRules:
    """The rules of each NIC of a machine; within a read. Raises NotFound."""
    find(VmRow, vm_id, "vm")
    nics = database.execute_sql(
        "SELECT x.id, x.address, n.id, n.name FROM nic x JOIN network n ON n.id = x.network_id "
        "WHERE x.vm_id = ? ORDER BY x.position",
        (vm_id,),
    ).fetchall()
    groups_of = {nic_id: _groups_of(nic_id) for nic_id, *_ in nics}
    words = _Words({ref for groups in groups_of.values() for ref in groups})
    return EffectiveRules(
        nics=[
            NicRules(
                nic_id=nic_id,
                address=text_of(address),
                network_id=network_id,
                network_name=network,
                is_filtered=bool(groups_of[nic_id]),
                security_group_ids=groups_of[nic_id],
                security_group_names=[words.name_of(ref) for ref in groups_of[nic_id]],
                incoming=words.rules(groups_of[nic_id], "in", network_id),
                outgoing=words.rules(groups_of[nic_id], "out", network_id),
            )
            for nic_id, address, network_id, network in nics
        ]
    )


class _Words:
    """What hosts are told of some groups, with the names and descriptions that people know."""

    def __init__(self, group_ids: set[str]) -> None:
        self._specs: Mapping[str, SecurityGroupSpec] = {spec.id: spec for spec in specs(group_ids)}
        refs = list(self._specs)
        query = SecurityGroupRow.select(SecurityGroupRow.id, SecurityGroupRow.name)
        self._names: dict[str, str] = dict(tuples(query.where(SecurityGroupRow.id.in_(refs))))
        rules = SecurityRuleRow.select(SecurityRuleRow.id, SecurityRuleRow.description)
        mine = rules.where(SecurityRuleRow.security_group_id.in_(refs))
        self._descriptions: dict[str, str] = dict(tuples(mine))

    def name_of(self, group_id: str) -> str:
        return self._names.get(group_id, group_id)

    def rules(
        self, group_ids: list[str], direction: Direction, network_id: str
    ) -> list[EffectiveRule]:
        return [
            self._shown(group_id, rule, network_id)
            for group_id, rule in ordered(group_ids, self._specs, direction)
        ]

    def _members(self, group_id: str, network_id: str) -> list[str]:
        """The addresses of a group's members as a NIC of this network may meet them."""
        group = self._specs.get(group_id)
        if group is None:
            return []
        return [*group.private_members.get(network_id, []), *group.member_addresses]

    def _shown(self, group_id: str, rule: SecurityRule, network_id: str) -> EffectiveRule:
        first, last = rule.ports or (None, None)
        members = self._members(rule.peer_group_id, network_id)
        return EffectiveRule(
            rule_id=rule.id,
            security_group_id=group_id,
            security_group_name=self.name_of(group_id),
            action=rule.action,
            priority=rule.priority,
            protocol=rule.protocol,
            port_first=first,
            port_last=last,
            icmp_type=rule.icmp_type,
            icmp_code=rule.icmp_code,
            cidr=rule.cidr,
            peer_group_id=rule.peer_group_id or None,
            peer_group_name=self.name_of(rule.peer_group_id) if rule.peer_group_id else "",
            peer_addresses=members[:PEERS_SHOWN],
            peer_count=len(members),
            description=self._descriptions.get(rule.id, ""),
        )


def _groups_of(nic_id: str) -> list[str]:
    rows = database.execute_sql(
        "SELECT m.security_group_id FROM nic_security_group m JOIN security_group g "
        "ON g.id = m.security_group_id WHERE m.nic_id = ? ORDER BY g.name, g.id",
        (nic_id,),
    )
    return [group_id for (group_id,) in rows]
