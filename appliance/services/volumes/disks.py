"""Volumes as hosts are told of them: the disks of machines."""

from __future__ import annotations

from typing import Any

from appliance.protocol.volumes import serial_of
from appliance.services.storage.refs import REF_COLUMNS, make_ref
from appliance.store.fields import database
from hostagent.protocol.domain import DiskLimits, DiskSpec
from hostagent.protocol.storage import VolumeRef

_DISKS = f"""
    SELECT d.id, d.head, d.fallback_head, d.position, d.bus, d.read_iops, d.write_iops,
           d.read_bytes_s, d.write_bytes_s, {REF_COLUMNS}
    FROM volume d JOIN primary_storage s ON s.id = d.primary_storage_id
"""  # noqa: S608 fixed names


def disks_of(vm_id: str, job_id: str = "") -> list[DiskSpec]:
    """The disks that a machine starts with, what it boots from first; within a read or write.

    A disk that is being attached is none of them, unless by the job `job_id`; one that is being
    detached still is.
    """
    rows = database.execute_sql(
        f"{_DISKS} WHERE d.vm_id = ? AND (d.kind = 'root' OR d.job_id = ? "
        "OR d.status NOT IN ('creating', 'attaching', 'not_made')) ORDER BY d.position",
        (vm_id, job_id),
    )
    return [_disk(*row) for row in rows.fetchall()]


def disk_of(volume_id: str) -> DiskSpec:
    """A volume that is made, as a disk."""
    row = database.execute_sql(f"{_DISKS} WHERE d.id = ?", (volume_id,)).fetchone()
    assert row is not None, "it has a storage"
    return _disk(*row)


def _disk(
    ref: str, head: str, fallback: str | None, position: int, bus: str, *columns: Any
) -> DiskSpec:
    names = ("read_iops", "write_iops", "read_bytes_s", "write_bytes_s")
    limits, storage = columns[: len(names)], columns[len(names) :]
    return DiskSpec(
        volume=VolumeRef(volume_id=ref, storage=make_ref(*storage), head=head, fallback=fallback),
        position=position,
        bus=bus,
        serial=serial_of(ref),
        limits=DiskLimits(**dict(zip(names, limits, strict=True))),
    )
