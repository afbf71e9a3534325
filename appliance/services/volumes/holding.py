"""Volumes in the hands of jobs: one job at a time, until all that it has left is cleaned up.

The row is the claim. It names the job that holds the volume, which rests again when that job
gives it back. If a job cannot be undone at once, that is the last thing its clean-up work does:
meanwhile nobody else touches the volume, as nobody knows what a host has made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from appliance.engine.jobs import JobRun, Step
from appliance.engine.models import ACTIVE, CleanupRow, JobRow
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import find, link_wait_s
from appliance.services.snapshots.rows import forget_snapshots
from appliance.services.storage.models import VolumeRow
from appliance.services.volumes.machine import RESTING, VOLUME_MACHINE
from appliance.store.database import Store, Transaction
from appliance.store.fields import tuples
from hostagent.protocol.commands import Command

R = TypeVar("R")


class Holding:
    """What jobs on volumes begin and end with. Their data says in `back` what the row becomes
    again if the job comes to nothing: columns by name, or None if there shall be no row.
    """

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links

    @property
    def step(self) -> Step:
        """The first step of every job that may leave something behind."""
        return Step("hold_volume", self._hold, self._give_back)

    def failed(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """The job came to nothing; what is cleaned up later is given back then."""
        if CleanupRow.get_or_none(CleanupRow.job_id == run.id) is None:
            give_back(tx, run)

    async def is_held(self, run: JobRun) -> bool:
        """Whether the volume is still there, and the job's."""
        mine = VolumeRow.select().where(VolumeRow.id == run.resource_id, VolumeRow.job_id == run.id)
        return await self._store.read(mine.exists)

    async def call(
        self,
        run: JobRun,
        command: Command[Any, R],
        params: Any,
        *,
        code: str | None = None,
        report: Callable[[int, int, str], None] | None = None,
    ) -> R:
        """Let the job's host carry out `command`; undo does not wait long for one that is away."""
        return await self._links.call(
            run.data["host_id"],
            command,
            params,
            on_wait=run.wait,
            report=report,
            wait_s=link_wait_s(run),
            code=code,
        )

    async def _hold(self, run: JobRun) -> None:
        """The row has named the job since its acceptance."""

    async def _give_back(self, run: JobRun) -> None:
        await self._store.write(lambda tx: give_back(tx, run))


def resting(volume_id: str) -> VolumeRow:
    """A volume that is neither in the recycle bin nor held by a job; within a write.

    Raises NotFound, or Conflict naming its status.
    """
    row = find(VolumeRow, volume_id, "volume")
    if row.status not in RESTING and not _is_forsaken(row):
        raise Conflict("volume.wrong_status", name=row.name, volume_status=row.status)
    return row


def hold(
    tx: Transaction, volume_id: str, job_id: str, status: VolumeStatus, **columns: Any
) -> None:
    """The volume is the job's from now on."""
    _move(tx, volume_id, status, job_id=job_id, **columns)


def release(
    tx: Transaction,
    run: JobRun,
    status: VolumeStatus,
    *,
    volume_id: str | None = None,
    **columns: Any,
) -> None:
    """The job has done with its volume, or another that it holds; does nothing if it is not, or
    not any more, the job's.
    """
    ref = volume_id or run.resource_id
    mine = VolumeRow.select().where(VolumeRow.id == ref, VolumeRow.job_id == run.id)
    if mine.exists():
        _move(tx, ref, status, job_id=None, **columns)


def give_back(tx: Transaction, run: JobRun) -> None:
    """The volume is again what it was before the job, or gone if the job was to make it."""
    back = run.data["back"]
    if back is not None:
        columns = dict(back)
        release(tx, run, VolumeStatus(columns.pop("status")), **columns)
        return
    row = VolumeRow.get_or_none(VolumeRow.id == run.resource_id, VolumeRow.job_id == run.id)
    if row is not None:
        forget(tx, row)


def forget(tx: Transaction, row: VolumeRow) -> None:
    """Delete a volume's row and those of its snapshots, and so their claims."""
    forget_snapshots(tx, row.id)
    VolumeRow.delete().where(VolumeRow.id == row.id).execute()
    tx.touch("volume", row.id)
    if row.vm_id is not None:
        tx.touch("vm", row.vm_id)


def let_go_of(tx: Transaction, vm_id: str) -> None:
    """A machine is gone; its data disks stay. What a job has left of one is still its own."""
    for (ref,) in tuples(VolumeRow.select(VolumeRow.id).where(VolumeRow.vm_id == vm_id)):
        VolumeRow.update(vm_id=None, position=0).where(VolumeRow.id == ref).execute()
        tx.touch("volume", ref)


def _move(tx: Transaction, volume_id: str, status: VolumeStatus, **columns: Any) -> None:
    """Put a volume into `status`; raises UndefinedTransition for what cannot be."""
    row = VolumeRow.get_by_id(volume_id)
    if not _is_forsaken(row):
        VOLUME_MACHINE.check(VolumeStatus(row.status), status)
    VolumeRow.update(status=status, **columns).where(VolumeRow.id == volume_id).execute()
    tx.touch("volume", volume_id)
    for vm_id in {row.vm_id, columns.get("vm_id")} - {None}:
        tx.touch("vm", vm_id)


def _is_forsaken(row: VolumeRow) -> bool:
    """Whether the job that holds a volume is over, and its clean-up work was given up.

    Whatever became of the disk, what the row claims is still its own: it can be detached and
    deleted, which asks its host.
    """
    if row.job_id is None:
        return False
    job = JobRow.select().where(JobRow.id == row.job_id, JobRow.state.in_(ACTIVE))
    work = CleanupRow.select().where(CleanupRow.job_id == row.job_id)
    return not job.exists() and not work.exists()
