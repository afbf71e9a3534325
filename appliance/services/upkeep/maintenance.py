"""Maintenance: a host is emptied and takes nothing until it returns to the state it came from."""

from __future__ import annotations

import asyncio
from typing import Any

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.hosts import (
    HostEnterMaintenance,
    HostLeaveMaintenance,
    HostMaintenancePlan,
    HostState,
    MaintenancePlan,
)
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import VmState
from appliance.services.common import find, link_wait_s
from appliance.services.compute.service import Compute
from appliance.services.infrastructure.machine import HOST_MACHINE
from appliance.services.infrastructure.models import HostRow
from appliance.services.networks.documents import Documents
from appliance.services.parts import Parts
from appliance.services.storage.service import Storage
from appliance.services.upkeep.evacuation import Evacuation
from appliance.services.upkeep.plan import Planner, machines_on
from appliance.services.upkeep.reconnecting import host_job
from appliance.services.upkeep.recovery import Recovery
from appliance.store.database import Transaction

IN_MAINTENANCE = (HostState.PRE_MAINTENANCE, HostState.MAINTENANCE)
NAMES_SHOWN = 5
LINE_UP_WITHIN_S = 60.0


class Maintenance:
    """`host.enter_maintenance`, `host.leave_maintenance`, and the plan that is shown before."""

    def __init__(
        self,
        parts: Parts,
        compute: Compute,
        storage: Storage,
        documents: Documents,
        recovery: Recovery,
    ) -> None:
        self._store, self._links, self._runner = parts.store, parts.hosts, parts.runner
        self._sync = compute.sync
        self._storage = storage
        self._documents = documents
        self._recovery = recovery
        self._planner = Planner(parts)
        evacuation = Evacuation(parts, compute, self._planner)
        self._enter_job = parts.runner.define(
            JobDefinition(
                operation="host.enter_maintenance",
                steps=(Step("evacuate", evacuation.evacuate, evacuation.stop),),
                done=self._entered,
                failed=self._not_entered,
            )
        )
        self._leave_job = parts.runner.define(
            JobDefinition(
                operation="host.leave_maintenance",
                steps=(Step("bring_in_line", self._bring_in_line),),
                done=self._left,
            )
        )
        bind = parts.registry.bind
        bind("host.maintenance_plan", self._plan)
        bind("host.enter_maintenance", self._enter)
        bind("host.leave_maintenance", self._leave)

    # Operations

    async def _plan(self, call: Call, request: HostMaintenancePlan) -> MaintenancePlan:
        return await self._planner.plan(call.target, request.policy)

    async def _enter(self, call: Call, request: HostEnterMaintenance) -> Accepted:
        plan = await self._planner.plan(call.target, request.policy)
        _refuse_what_stays(plan)

        def accept(tx: Transaction) -> Accepted:
            host = find(HostRow, call.target, "host")
            if host.state in IN_MAINTENANCE:
                raise Conflict("host.in_maintenance", name=host.name)
            came_from = host.state
            _move(tx, host, HostState.PRE_MAINTENANCE, came_from)
            options = {
                "policy": request.policy,
                "parallel": request.parallel,
                "timeout_s": request.timeout_s,
                "came_from": came_from,
                "total": len(machines_on(host.id)),
            }
            return self._runner.accept(tx, call.caller, host_job(self._enter_job, host, **options))

        return await self._store.write(accept)

    async def _leave(self, call: Call, request: HostLeaveMaintenance) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            host = find(HostRow, call.target, "host")
            if host.state != HostState.MAINTENANCE:
                raise Conflict("host.not_in_maintenance", name=host.name)
            new = host_job(self._leave_job, host, restart=request.restart)
            return self._runner.accept(tx, call.caller, new)

        return await self._store.write(accept)

    # Steps and endings

    async def _bring_in_line(self, run: JobRun) -> None:
        """Its network, states and storage are as they should be before anything starts there.

        A host that is away is brought in line when it comes back, as always.
        """
        host_id = run.resource_id
        if not self._links.is_connected(host_id):
            run.note("maintenance.away", level="warning", name=self._links.name_of(host_id))
            return
        async with asyncio.timeout(LINE_UP_WITHIN_S + link_wait_s(run)):
            await self._documents.converge(host_id)
            await self._sync.host_connected(host_id)
            await self._storage.refresh(host_id)

    def _entered(self, tx: Transaction, run: JobRun) -> None:
        host = HostRow.get_or_none(HostRow.id == run.resource_id)
        if host is not None:
            _move(tx, host, HostState.MAINTENANCE, host.came_from)

    def _not_entered(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """It is what it was; what was stopped for nothing is started again."""
        host = HostRow.get_or_none(HostRow.id == run.resource_id)
        if host is not None:
            _return(tx, host)
            tx.on_commit(lambda: self._recovery.resume_soon(host.id))

    def _left(self, tx: Transaction, run: JobRun) -> None:
        host = HostRow.get_or_none(HostRow.id == run.resource_id)
        if host is None or host.state != HostState.MAINTENANCE:
            return
        if not run.data["restart"]:
            tx.execute("DELETE FROM vm_owed WHERE host_id = ? AND cause = 'maintenance'", host.id)
        _return(tx, host)
        tx.on_commit(lambda: self._recovery.resume_soon(host.id))


def _return(tx: Transaction, host: HostRow) -> None:
    """The host is again what it was before its maintenance.

    What was to be stopped and runs all the same is owed nothing.
    """
    tx.execute(
        "DELETE FROM vm_owed WHERE host_id = ? AND cause = 'maintenance' "
        "AND vm_id NOT IN (SELECT id FROM vm WHERE state = ?)",
        *(host.id, VmState.STOPPED),
    )
    _move(tx, host, HostState(host.came_from or HostState.ENABLED), None)


def _move(tx: Transaction, host: HostRow, state: HostState, came_from: Any) -> None:
    HOST_MACHINE.check(HostState(host.state), state)
    tx.execute(
        "UPDATE host SET state = ?, came_from = ? WHERE id = ?", *(state, came_from, host.id)
    )
    tx.touch("host", host.id)


def _refuse_what_stays(plan: MaintenancePlan) -> None:
    """Raises Conflict if some machines could neither move nor be stopped."""
    staying = [one.vm_name for one in plan.machines if one.action == "stays"]
    if not staying:
        return
    names = ", ".join(staying[:NAMES_SHOWN]) + (" …" if len(staying) > NAMES_SHOWN else "")
    raise Conflict(
        "host.cannot_be_emptied", name=plan.host_name, count=len(staying), machines=names
    )
