"""How snapshots look to clients."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.protocol.snapshots import Snapshot, SnapshotStatus
from appliance.store.fields import database, when

_SNAPSHOTS = """
    SELECT s.id, s.name, s.description, s.volume_id, v.name, s.parent_id, s.group_id,
           v.snapshot_id IS s.id, s.size_bytes, s.used_bytes, s.is_quiesced, s.status, s.owner_id,
           s.created_at
    FROM snapshot s JOIN volume v ON v.id = s.volume_id WHERE s.id IN ({marks})
"""


def read_snapshots(ids: Sequence[str]) -> list[Snapshot]:
    """The snapshots with these ids, in any order; within a read or write."""
    sql = _SNAPSHOTS.format(marks=",".join("?" * len(ids)))
    return [_snapshot(*row) for row in database.execute_sql(sql, tuple(ids)).fetchall()]


def _snapshot(
    ref: str,
    name: str,
    description: str,
    volume_id: str,
    volume_name: str,
    parent_id: str | None,
    group_id: str,
    is_current: int,
    *others: int | str,
) -> Snapshot:
    size_bytes, used_bytes, is_quiesced, status, owner_id, created_at = others
    return Snapshot(
        id=ref,
        name=name,
        description=description,
        volume_id=volume_id,
        volume_name=volume_name,
        parent_id=parent_id,
        group_id=group_id,
        is_current=bool(is_current),
        size_bytes=int(size_bytes),
        used_bytes=int(used_bytes),
        is_quiesced=bool(is_quiesced),
        status=SnapshotStatus(status),
        owner_id=str(owner_id),
        created_at=when(int(created_at)),
    )
