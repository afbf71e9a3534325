"""What emptying a host would do to each of its machines, and why."""

from __future__ import annotations

from typing import Any, NamedTuple

from appliance.engine.calls import SYSTEM, Call
from appliance.engine.registry import Registry
from appliance.hosts.links import HostLinks
from appliance.protocol import requests as q
from appliance.protocol.errors import NotFound
from appliance.protocol.hosts import (
    HostState,
    MaintenancePlan,
    MaintenanceReason,
    MaintenanceWarning,
    PlannedMachine,
    Policy,
)
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.resources import VmState
from appliance.services.common import find
from appliance.services.infrastructure.models import AgentRow, HostRow
from appliance.services.parts import Parts
from appliance.store.database import Store
from appliance.store.fields import database

MIGRATE, CANDIDATES = "vm.migrate", "vm.migration_candidates"
MOVABLE = (VmState.RUNNING, VmState.PAUSED)


class Machine(NamedTuple):
    """A machine that has a place on the host."""

    id: str
    name: str
    state: VmState
    cpu_count: int
    memory_bytes: int


class Planner:
    """Asks for each machine where it could go."""

    def __init__(self, parts: Parts) -> None:
        self._store: Store = parts.store
        self._links: HostLinks = parts.hosts
        self._registry: Registry = parts.registry

    async def plan(self, host_id: str, policy: Policy) -> MaintenancePlan:
        """What would become of a host's machines; raises NotFound."""
        host = await self._store.read(lambda: find(HostRow, host_id, "host"))
        machines = await self._store.read(lambda: machines_on(host_id))
        warnings = await self._store.read(lambda: _warnings(host_id))
        return MaintenancePlan(
            host_id=host_id,
            host_name=host.name,
            state=HostState(host.state),
            policy=policy,
            machines=[await self._planned(host_id, one, policy) for one in machines],
            warnings=warnings,
        )

    async def _planned(self, host_id: str, machine: Machine, policy: Policy) -> PlannedMachine:
        def planned(action: Any, *reasons: MaintenanceReason, **target: str) -> PlannedMachine:
            return PlannedMachine(
                vm_id=machine.id,
                vm_name=machine.name,
                state=machine.state,
                cpu_count=machine.cpu_count,
                memory_bytes=machine.memory_bytes,
                action=action,
                reasons=list(reasons),
                **target,
            )

        if machine.state == VmState.UNKNOWN or not self._links.is_connected(host_id):
            return planned("stays", MaintenanceReason(code="maintenance.host_away"))
        if policy == "stop":
            return planned("stop")
        if machine.state not in MOVABLE:  # a job works on it: that is waited for
            return planned("migrate", MaintenanceReason(code="maintenance.busy"))
        reasons, target = await self.way_out(machine.id)
        if target:
            return planned("migrate", host_id=target[0], host_name=target[1])
        return planned("stop" if policy == "migrate_or_stop" else "stays", *reasons)

    async def way_out(self, vm_id: str) -> tuple[list[MaintenanceReason], tuple[str, str] | None]:
        """Why a machine cannot move, or the host (id, name) that would take it."""
        if CANDIDATES not in OPERATIONS:
            return [MaintenanceReason(code="maintenance.no_migration")], None
        call = Call(operation=CANDIDATES, caller=SYSTEM, target=vm_id)
        try:
            found = await self._registry.get(CANDIDATES).handler(call, q.Empty())
        except NotFound:  # it is gone by now
            return [MaintenanceReason(code="maintenance.busy")], None
        if found.reasons:
            return [_reason(item) for item in found.reasons], None
        for item in found.items:
            if not item.reasons:
                return [], (item.host_id, item.host_name)
        if not found.items:
            return [MaintenanceReason(code="maintenance.only_host")], None
        return [
            MaintenanceReason(
                code=f"migration.reason.{item.reasons[0].code}",
                params=item.reasons[0].params,
                host_name=item.host_name,
            )
            for item in found.items
        ], None


def machines_on(host_id: str) -> list[Machine]:
    """The machines that have a place on a host, oldest first; within a read or write."""
    rows = database.execute_sql(
        "SELECT id, name, state, cpu_count, memory_bytes FROM vm WHERE host_id = ? "
        "ORDER BY created_at, id",
        (host_id,),
    )
    return [Machine(ref, name, VmState(state), *rest) for ref, name, state, *rest in rows]


def _reason(item: Any) -> MaintenanceReason:
    return MaintenanceReason(code=f"migration.reason.{item.code}", params=item.params)


def _warnings(host_id: str) -> list[MaintenanceWarning]:
    """What else is on the host that people would miss."""
    found = [
        MaintenanceWarning(code="maintenance.image_store", params={"name": name})
        for (name,) in database.execute_sql(
            "SELECT name FROM image_store WHERE host_id = ? ORDER BY name", (host_id,)
        )
    ]
    if AgentRow.select().where(AgentRow.id == host_id, AgentRow.is_local).exists():
        found.append(MaintenanceWarning(code="maintenance.appliance"))
    return found
