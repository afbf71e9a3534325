"""The rows of snapshots and of volumes that have some; within a read or write."""

from __future__ import annotations

from typing import Any

from appliance.protocol.snapshots import SnapshotStatus as S
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.snapshots.tree import Merge, Node, Tree
from appliance.services.storage.models import VolumeRow
from appliance.store.database import Transaction
from appliance.store.fields import tuples

HIDDEN = (S.DELETING, S.HIDDEN)


def tree_of(volume: VolumeRow) -> Tree:
    """The tree of a volume's snapshots."""
    query = SnapshotRow.select().where(SnapshotRow.volume == volume.id)
    nodes = [Node(row.id, row.parent_id, row.node, is_hidden=row.status in HIDDEN) for row in query]
    return Tree(nodes, volume.snapshot_id)


def count_of(volume_id: str) -> int:
    """How many snapshots a volume has, hidden ones too."""
    return SnapshotRow.select().where(SnapshotRow.volume == volume_id).count()


def set_place(tx: Transaction, volume_id: str, **columns: Any) -> None:
    """Change where a volume stands in its tree; those concerned are shown anew."""
    before = VolumeRow.get_by_id(volume_id)
    VolumeRow.update(**columns).where(VolumeRow.id == volume_id).execute()
    tx.touch("volume", volume_id)
    if before.vm_id is not None:
        tx.touch("vm", before.vm_id)
    if "snapshot_id" in columns:
        for ref in {before.snapshot_id, columns["snapshot_id"]} - {None}:
            tx.touch("snapshot", ref)


def note_dropped(tx: Transaction, ref: str) -> None:
    """The file of a deleted snapshot is gone."""
    SnapshotRow.delete().where(SnapshotRow.id == ref).execute()
    tx.touch("snapshot", ref)


def note_merged(
    tx: Transaction, volume_id: str, work: Merge, used_bytes: int | None = None
) -> None:
    """What stood on a deleted snapshot has its file now, and stands where that stood.

    Without `used_bytes`, which nobody has looked at, both together count. Does nothing if it was
    noted before.
    """
    lower = SnapshotRow.get_or_none(SnapshotRow.id == work.lower.id)
    if lower is None:
        return
    if work.upper is None:
        columns = {"head": lower.node, "fallback_head": None, "used_bytes": used_bytes}
        set_place(tx, volume_id, snapshot_id=lower.parent_id, **columns)
    else:
        upper = SnapshotRow.get_by_id(work.upper.id)
        if used_bytes is None:
            used_bytes = upper.used_bytes + lower.used_bytes
        SnapshotRow.update(node=lower.node, parent_id=lower.parent_id, used_bytes=used_bytes).where(
            SnapshotRow.id == upper.id
        ).execute()
        tx.touch("snapshot", upper.id)
    note_dropped(tx, lower.id)


def forget_snapshots(tx: Transaction, volume_id: str) -> None:
    """The volume goes, and with it all its files."""
    query = SnapshotRow.select(SnapshotRow.id).where(SnapshotRow.volume == volume_id)
    for (ref,) in list(tuples(query)):
        note_dropped(tx, ref)
