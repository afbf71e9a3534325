"""Maintenance of a primary storage: no machine uses it and none may start, until it is enabled."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from msgspec.structs import replace

from appliance.engine.calls import SYSTEM, Call, Caller, Wishes
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import ACTIVE, JobRow
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import VmStop
from appliance.protocol.resources import State
from appliance.protocol.storages import StorageEnterMaintenance
from appliance.services.common import find
from appliance.services.compute.service import Compute
from appliance.services.parts import Parts
from appliance.services.storage.models import PrimaryStorageRow
from appliance.store.database import Transaction
from appliance.store.fields import database, tuples

OPERATION = "primary_storage.enter_maintenance"
AT_ONCE = 4
NAMES_SHOWN = 5


class StorageMaintenance:
    """`primary_storage.enter_maintenance`.

    From acceptance on nothing is placed on the storage and nothing that has a disk there starts;
    what runs is stopped after that, so the list of machines only becomes shorter.
    """

    def __init__(self, parts: Parts, compute: Compute) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._compute = compute
        self._job = parts.runner.define(
            JobDefinition(
                operation=OPERATION,
                steps=(Step("stop_machines", self._stop_machines, self._let_be),),
                failed=_return,
            )
        )
        parts.registry.bind(OPERATION, self._enter)

    async def _enter(self, call: Call, request: StorageEnterMaintenance) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            storage = find(PrimaryStorageRow, call.target, "primary_storage")
            if storage.state == State.MAINTENANCE:
                raise Conflict("storage.in_maintenance", name=storage.name)
            machines = machines_using(storage.id)
            if machines and not request.stop_machines:
                raise _machines_run(storage, [name for _, name in machines])
            came_from = storage.state
            _set_state(tx, storage.id, State.MAINTENANCE)
            new = NewJob(
                definition=self._job,
                queue=f"primary_storage:{storage.id}",
                resource_kind="primary_storage",
                resource_id=storage.id,
                resource_name=storage.name,
                data={
                    "came_from": came_from,
                    "total": len(machines),
                    "timeout_s": request.timeout_s,
                },
            )
            return self._runner.accept(tx, call.caller, new)

        return await self._store.write(accept)

    async def _stop_machines(self, run: JobRun) -> None:
        """Have no machine use the storage any more; raises ApiError if one does not stop."""
        while machines := await self._store.read(lambda: machines_using(run.resource_id)):
            for number in range(0, len(machines), AT_ONCE):
                stops = (self._stop(run, ref) for ref, _ in machines[number : number + AT_ONCE])
                for outcome in await asyncio.gather(*stops, return_exceptions=True):
                    if isinstance(outcome, BaseException):
                        raise outcome
                left = len(await self._store.read(lambda: machines_using(run.resource_id)))
                total = max(run.data["total"], left)
                run.report(total - left, total, "machines")

    async def _stop(self, run: JobRun, vm_id: str) -> None:
        """Let jobs on the machine end, then stop it unless it has stopped meanwhile."""
        await self._ended(JobRow.resource_id == vm_id)
        if not await self._store.read(lambda: _is_placed(vm_id)):
            return
        request = VmStop(timeout_s=run.data["timeout_s"])
        accepted = await self._store.write(
            lambda tx: self._compute.accept(tx, _child_of(run), "stop", vm_id, request)
        )
        for job in accepted.jobs:
            await finished(self._store, job.id)

    async def _let_be(self, run: JobRun) -> None:
        """No further machine is stopped; those that are being stopped end."""
        await self._ended(JobRow.parent_id == run.id)

    async def _ended(self, condition: Any) -> None:
        query = JobRow.select(JobRow.id).where(condition, JobRow.state.in_(ACTIVE))
        for (job_id,) in await self._store.read(lambda: tuples(query)):
            with contextlib.suppress(ApiError):  # it was to end, whichever way
                await finished(self._store, job_id)


def machines_using(storage_id: str) -> list[tuple[str, str]]:
    """Ids and names of the machines that have a place on a host and a disk on a storage; within a
    read or write.
    """
    rows = database.execute_sql(
        "SELECT DISTINCT v.id, v.name FROM vm v JOIN volume d ON d.vm_id = v.id "
        "WHERE d.primary_storage_id = ? AND v.host_id IS NOT NULL ORDER BY v.name, v.id",
        (storage_id,),
    )
    return [(ref, name) for ref, name in rows.fetchall()]


def _is_placed(vm_id: str) -> bool:
    cursor = database.execute_sql("SELECT 1 FROM vm WHERE id = ? AND host_id IS NOT NULL", (vm_id,))
    return cursor.fetchone() is not None


def _return(tx: Transaction, run: JobRun, error: ApiError) -> None:
    """The storage is what it was, unless somebody has enabled or disabled it meanwhile."""
    storage = PrimaryStorageRow.get_or_none(PrimaryStorageRow.id == run.resource_id)
    if storage is not None and storage.state == State.MAINTENANCE:
        _set_state(tx, storage.id, State(run.data["came_from"]))


def _set_state(tx: Transaction, storage_id: str, state: State) -> None:
    tx.execute("UPDATE primary_storage SET state = ? WHERE id = ?", state, storage_id)
    tx.touch("primary_storage", storage_id)


def _machines_run(storage: PrimaryStorageRow, names: list[str]) -> Conflict:
    shown = ", ".join(names[:NAMES_SHOWN]) + (" …" if len(names) > NAMES_SHOWN else "")
    return Conflict(
        "storage.machines_run",
        field="stop_machines",
        name=storage.name,
        count=len(names),
        machines=shown,
    )


def _child_of(run: JobRun) -> Caller:
    """The system, for the job's sake."""
    return replace(SYSTEM, reason=OPERATION, wishes=Wishes(parent_id=run.id))
