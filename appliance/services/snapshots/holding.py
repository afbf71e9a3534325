"""Jobs on snapshots hold the volumes that they work on, one or all of a machine's.

As in `services/volumes/holding.py`, until all that the job has left is cleaned up. Data of a job:
`volumes` says of each volume what its row becomes again if the job comes to nothing, `vm_id` is
the machine that has them ("" if none has) and `is_paused` whether its CPUs stand still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.engine.calls import Caller
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CleanupRow
from appliance.engine.runner import Runner
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import VmState
from appliance.protocol.volumes import VolumeStatus
from appliance.services.compute.bonds import doubtful_host
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.storage.models import VolumeRow
from appliance.services.volumes.attaching import work_host
from appliance.services.volumes.disks import disk_of
from appliance.services.volumes.holding import hold, release, resting
from appliance.store.database import Store, Transaction
from hostagent.protocol.storage import VolumeRef

NATIVE_KINDS = frozenset({"ceph"})  # they make snapshots themselves, which is not done yet


@dataclass(frozen=True)
class Subject:
    """The volumes that a job works on, and the machine that has them if one has."""

    rows: list[VolumeRow]
    vm: Standing | None

    @property
    def queue(self) -> str:
        """What works on a machine's disks takes turns with all else that works on the machine."""
        return f"vm:{self.vm.id}" if self.vm else f"volume:{self.rows[0].id}"

    @property
    def data(self) -> dict[str, Any]:
        """Where a job on it works, and on what."""
        vm = self.vm
        return {
            "host_id": host_of(self.rows, vm),
            "vm_id": vm.id if vm else "",
            "is_paused": vm is not None and vm.state == VmState.PAUSED,
            "refs": {row.id: msgspec.to_builtins(disk_of(row.id).volume) for row in self.rows},
        }


def subject_of(tx: Transaction, volume_ids: Sequence[str], verb: str) -> Subject:
    """The volumes, which rest, with their machine in a state that allows `verb`; within a write.

    Raises NotFound or Conflict.
    """
    rows = [resting(ref) for ref in volume_ids]
    for row in rows:
        if row.primary_storage_id is None:
            raise Conflict("snapshot.not_made", name=row.name)
        refuse_native(row)
    vm = load_standing(tx, rows[0].vm_id) if rows[0].vm_id else None
    if vm is not None:
        check_state(vm, verb)
    return Subject(rows, vm)


def host_of(rows: Sequence[VolumeRow], vm: Standing | None) -> str:
    """The one host that works on all of the volumes; within a read or write.

    What a machine may have open only its own host touches; what is local only the host that has
    it. Else any that reaches them. Raises Conflict if there is none.
    """
    if vm is not None and vm.host_id is not None:
        return vm.host_id
    lie_on = next((row.host_id for row in rows if row.host_id is not None), None)
    doubtful = doubtful_host(vm.id) if vm is not None else None
    return lie_on or doubtful or work_host(rows[0], vm)


def refuse_native(row: VolumeRow) -> None:
    """Raises Conflict if the volume's storage keeps no files."""
    if row.primary_storage is not None and row.primary_storage.kind in NATIVE_KINDS:
        raise Conflict("snapshot.not_supported", name=row.name, storage=row.primary_storage.name)


def ref_of(run: JobRun, volume_id: str, **columns: Any) -> VolumeRef:
    """A volume as its host is told of it, with another head if need be."""
    ref = msgspec.convert(run.data["refs"][volume_id], VolumeRef)
    return msgspec.structs.replace(ref, **columns) if columns else ref


class Grip:
    """How jobs on snapshots begin and end; `back` undoes what acceptance wrote besides."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def step(self, back: Any = None) -> Step:
        """The first step: its undo, after all others, gives the volumes back."""

        async def give_back(run: JobRun) -> None:
            await self._store.write(lambda tx: _give_back(tx, run, back))

        return Step("hold_volume", _hold, give_back)

    def failed(self, back: Any = None) -> Any:
        """For jobs that came to nothing; what is cleaned up later is given back then."""

        def failed(tx: Transaction, run: JobRun, error: ApiError) -> None:
            if CleanupRow.get_or_none(CleanupRow.job_id == run.id) is None:
                _give_back(tx, run, back)

        return failed


def accept(
    tx: Transaction,
    runner: Runner,
    caller: Caller,
    definition: JobDefinition,
    subject: Subject,
    data: dict[str, Any],
    status: VolumeStatus,
    columns: Mapping[str, dict[str, Any]],
) -> Accepted:
    """Accept a job that holds the subject's volumes, whose rows get `columns` with it."""
    backs = {
        row.id: {name: getattr(row, name) for name in columns.get(row.id, {})}
        for row in subject.rows
    }
    is_vm = definition.operation.startswith("vm.")
    assert subject.vm is not None or not is_vm
    about = subject.vm if is_vm else subject.rows[0]
    new = NewJob(
        definition=definition,
        queue=subject.queue,
        resource_kind="vm" if is_vm else "volume",
        resource_id=about.id if about else "",
        resource_name=about.name if about else "",
        data=subject.data | {"volumes": backs} | data,
    )
    accepted = runner.accept(tx, caller, new)
    for row in subject.rows:
        hold(tx, row.id, accepted.jobs[0].id, status, **columns.get(row.id, {}))
    return accepted


def release_all(tx: Transaction, run: JobRun, columns: Mapping[str, dict[str, Any]]) -> None:
    """The job has done with its volumes."""
    for ref in run.data["volumes"]:
        release(tx, run, VolumeStatus.READY, volume_id=ref, **columns.get(ref, {}))


def is_held(run: JobRun, volume_id: str) -> bool:
    """Whether the volume is still there, and the job's; within a read or write."""
    mine = VolumeRow.select().where(VolumeRow.id == volume_id, VolumeRow.job_id == run.id)
    return mine.exists()


async def _hold(run: JobRun) -> None:
    """The rows have named the job since its acceptance."""


def _give_back(tx: Transaction, run: JobRun, back: Any) -> None:
    if back is not None:
        back(tx, run)
    release_all(tx, run, run.data["volumes"])
