"""Emptying a host: each machine is moved or stopped by a job of its own, a few at a time.

What is to be done follows from where machines are, so it can be begun again at any time.
"""

from __future__ import annotations

import asyncio
import contextlib

from msgspec.structs import replace

from appliance.engine.calls import SYSTEM, Call, Caller, Wishes
from appliance.engine.jobs import JobRun
from appliance.engine.models import ACTIVE, JobRow
from appliance.engine.registry import Registry
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.operations import OPERATIONS, Accepted
from appliance.protocol.requests import VmStop
from appliance.protocol.resources import VmState
from appliance.services.compute.models import VmRow
from appliance.services.compute.owed import Debt
from appliance.services.compute.service import Compute
from appliance.services.parts import Parts
from appliance.services.upkeep.plan import MIGRATE, MOVABLE, Machine, Planner, machines_on
from appliance.store.database import Transaction
from appliance.store.fields import tuples

REASON = "host.enter_maintenance"


class Evacuation:
    """The step of `host.enter_maintenance`, and its undo."""

    def __init__(self, parts: Parts, compute: Compute, planner: Planner) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._registry: Registry = parts.registry
        self._compute = compute
        self._planner = planner

    async def evacuate(self, run: JobRun) -> None:
        """Have no machine on the host any more; raises Conflict if some stay."""
        while machines := await self._store.read(lambda: machines_on(run.resource_id)):
            places = asyncio.Semaphore(run.data["parallel"])
            problems: list[tuple[Machine, ApiError]] = []
            async with asyncio.TaskGroup() as group:
                for machine in machines:
                    group.create_task(self._clear(run, machine, places, problems))
            if problems:
                machine, error = problems[0]
                raise Conflict(
                    "host.not_emptied",
                    count=len(problems),
                    machine=machine.name,
                    reason=str(error),
                )

    async def stop(self, run: JobRun) -> None:
        """Nothing more leaves the host: what is on its way is called back, or ends."""
        query = JobRow.select(JobRow.id).where(JobRow.parent_id == run.id, JobRow.state.in_(ACTIVE))
        for (job_id,) in await self._store.read(lambda: tuples(query)):
            with contextlib.suppress(Conflict):  # over meanwhile, or beyond cancelling
                await self._runner.cancel(SYSTEM, job_id)
            with contextlib.suppress(ApiError):  # it was to end, whichever way
                await finished(self._store, job_id)

    async def _clear(
        self,
        run: JobRun,
        machine: Machine,
        places: asyncio.Semaphore,
        problems: list[tuple[Machine, ApiError]],
    ) -> None:
        """One machine leaves; after the first that cannot, no further one begins."""
        async with places:
            if problems:
                return
            try:
                await self._leave(run, machine.id)
            except ApiError as error:
                problems.append((machine, error))
                return
        left = len(await self._store.read(lambda: machines_on(run.resource_id)))
        total = max(run.data["total"], left)
        run.report(total - left, total, "machines")

    async def _leave(self, run: JobRun, vm_id: str) -> None:
        await self._quiet(vm_id)
        vm = await self._store.read(lambda: VmRow.get_or_none(VmRow.id == vm_id))
        if vm is None or vm.host_id != run.resource_id:
            return
        if run.data["policy"] != "stop" and vm.state in MOVABLE and await self._move(run, vm):
            return
        await self._stop(run, vm)

    async def _move(self, run: JobRun, vm: VmRow) -> bool:
        """Move a machine; False if it could not be, and may be stopped instead."""
        try:
            reasons, target = await self._planner.way_out(vm.id)
            if target is None:
                raise Conflict("host.no_way_out", name=vm.name, reason=reasons[0].code)
            call = Call(operation=MIGRATE, caller=_child_of(run), target=vm.id)
            accepted = await self._registry.get(MIGRATE).handler(
                call, OPERATIONS[MIGRATE].request()
            )
            await self._ended(accepted)
        except ApiError as error:
            if run.data["policy"] == "migrate":
                raise
            run.note(
                "maintenance.stopped_instead", level="warning", name=vm.name, reason=str(error)
            )
            return False
        return True

    async def _stop(self, run: JobRun, vm: VmRow) -> None:
        """Stop a machine, by force when its time is over; it is owed a start if it ran."""
        host_id, request = run.resource_id, VmStop(timeout_s=run.data["timeout_s"])

        def accept(tx: Transaction) -> Accepted:
            accepted = self._compute.accept(tx, _child_of(run), "stop", vm.id, request)
            if vm.state in (VmState.RUNNING, VmState.PAUSED):
                self._compute.owed.owe(tx, Debt(vm.id, host_id, "maintenance", ""))
            return accepted

        await self._ended(await self._store.write(accept))

    async def _quiet(self, vm_id: str) -> None:
        """Let jobs on the machine end: somebody's, or those that this step began before a crash."""
        query = JobRow.select(JobRow.id).where(
            JobRow.resource_id == vm_id, JobRow.state.in_(ACTIVE)
        )
        for (job_id,) in await self._store.read(lambda: tuples(query)):
            with contextlib.suppress(ApiError):
                await finished(self._store, job_id)

    async def _ended(self, accepted: Accepted) -> None:
        for job in accepted.jobs:
            await finished(self._store, job.id)


def _child_of(run: JobRun) -> Caller:
    """The system, for the job's sake."""
    return replace(SYSTEM, reason=REASON, wishes=Wishes(parent_id=run.id))
