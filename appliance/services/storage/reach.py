"""Which clusters use a storage, and which hosts reach it now. All within a read or write."""

from __future__ import annotations

import json
from collections.abc import Sequence

from appliance.protocol.errors import Conflict
from appliance.services.storage.models import PrimaryStorageRow
from appliance.store.database import Transaction
from appliance.store.fields import database, now_ms
from hostagent.protocol.storage import StorageStatus

CONNECTED, BROKEN = "connected", "broken"


def clusters_of(storage_id: str) -> list[str]:
    """The clusters that use a storage, its first one first."""
    rows = database.execute_sql(
        "SELECT c.cluster_id FROM primary_storage_cluster c JOIN primary_storage s "
        "ON s.id = c.primary_storage_id WHERE s.id = ? "
        "ORDER BY c.cluster_id <> s.cluster_id, c.cluster_id",
        (storage_id,),
    )
    return [ref for (ref,) in rows]


def storages_of(cluster_id: str) -> list[PrimaryStorageRow]:
    """The storages of a cluster, the oldest first."""
    return list(
        PrimaryStorageRow.raw(
            "SELECT s.* FROM primary_storage s JOIN primary_storage_cluster c "
            "ON c.primary_storage_id = s.id WHERE c.cluster_id = ? ORDER BY s.created_at, s.id",
            cluster_id,
        )
    )


def storages_on(host_id: str) -> list[PrimaryStorageRow]:
    """The storages of a host's cluster."""
    row = database.execute_sql("SELECT cluster_id FROM host WHERE id = ?", (host_id,)).fetchone()
    return storages_of(row[0]) if row else []


def hosts_of_storage(storage_id: str) -> list[str]:
    """The hosts of all clusters that use a storage."""
    rows = database.execute_sql(
        "SELECT h.id FROM host h JOIN primary_storage_cluster c ON c.cluster_id = h.cluster_id "
        "WHERE c.primary_storage_id = ? ORDER BY h.id",
        (storage_id,),
    )
    return [ref for (ref,) in rows]


def reaches(host_id: str, storage_id: str) -> bool:
    """Whether a host reaches a storage, as last heard."""
    row = database.execute_sql(
        "SELECT status FROM storage_host WHERE primary_storage_id = ? AND host_id = ?",
        (storage_id, host_id),
    ).fetchone()
    return row is not None and row[0] == CONNECTED


def to_be_reached(storage_ids: Sequence[str]) -> list[str]:
    """Those of storages that not every host of their clusters reaches, or that hosts share."""
    rows = database.execute_sql(
        "SELECT s.id FROM primary_storage s WHERE s.id IN (SELECT value FROM json_each(?)) "
        "AND (s.is_shared OR EXISTS (SELECT 1 FROM storage_host x "
        "WHERE x.primary_storage_id = s.id AND x.status <> 'connected')) ORDER BY s.id",
        (json.dumps(list(storage_ids)),),
    )
    return [ref for (ref,) in rows]


def host_for(storage_id: str, preferred: str | None = None) -> str:
    """A host that works on what lies on a shared storage; raises Conflict if there is none."""
    row = database.execute_sql(
        "SELECT h.id FROM host h JOIN primary_storage_cluster c ON c.cluster_id = h.cluster_id "
        "LEFT JOIN storage_host x ON x.host_id = h.id "
        "AND x.primary_storage_id = c.primary_storage_id "
        "WHERE c.primary_storage_id = ? ORDER BY h.connected DESC, "
        "coalesce(x.status, '') = 'connected' DESC, h.id = ? DESC, h.id LIMIT 1",
        (storage_id, preferred or ""),
    ).fetchone()
    if row is None:
        storage = PrimaryStorageRow.get_by_id(storage_id)
        raise Conflict("storage.no_host", name=storage.name)
    return row[0]


def note_status(tx: Transaction, host_id: str, status: StorageStatus) -> None:
    """Keep how a host reaches a storage; does nothing if either is gone."""
    state = CONNECTED if status.is_connected else BROKEN
    there = tx.execute(
        "SELECT x.status, x.code FROM primary_storage s JOIN primary_storage_cluster c "
        "ON c.primary_storage_id = s.id JOIN host h ON h.cluster_id = c.cluster_id "
        "LEFT JOIN storage_host x ON x.primary_storage_id = s.id AND x.host_id = h.id "
        "WHERE s.id = ? AND h.id = ?",
        *(status.storage_id, host_id),
    ).fetchone()
    if there is None or there == (state, status.code):
        return
    tx.execute(
        "INSERT INTO storage_host VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "status = excluded.status, code = excluded.code, reason = excluded.reason, "
        "changed_at = excluded.changed_at",
        *(status.storage_id, host_id, state, status.code, status.reason, now_ms()),
    )
    tx.touch("primary_storage", status.storage_id)


def forget_hosts(tx: Transaction, storage_id: str, host_ids: Sequence[str]) -> None:
    """These hosts have nothing to do with a storage any more."""
    for host_id in host_ids:
        tx.execute(
            "DELETE FROM storage_host WHERE primary_storage_id = ? AND host_id = ?",
            *(storage_id, host_id),
        )
