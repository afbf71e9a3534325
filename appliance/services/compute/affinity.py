"""Affinity groups: which machines are placed together, and which apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.resources import AffinityGroup, AffinityPolicy
from appliance.services.common import chosen_id, clean_name, create_once, find, updater
from appliance.services.compute.models import AffinityGroupRow, VmRow
from appliance.services.compute.placement import Affinity
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database, when
from appliance.store.kinds import Relation, ResourceKind

KIND = "affinity_group"
ANTI = AffinityPolicy.ANTI_AFFINITY


class AffinityGroups:
    """Operations on affinity groups. A machine is in one group at most, of its own account."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        parts.store.kinds.add(
            ResourceKind(
                name=KIND,
                model=AffinityGroupRow,
                render=render_groups,
                owner="owner_id",
                relations={"vms": Relation("vm", ("id", "affinity_group_id"), many=True)},
                live=True,
            )
        )
        bind = parts.registry.bind
        bind("affinity_group.create", self._create)
        bind("affinity_group.update", updater(parts.store, AffinityGroupRow, KIND))
        bind("affinity_group.delete", self._delete)
        bind("vm.set_affinity_group", self._set)

    async def _create(self, call: Call, request: q.AffinityGroupCreate) -> Any:
        ref = chosen_id(request)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "policy": request.policy,
            "is_required": request.is_required,
            "owner_id": call.caller.account_id,
        }

        def create(tx: Transaction) -> Any:
            _, is_new = create_once(AffinityGroupRow, ref, values)
            if is_new:
                tx.touch(KIND, ref)
            return self._store.kinds.render_one(KIND, ref)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            find(AffinityGroupRow, call.target, KIND).delete_instance()
            query = VmRow.select(VmRow.id).where(VmRow.affinity_group_id == call.target)
            members = [row.id for row in query]
            VmRow.update(affinity_group_id=None).where(
                VmRow.affinity_group_id == call.target
            ).execute()
            tx.touch(KIND, call.target)
            for vm_id in members:
                tx.touch("vm", vm_id)

        await self._store.write(delete)

    async def _set(self, call: Call, request: q.VmSetAffinityGroup) -> Any:
        def change(tx: Transaction) -> Any:
            vm = find(VmRow, call.target, "vm")
            before, after = vm.affinity_group_id, request.affinity_group_id
            if after is not None and after != before:
                _refuse_violation(vm, chosen_group(after, vm.owner_id))
            vm.affinity_group_id = after
            vm.save(only=["affinity_group_id"])
            tx.touch("vm", vm.id)
            for group_id in {before, after}:
                if group_id is not None:
                    tx.touch(KIND, group_id)
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)


def chosen_group(group_id: str, owner_id: str) -> AffinityGroupRow:
    """The group that a request names for a machine of this owner.

    Raises NotFound; InvalidInput if the group is another account's.
    """
    group = find(AffinityGroupRow, group_id, KIND, field="affinity_group_id")
    if group.owner_id != owner_id:
        raise InvalidInput("affinity.other_owner", field="affinity_group_id", name=group.name)
    return group


def affinity_to(group: AffinityGroupRow) -> Affinity:
    """What the placement has to respect."""
    return Affinity(group.id, is_apart=group.policy == ANTI, is_required=group.is_required)


def affinity_of(vm_id: str) -> Affinity | None:
    """What the placement has to respect for a machine that is there; within a read or write."""
    row = database.execute_sql(
        "SELECT g.id, g.policy, g.is_required FROM vm v "
        "JOIN affinity_group g ON g.id = v.affinity_group_id WHERE v.id = ?",
        (vm_id,),
    ).fetchone()
    if row is None:
        return None
    return Affinity(row[0], is_apart=row[1] == ANTI, is_required=bool(row[2]), vm_id=vm_id)


def render_groups(rows: Sequence[AffinityGroupRow]) -> list[AffinityGroup]:
    """Affinity groups as clients see them."""
    return [
        AffinityGroup(
            id=row.id,
            name=row.name,
            description=row.description,
            policy=AffinityPolicy(row.policy),
            is_required=row.is_required,
            vm_count=VmRow.select().where(VmRow.affinity_group_id == row.id).count(),
            owner_id=row.owner_id,
            created_at=when(row.created_at),
        )
        for row in rows
    ]


def _refuse_violation(vm: VmRow, group: AffinityGroupRow) -> None:
    """Raises Conflict if the machine stands where a group that is required does not allow it."""
    if not group.is_required or vm.host_id is None:
        return
    is_apart = group.policy == ANTI
    placed: Any = VmRow.select(VmRow.name).where(
        VmRow.affinity_group_id == group.id,
        VmRow.id != vm.id,
        VmRow.host_id == vm.host_id if is_apart else VmRow.host_id != vm.host_id,
    )
    other = placed.first()
    if other is not None:
        names = {"name": group.name, "vm": vm.name, "other": other.name, "policy": group.policy}
        raise Conflict("affinity.violated", field="affinity_group_id", **names)
