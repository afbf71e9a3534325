"""How volumes look to clients. Read with plain SQL: machines show theirs, and change often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from appliance.protocol.volumes import Volume, VolumeStatus, serial_of
from appliance.store.fields import database, when, when_or_none

_VOLUMES = """
    SELECT d.id, d.name, d.description, d.vm_id, m.name, d.kind, d.primary_storage_id, d.host_id,
           h.name, d.size_bytes, d.used_bytes, d.status, d.bus, d.read_iops, d.write_iops,
           d.read_bytes_s, d.write_bytes_s, d.owner_id, d.created_at, d.deleted_at, d.snapshot_id,
           (SELECT COUNT(*) FROM snapshot s WHERE s.volume_id = d.id AND s.status <> 'hidden')
    FROM volume d LEFT JOIN vm m ON m.id = d.vm_id LEFT JOIN host h ON h.id = d.host_id
    WHERE {column} IN ({marks}) ORDER BY d.position, d.id
"""


def read_volumes(ids: Sequence[str]) -> list[Volume]:
    """The volumes with these ids, in any order; within a read or write."""
    return _read("d.id", ids)


def volumes_of_vms(vm_ids: Sequence[str]) -> dict[str, list[Volume]]:
    """The disks of machines, what each boots from first; within a read or write."""
    found: dict[str, list[Volume]] = defaultdict(list)
    for volume in _read("d.vm_id", vm_ids):
        if volume.vm_id is not None:
            found[volume.vm_id].append(volume)
    return found


def _read(column: str, ids: Sequence[str]) -> list[Volume]:
    sql = _VOLUMES.format(column=column, marks=",".join("?" * len(ids)))
    return [_volume(row) for row in database.execute_sql(sql, tuple(ids)).fetchall()]


def _volume(row: Sequence[Any]) -> Volume:
    ref, name, description, vm_id, vm, kind, storage_id, host_id, host, size, used, *rest = row
    status, bus, read_iops, write_iops, read_bytes_s, write_bytes_s, *rest = rest
    owner_id, created, deleted, snapshot_id, snapshot_count = rest
    return Volume(
        id=ref,
        name=name,
        description=description,
        vm_id=vm_id,
        vm_name=vm or "",
        kind=kind,
        primary_storage_id=storage_id,
        host_id=host_id,
        host_name=host or "",
        size_bytes=size,
        used_bytes=used,
        status=VolumeStatus(status),
        serial=serial_of(ref),
        bus=bus,
        read_iops=read_iops,
        write_iops=write_iops,
        read_bytes_s=read_bytes_s,
        write_bytes_s=write_bytes_s,
        owner_id=owner_id,
        created_at=when(created),
        deleted_at=when_or_none(deleted),
        snapshot_id=snapshot_id,
        snapshot_count=snapshot_count,
    )
