"""A machine as it stands when something is asked of it, read in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.protocol.errors import Conflict, NotFound
from appliance.protocol.resources import VmState
from appliance.services.compute.machine import ALLOWED
from appliance.services.hardware.keeping import only_keeper
from appliance.services.storage.reach import host_for
from appliance.services.storage.refs import REF_COLUMNS, REF_COUNT, make_ref
from appliance.store.database import Transaction
from appliance.store.fields import database
from hostagent.protocol.storage import StorageRef, VolumeRef

_STANDING = f"""
    SELECT v.id, v.name, v.state, v.owner_id, v.cluster_id, v.cpu_count, v.memory_bytes, v.host_id,
           v.accelerator, v.last_host_id, d.id, d.host_id, d.image_id, {REF_COLUMNS}
    FROM vm v
    JOIN volume d ON d.vm_id = v.id AND d.kind = 'root'
    JOIN primary_storage s ON s.id = d.primary_storage_id
    WHERE v.id = ?
"""  # noqa: S608 fixed names

_MOVING = """
    SELECT d.name FROM volume d WHERE d.vm_id = :vm AND d.status = 'moving'
    AND (EXISTS (SELECT 1 FROM job j WHERE j.id = d.job_id
            AND j.state IN ('queued', 'running', 'undoing'))
        OR EXISTS (SELECT 1 FROM cleanup c WHERE c.job_id = d.job_id))
"""
# What goes by where the disks are, or makes them go.
NOT_WHILE_A_DISK_MOVES = frozenset(
    {"start", "resume", "destroy", "expunge", "migrate", "attach_volume", "reimage", "change_image"}
)


@dataclass(frozen=True)
class Standing:
    """What acceptance needs to know of a machine and its root disk."""

    id: str
    name: str
    state: VmState
    owner_id: str
    cluster_id: str
    cpu_count: int
    memory_bytes: int
    host_id: str | None
    accelerator: str
    last_host_id: str | None
    volume_id: str
    volume_host_id: str | None
    disk_image_id: str
    storage: StorageRef

    @property
    def job_data(self) -> dict[str, Any]:
        """Where a job on the machine works: all that may be needed when its rows are gone."""
        return {
            "image_id": self.disk_image_id,
            "host_id": self.work_host_id,
            "volume": msgspec.to_builtins(self.volume),
            "kept_on": only_keeper(self.id, self.storage, self.last_host_id),
        }

    @property
    def work_host_id(self) -> str:
        """The host that works on the machine's disks; within a read or write.

        Raises Conflict if there is none that could.
        """
        there = self.host_id or self.volume_host_id
        return there or host_for(self.storage.storage_id, self.last_host_id)

    @property
    def volume(self) -> VolumeRef:
        """How hosts find the root disk."""
        return VolumeRef(volume_id=self.volume_id, storage=self.storage)


def check_state(vm: Standing, verb: str) -> None:
    """Raises Conflict if the machine's state does not allow an action; within a read or write."""
    check_action(vm.name, vm.state, verb)
    if verb in NOT_WHILE_A_DISK_MOVES:
        _refuse_moving(vm)


def _refuse_moving(vm: Standing) -> None:
    """Raises Conflict while a job, or what it has left to be cleaned up, moves one of the disks."""
    row = database.execute_sql(_MOVING, {"vm": vm.id}).fetchone()
    if row is not None:
        raise Conflict("vm.disk_moves", name=vm.name, disk=row[0])


def check_action(name: str, state: VmState, verb: str) -> None:
    """The same for the machine called `name`."""
    allowed = ALLOWED[verb]
    if state not in allowed:
        raise Conflict(
            "vm.wrong_state",
            name=name,
            state=state,
            action=verb,
            allowed=", ".join(sorted(allowed)),
        )


def load_standing(tx: Transaction, vm_id: str) -> Standing:
    """Raises NotFound."""
    return _standing(tx.execute(_STANDING, vm_id).fetchone(), vm_id)


def read_standing(vm_id: str) -> Standing:
    """The same within a read; raises NotFound."""
    return _standing(database.execute_sql(_STANDING, (vm_id,)).fetchone(), vm_id)


def _standing(row: Any, vm_id: str) -> Standing:
    if row is None:
        raise NotFound("resource.not_found", kind="vm", id=vm_id)
    ref, name, state, *others = row
    columns, storage = others[:-REF_COUNT], make_ref(*others[-REF_COUNT:])
    return Standing(ref, name, VmState(state), *columns, storage=storage)
