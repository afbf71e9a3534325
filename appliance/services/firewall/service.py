"""Operations on security groups; whatever changes is on all hosts concerned within a second."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol import security as s
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.security_checks import checked
from appliance.services.common import (
    chosen_id,
    clean_name,
    create_once,
    find,
    refuse_if_used,
    updater,
)
from appliance.services.compute.models import VmRow
from appliance.services.firewall.defaults import give_default_group
from appliance.services.firewall.membership import (
    groups_of_vm,
    set_groups,
    vms_of,
)
from appliance.services.firewall.models import SecurityGroupRow, SecurityRuleRow
from appliance.services.firewall.telling import tell_hosts
from appliance.services.firewall.views import render_groups, render_rules
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import NicRow
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database
from appliance.store.kinds import Relation, ResourceKind

GROUP, RULE = "security_group", "security_rule"


class SecurityGroups:
    """Groups, their rules, and which machines are in them. Each is of one account."""

    def __init__(self, parts: Parts, documents: Documents) -> None:
        self._store = parts.store
        self._documents = documents
        parts.store.kinds.add(
            ResourceKind(
                name=GROUP,
                model=SecurityGroupRow,
                render=render_groups,
                owner="owner_id",
                relations={"rules": Relation(RULE, ("id", "security_group_id"), many=True)},
                live=True,
            )
        )
        parts.store.kinds.add(
            ResourceKind(
                name=RULE,
                model=SecurityRuleRow,
                render=render_rules,
                owner="owner_id",
                search=("description", "cidr", "id"),
                relations={"security_group": Relation(GROUP, ("security_group_id", "id"))},
            )
        )
        bind = parts.registry.bind
        bind("security_group.create", self._create)
        bind(
            "security_group.update",
            updater(parts.store, SecurityGroupRow, GROUP, self._change_logging),
        )
        bind("security_group.delete", self._delete)
        bind("security_rule.create", self._add_rule)
        bind("security_rule.update", self._change_rule)
        bind("security_rule.delete", self._delete_rule)
        bind("vm.set_security_groups", self._set)
        bind("vm.set_anti_spoofing", self._guard)

    async def prepare(self) -> None:
        """Give each account its default group; accounts of older versions have none."""

        def give(tx: Transaction) -> None:
            for (account_id,) in database.execute_sql("SELECT id FROM account").fetchall():
                give_default_group(tx, account_id)

        await self._store.write(give)

    def _tell(self, tx: Transaction, group_ids: Collection[str]) -> None:
        tell_hosts(tx, self._documents, group_ids)

    # Groups

    async def _create(self, call: Call, request: s.SecurityGroupCreate) -> Any:
        ref = chosen_id(request)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "log_drops": request.log_drops,
            "owner_id": call.caller.account_id,
        }

        def create(tx: Transaction) -> Any:
            _, is_new = create_once(SecurityGroupRow, ref, values)
            if is_new:
                tx.touch(GROUP, ref)
            return self._store.kinds.render_one(GROUP, ref)

        return await self._store.write(create)

    def _change_logging(
        self, tx: Transaction, group: SecurityGroupRow, request: s.SecurityGroupUpdate
    ) -> None:
        if request.log_drops is not UNSET and request.log_drops != group.log_drops:
            group.log_drops = request.log_drops  # type: ignore[assignment] peewee's
            self._tell(tx, {group.id})

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            group = find(SecurityGroupRow, call.target, GROUP)
            if group.is_default:
                raise Conflict("security.default_stays", name=group.name)
            # A machine without any group is open: nobody shall open one by the way.
            refuse_if_used(group.name, len(vms_of(group.id)), "vm")
            naming: Any = SecurityRuleRow.select().where(
                (SecurityRuleRow.peer_group_id == group.id)
                | (SecurityRuleRow.security_group_id == group.id)
            )
            rules = list(naming)
            self._tell(tx, {rule.security_group_id for rule in rules} | {group.id})
            for rule in rules:
                rule.delete_instance()
                tx.touch(RULE, rule.id)
            group.delete_instance()

        await self._store.write(delete)

    # Rules

    async def _add_rule(self, call: Call, request: s.SecurityRuleCreate) -> Any:
        values = asdict(request)
        del values["id"]
        values = checked(values)
        ref = chosen_id(request)

        def add(tx: Transaction) -> Any:
            group = find(
                SecurityGroupRow, request.security_group_id, GROUP, field="security_group_id"
            )
            _check_peer(values, group.owner_id)
            _, is_new = create_once(SecurityRuleRow, ref, values | {"owner_id": group.owner_id})
            if is_new:
                tx.touch(RULE, ref)
                self._tell(tx, {group.id})
            return self._store.kinds.render_one(RULE, ref)

        return await self._store.write(add)

    async def _change_rule(self, call: Call, request: s.SecurityRuleUpdate) -> Any:
        given = {name: value for name, value in asdict(request).items() if value is not UNSET}

        def change(tx: Transaction) -> Any:
            rule = find(SecurityRuleRow, call.target, RULE)
            values = checked(rule.__data__ | given)
            _check_peer(values, rule.owner_id)
            SecurityRuleRow.update(values).where(SecurityRuleRow.id == rule.id).execute()
            tx.touch(RULE, rule.id)
            self._tell(tx, {rule.security_group_id})
            return self._store.kinds.render_one(RULE, rule.id)

        return await self._store.write(change)

    async def _delete_rule(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            rule = find(SecurityRuleRow, call.target, RULE)
            rule.delete_instance()
            tx.touch(RULE, rule.id)
            self._tell(tx, {rule.security_group_id})

        await self._store.write(delete)

    # Members

    async def _set(self, call: Call, request: s.VmSetSecurityGroups) -> Any:
        def change(tx: Transaction) -> Any:
            vm = find(VmRow, call.target, "vm")
            chosen = chosen_groups(request.security_group_ids, vm.owner_id)
            self._tell(tx, groups_of_vm(vm.id))
            for nic_id in _nics_meant(vm.id, request.nic_id):
                set_groups(tx, nic_id, chosen)
            self._tell(tx, chosen)
            tx.touch("vm", vm.id)
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)

    async def _guard(self, call: Call, request: s.VmSetAntiSpoofing) -> Any:
        def change(tx: Transaction) -> Any:
            vm = find(VmRow, call.target, "vm")
            values = {"anti_spoofing": request.is_enabled}
            nic_ids = _nics_meant(vm.id, request.nic_id)
            NicRow.update(values).where(NicRow.id.in_(nic_ids)).execute()
            tx.touch("vm", vm.id)
            if vm.host_id is not None:
                tx.on_commit(partial(self._documents.soon, vm.host_id))
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)


def _nics_meant(vm_id: str, nic_id: str | None) -> list[str]:
    """One NIC of a machine, or all of them; raises InvalidInput if it does not have this one."""
    nics = [row.id for row in NicRow.select(NicRow.id).where(NicRow.vm_id == vm_id)]
    if nic_id is None:
        return nics
    if nic_id not in nics:
        raise InvalidInput("resource.not_found", field="nic_id", kind="nic", id=nic_id)
    return [nic_id]


def chosen_groups(
    group_ids: Collection[str], owner_id: str, *, field: str = "security_group_ids"
) -> set[str]:
    """The groups that a request names for a machine of this owner; within a write.

    Raises NotFound; InvalidInput if a group is another account's.
    """
    for group_id in group_ids:
        group = find(SecurityGroupRow, group_id, GROUP, field=field)
        if group.owner_id != owner_id:
            raise InvalidInput("security.other_owner", field=field, name=group.name)
    return set(group_ids)


def _check_peer(values: dict[str, Any], owner_id: str) -> None:
    """Raises NotFound, or InvalidInput if the peer group is another account's."""
    if values["peer_group_id"] is None:
        return
    peer = find(SecurityGroupRow, values["peer_group_id"], GROUP, field="peer_group_id")
    if peer.owner_id != owner_id:
        raise InvalidInput("security.other_owner", field="peer_group_id", name=peer.name)
