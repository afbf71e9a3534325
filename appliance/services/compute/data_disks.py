"""Data disks that machines are made with."""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.engine.jobs import JobRun
from appliance.protocol.ids import new_id
from appliance.protocol.requests import VmCreate
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import clean_name
from appliance.services.compute.sources import check_fits
from appliance.services.guests.discs import store_path_of
from appliance.services.images.choosing import chosen_image
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow, place_host
from appliance.services.storage.refs import ref_of
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from appliance.store.rows import insert
from hostagent.protocol.storage import VolumeRef


def data_bytes(request: VmCreate, root_storage_id: str | None = None) -> int:
    """What the data disks of one machine claim: all, or those on the storage of its root disk."""
    beside = (None, root_storage_id)
    return sum(
        disk.size_bytes
        for disk in request.data_disks
        if root_storage_id is None or disk.primary_storage_id in beside
    )


def bytes_elsewhere(request: VmCreate, root_storage_id: str) -> dict[str, int]:
    """What they claim on other storages, by the id of each."""
    found: dict[str, int] = {}
    for disk in request.data_disks:
        ref = disk.primary_storage_id
        if ref not in (None, root_storage_id):
            found[ref] = found.get(ref, 0) + disk.size_bytes
    return found


def check_images(request: VmCreate) -> None:
    """Raises NotFound, Conflict or InvalidInput if a data disk cannot be a copy of its image."""
    for number, disk in enumerate(request.data_disks):
        if disk.image_id is not None:
            image = chosen_image(disk.image_id, f"data_disks[{number}].image_id", "data")
            check_fits(image, disk.size_bytes, f"data_disks[{number}].size_bytes")


def quota_of_disks(request: VmCreate, root_bytes: int) -> dict[str, int]:
    """What the disks of one machine take of its owner's quotas."""
    return {
        "data_volume": len(request.data_disks),
        "volume_bytes": root_bytes + data_bytes(request),
    }


def add_data_disks(tx: Transaction, request: VmCreate, root: VolumeRow, host_id: str) -> None:
    """Write the data disks of a new machine down, beside its root disk or where they shall be."""
    for number, disk in enumerate(request.data_disks, 1):
        assert root.primary_storage is not None
        chosen = disk.primary_storage_id
        storage = PrimaryStorageRow.get_by_id(chosen) if chosen else root.primary_storage
        row = VolumeRow(
            id=new_id(),
            name=clean_name(disk.name or f"{root.name}-data-{number}"),
            vm_id=root.vm_id,
            position=number,
            kind="data",
            primary_storage=storage,
            host_id=place_host(storage, host_id) or None,
            image_id=disk.image_id or "",
            size_bytes=disk.size_bytes,
            bus=disk.bus,
            owner_id=root.owner_id,
            status=VolumeStatus.CREATING,
            created_at=now_ms(),
        )
        insert(tx, row)
        tx.touch("volume", row.id)


def new_disks(vm_id: str) -> list[dict[str, Any]]:
    """The data disks that a machine is being made with, as jobs keep them; within a write."""
    query = VolumeRow.select().where(VolumeRow.vm_id == vm_id, VolumeRow.kind == "data")
    return [
        {
            "size_bytes": row.size_bytes,
            "volume": msgspec.to_builtins(_ref_of(row)),
            "image": _image_of(row),
        }
        for row in query.order_by(VolumeRow.position)
    ]


def _image_of(row: VolumeRow) -> dict[str, str] | None:
    if not row.image_id:
        return None
    return {"id": row.image_id, "store_path": store_path_of(row.image_id)}


def _ref_of(row: VolumeRow) -> VolumeRef:
    assert row.primary_storage is not None
    return VolumeRef(volume_id=row.id, storage=ref_of(row.primary_storage))


def hold_new_disks(tx: Transaction, vm_id: str, job_id: str) -> None:
    """They are the job's that makes the machine."""
    tx.execute("UPDATE volume SET job_id = ? WHERE vm_id = ? AND kind = 'data'", job_id, vm_id)


def disks_are_made(tx: Transaction, vm_id: str) -> None:
    """The machine is there, and so are all its disks."""
    for ref in _ids_of(vm_id):
        tx.touch("volume", ref)
    tx.execute(
        "UPDATE volume SET status = 'ready', job_id = NULL, source_snapshot_id = NULL, "
        "image_id = CASE WHEN kind = 'data' THEN '' ELSE image_id END WHERE vm_id = ?",
        vm_id,
    )


def forget_new_disks(tx: Transaction, run: JobRun) -> None:
    """Of a machine that was not made nothing stays."""
    for ref in _ids_of(run.resource_id):
        VolumeRow.delete().where(VolumeRow.id == ref, VolumeRow.job_id == run.id).execute()
        tx.touch("volume", ref)


def _ids_of(vm_id: str) -> list[str]:
    query = VolumeRow.select(VolumeRow.id).where(VolumeRow.vm_id == vm_id, VolumeRow.kind == "data")
    return [ref for (ref,) in tuples(query)]
