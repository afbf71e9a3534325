"""Data disks that machines are made with."""

from __future__ import annotations

from appliance.engine.jobs import JobRun
from appliance.protocol.ids import new_id
from appliance.protocol.requests import VmCreate
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import clean_name
from appliance.services.storage.models import VolumeRow
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from appliance.store.rows import insert


def data_bytes(request: VmCreate) -> int:
    """What the data disks of one machine claim."""
    return sum(disk.size_bytes for disk in request.data_disks)


def quota_of_disks(request: VmCreate, root_bytes: int) -> dict[str, int]:
    """What the disks of one machine take of its owner's quotas."""
    return {
        "data_volume": len(request.data_disks),
        "volume_bytes": root_bytes + data_bytes(request),
    }


def add_data_disks(tx: Transaction, request: VmCreate, root: VolumeRow) -> None:
    """Write the data disks of a new machine down, beside its root disk."""
    for number, disk in enumerate(request.data_disks, 1):
        row = VolumeRow(
            id=new_id(),
            name=clean_name(disk.name or f"{root.name}-data-{number}"),
            vm_id=root.vm_id,
            position=number,
            kind="data",
            primary_storage=root.primary_storage,
            host_id=root.host_id,
            size_bytes=disk.size_bytes,
            bus=disk.bus,
            owner_id=root.owner_id,
            status=VolumeStatus.CREATING,
            created_at=now_ms(),
        )
        insert(tx, row)
        tx.touch("volume", row.id)


def new_disks(vm_id: str) -> list[tuple[str, int]]:
    """Id and size of the data disks that a machine is being made with; within a write."""
    query = VolumeRow.select(VolumeRow.id, VolumeRow.size_bytes).where(
        VolumeRow.vm_id == vm_id, VolumeRow.kind == "data"
    )
    return [(ref, size_bytes) for ref, size_bytes in tuples(query.order_by(VolumeRow.position))]


def hold_new_disks(tx: Transaction, vm_id: str, job_id: str) -> None:
    """They are the job's that makes the machine."""
    tx.execute("UPDATE volume SET job_id = ? WHERE vm_id = ? AND kind = 'data'", job_id, vm_id)


def disks_are_made(tx: Transaction, vm_id: str) -> None:
    """The machine is there, and so are all its disks."""
    for ref, _ in new_disks(vm_id):
        tx.touch("volume", ref)
    tx.execute("UPDATE volume SET status = 'ready', job_id = NULL WHERE vm_id = ?", vm_id)


def forget_new_disks(tx: Transaction, run: JobRun) -> None:
    """Of a machine that was not made nothing stays."""
    for ref, _ in new_disks(run.resource_id):
        VolumeRow.delete().where(VolumeRow.id == ref, VolumeRow.job_id == run.id).execute()
        tx.touch("volume", ref)
