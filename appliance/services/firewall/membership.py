"""Which NICs are in which security groups, and which hosts have to know of it. Plain SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from appliance.protocol.errors import Conflict
from appliance.protocol.networks import PRIVATE_KINDS
from appliance.services.networks.addresses import text_of
from appliance.store.database import Transaction
from appliance.store.fields import database
from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule


def set_groups(tx: Transaction, nic_id: str, group_ids: Collection[str]) -> None:
    """Let a NIC be in exactly these groups.

    Raises Conflict if its network has no security groups.
    """
    if group_ids and (network := tx.execute(_UNFILTERED, nic_id).fetchone()) is not None:
        raise Conflict(
            "network.not_offered",
            field="security_group_ids",
            name=network[0],
            service="security_group",
        )
    tx.execute("DELETE FROM nic_security_group WHERE nic_id = ?", nic_id)
    for group_id in set(group_ids):
        tx.execute("INSERT INTO nic_security_group VALUES (?, ?)", nic_id, group_id)


def groups_of_vm(vm_id: str) -> set[str]:
    """All groups that NICs of a machine are in."""
    rows = database.execute_sql(
        "SELECT DISTINCT m.security_group_id FROM nic_security_group m "
        "JOIN nic n ON n.id = m.nic_id WHERE n.vm_id = ?",
        (vm_id,),
    )
    return {group_id for (group_id,) in rows}


def vms_of(group_id: str) -> list[str]:
    """The machines with a NIC in a group."""
    rows = database.execute_sql(
        "SELECT DISTINCT n.vm_id FROM nic_security_group m JOIN nic n ON n.id = m.nic_id "
        "WHERE m.security_group_id = ? ORDER BY 1",
        (group_id,),
    )
    return [vm_id for (vm_id,) in rows]


def hosts_that_know(group_ids: Collection[str]) -> set[str]:
    """The hosts with a NIC in one of the groups, or in one whose rules name one of them."""
    hosts: set[str] = set()
    for group_id in group_ids:
        rows = database.execute_sql(_HOSTS, (group_id, group_id))
        hosts |= {host_id for (host_id,) in rows}
    return hosts


_UNFILTERED = """
    SELECT n.name FROM nic x JOIN network n ON n.id = x.network_id WHERE x.id = ? AND NOT EXISTS (
        SELECT 1 FROM network_service s WHERE s.network_id = n.id AND s.service = 'security_group')
"""
_HOSTS = """
    SELECT DISTINCT v.host_id FROM nic_security_group m
    JOIN nic n ON n.id = m.nic_id JOIN vm v ON v.id = n.vm_id
    WHERE v.host_id IS NOT NULL AND m.security_group_id IN (
        SELECT ? UNION SELECT security_group_id FROM security_rule WHERE peer_group_id = ?)
"""
_RULES = """
    SELECT security_group_id, id, direction, action, priority, protocol, port_first, port_last,
           icmp_type, icmp_code, cidr, peer_group_id
    FROM security_rule WHERE is_enabled AND security_group_id IN ({marks}) ORDER BY id
"""
_MEMBERS = """
    SELECT m.security_group_id, n.address, n.ipv6_address, n.network_id, w.kind
    FROM nic_security_group m
    JOIN nic n ON n.id = m.nic_id JOIN network w ON w.id = n.network_id
    WHERE m.security_group_id IN ({marks}) ORDER BY n.address
"""


_LOGGING = "SELECT id FROM security_group WHERE log_drops AND id IN ({marks})"


def specs(group_ids: Collection[str]) -> list[SecurityGroupSpec]:
    """What hosts need to know of these groups, and of those that their rules name.

    Only of the latter the members matter; the rules of those are not asked for here.
    """
    if not group_ids:
        return []
    rules = _rules_of(group_ids)
    named = {rule.peer_group_id for found in rules.values() for rule in found} - {""}
    members = _members_of(named)
    logging = {group_id for (group_id,) in _rows(_LOGGING, group_ids)}
    return [
        SecurityGroupSpec(
            id=group_id,
            rules=rules.get(group_id, []),
            member_addresses=members[group_id].pop("", []),
            private_members=members[group_id],
            log_drops=group_id in logging,
        )
        for group_id in sorted({*group_ids, *named})
    ]


def _rules_of(group_ids: Collection[str]) -> dict[str, list[SecurityRule]]:
    found: dict[str, list[SecurityRule]] = defaultdict(list)
    for group_id, *row in _rows(_RULES, group_ids):
        found[group_id].append(_rule(row))
    return found


def _rule(row: Sequence[Any]) -> SecurityRule:
    ref, direction, action, priority, protocol, first, last, kind, code, cidr, peer = row
    return SecurityRule(
        id=ref,
        direction=direction,
        action=action,
        priority=priority,
        protocol=protocol,
        ports=None if first is None else (first, last),
        icmp_type=kind,
        icmp_code=code,
        cidr=cidr,
        peer_group_id=peer or "",
    )


def _members_of(group_ids: Collection[str]) -> dict[str, dict[str, list[str]]]:
    """The addresses of members by group and private network, those on NICs under "", and IPv6
    addresses, which no two networks share.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for group_id, address, ipv6_address, network_id, kind in _rows(_MEMBERS, group_ids):
        place = network_id if kind in PRIVATE_KINDS else ""
        found[group_id].setdefault(place, []).append(text_of(address))
        if ipv6_address:
            found[group_id].setdefault("", []).append(ipv6_address)
    return found


def _rows(sql: str, ids: Collection[str]) -> list[Any]:
    marks = ",".join("?" * len(ids))
    return database.execute_sql(sql.format(marks=marks), tuple(ids)).fetchall()
