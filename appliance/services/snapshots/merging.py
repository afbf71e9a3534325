"""Deleting snapshots: what stands on them gets their content, and stays what it is.

A deleted snapshot is hidden from the moment when its host begins to merge it: its file then holds
more than it did. Until then the job can be cancelled and the snapshot is as before. What could not
be merged stays hidden, and is taken up again whenever something is deleted of the volume.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict
from appliance.protocol.operations import Accepted
from appliance.protocol.snapshots import SnapshotStatus
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import find
from appliance.services.parts import Parts
from appliance.services.snapshots import rows
from appliance.services.snapshots.holding import (
    Grip,
    accept,
    is_held,
    ref_of,
    release_all,
    subject_of,
)
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.snapshots.tree import Drop, Merge, Work
from appliance.services.storage.models import VolumeRow
from appliance.services.volumes.copying import refuse_copied
from appliance.services.volumes.holding import Holding
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.snapshots import (
    DropParams,
    MergeParams,
    MergeResult,
    SettleParams,
    SettleResult,
)


@dataclass(frozen=True)
class Task:
    """What is to be done next on a volume, as its rows stand."""

    work: Work
    head: str
    above: list[str]


class Merging:
    """Deletes snapshots of volumes, used by machines or not."""

    def __init__(self, parts: Parts, holding: Holding) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._holding = holding
        grip = Grip(parts.store)
        self._job = parts.runner.define(
            JobDefinition(
                operation="snapshot.delete",
                steps=(
                    grip.step(_not_deleted),
                    Step("merge_snapshots", self._merge_all, self._settle),
                ),
                done=_deleted,
                failed=grip.failed(_not_deleted),
            )
        )
        parts.registry.bind("snapshot.delete", self._delete)

    async def _delete(self, call: Call, _: q.Empty) -> Accepted:
        def delete(tx: Transaction) -> Accepted:
            snapshot = find(SnapshotRow, call.target, "snapshot")
            if snapshot.status not in (SnapshotStatus.READY, SnapshotStatus.HIDDEN):
                raise Conflict(
                    "snapshot.not_ready", name=snapshot.name, snapshot_status=snapshot.status
                )
            subject = subject_of(tx, [snapshot.volume_id], "merge_snapshot")
            refuse_copied(subject.rows[0])
            data = {"snapshot_id": snapshot.id}
            if snapshot.status == SnapshotStatus.READY:
                _set_status(tx, snapshot.id, SnapshotStatus.DELETING)
            return accept(
                tx,
                self._runner,
                call.caller,
                self._job,
                subject,
                data,
                VolumeStatus.MERGING,
                {},
            )

        return await self._store.write(delete)

    # Steps

    async def _merge_all(self, run: JobRun) -> None:
        """Do one thing after the other until none is left; the rows say where it stands."""
        (volume_id,) = run.data["volumes"]
        while (task := await self._store.write(lambda tx: _next_task(tx, volume_id))) is not None:
            await self._carry_out(run, volume_id, task)

    async def _carry_out(self, run: JobRun, volume_id: str, task: Task) -> None:
        work, volume = task.work, ref_of(run, volume_id, head=task.head)
        if isinstance(work, Drop):
            params = DropParams(volume=volume, node=work.lower.node)
            await self._holding.call(run, c.SNAPSHOT_DROP, params, code="snapshot.merge_failed")
            await self._store.write(lambda tx: rows.note_dropped(tx, work.lower.id))
            return
        if work.upper is None:
            volume = ref_of(run, volume_id, head=task.head, fallback=work.lower.node)
        params = MergeParams(
            volume=volume,
            lower=work.lower.node,
            upper=_upper(task),
            above=task.above,
            vm_id=run.data["vm_id"],
            is_paused=run.data["is_paused"],
        )
        found: MergeResult = await self._holding.call(
            run,
            c.SNAPSHOT_MERGE,
            params,
            code="snapshot.merge_failed",
            report=run.report,
        )
        await self._store.write(lambda tx: rows.note_merged(tx, volume_id, work, found.used_bytes))

    async def _settle(self, run: JobRun) -> None:
        """Stop merging; find out what was done, and what the volume is written to by now."""
        (volume_id,) = run.data["volumes"]

        def read() -> VolumeRow | None:
            return VolumeRow.get_or_none(VolumeRow.id == volume_id, VolumeRow.job_id == run.id)

        row = await self._store.read(read)
        if row is None:
            return
        params = SettleParams(
            volume=ref_of(run, volume_id, head=row.head, fallback=row.fallback_head),
            vm_id=run.data["vm_id"],
            is_paused=run.data["is_paused"],
        )
        found: SettleResult = await self._holding.call(
            run, c.SNAPSHOT_SETTLE, params, code="snapshot.merge_failed"
        )
        await self._store.write(lambda tx: _settled(tx, run, volume_id, found.nodes))


def _next_task(tx: Transaction, volume_id: str) -> Task | None:
    """What is to be done next. From now on there is no way back to the snapshot."""
    volume = VolumeRow.get_or_none(VolumeRow.id == volume_id)
    task = None if volume is None else _next(volume)
    if task is None:
        return None
    _set_status(tx, task.work.lower.id, SnapshotStatus.HIDDEN)
    if isinstance(task.work, Merge) and task.work.upper is None:
        rows.set_place(tx, volume_id, fallback_head=task.work.lower.node)
    return task


def _next(volume: VolumeRow) -> Task | None:
    tree = rows.tree_of(volume)
    work = tree.next_work()
    if work is None:
        return None
    above = tree.files_above(work, volume.head) if isinstance(work, Merge) else []
    return Task(work, volume.head, above)


def _upper(task: Task) -> str:
    """The file that goes."""
    upper = task.work.upper if isinstance(task.work, Merge) else None
    return task.head if upper is None else upper.node


def _settled(tx: Transaction, run: JobRun, volume_id: str, files: Collection[str]) -> None:
    """The volume's host has said which files are left: note what was done before it failed."""
    if not is_held(run, volume_id):
        return
    while (task := _next(VolumeRow.get_by_id(volume_id))) is not None:
        work = task.work
        if isinstance(work, Drop) and work.lower.node not in files:
            rows.note_dropped(tx, work.lower.id)
        elif isinstance(work, Merge) and _upper(task) not in files:
            rows.note_merged(tx, volume_id, work)
        else:
            break
    rows.set_place(tx, volume_id, fallback_head=None)


def _deleted(tx: Transaction, run: JobRun) -> None:
    """What others stand on stays, hidden."""
    row = SnapshotRow.get_or_none(SnapshotRow.id == run.data["snapshot_id"])
    if row is not None:
        _set_status(tx, row.id, SnapshotStatus.HIDDEN)
    release_all(tx, run, {})


def _not_deleted(tx: Transaction, run: JobRun) -> None:
    """It is a snapshot again, unless merging it had begun."""
    row = SnapshotRow.get_or_none(SnapshotRow.id == run.data["snapshot_id"])
    if row is not None and row.status == SnapshotStatus.DELETING:
        _set_status(tx, row.id, SnapshotStatus.READY)


def _set_status(tx: Transaction, ref: str, status: SnapshotStatus) -> None:
    SnapshotRow.update(status=status).where(SnapshotRow.id == ref).execute()
    tx.touch("snapshot", ref)
