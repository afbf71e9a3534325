"""Places of primary storages: how big they are on each host, and what disks may claim there."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from appliance.engine import ledger
from appliance.protocol import requests as q
from appliance.protocol.errors import NoResources
from appliance.services.storage.models import (
    PrimaryStorageRow,
    StoragePlaceRow,
    place_host,
    place_id,
)
from appliance.store.database import Transaction
from appliance.store.fields import database
from hostagent.protocol.storage import CheckPathResult, StorageStatus

NOTABLE_SHARE = 0.005  # smaller changes of free space are not told to clients


def note_place(
    tx: Transaction,
    storage: PrimaryStorageRow,
    host_id: str,
    sizes: CheckPathResult | StorageStatus,
) -> None:
    """Keep the present sizes of a storage's place, as a host sees it."""
    tx.execute(
        "INSERT INTO storage_place (id, primary_storage_id, host_id, total_bytes, available_bytes) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "total_bytes = excluded.total_bytes, available_bytes = excluded.available_bytes",
        *(place_id(storage, host_id), storage.id, place_host(storage, host_id)),
        *(sizes.total_bytes, sizes.available_bytes),
    )
    _set_capacity(tx, storage, host_id, sizes.total_bytes)
    _sum_up(tx, storage)


def forget_places(tx: Transaction, condition: Any) -> None:
    """Delete places with their capacity."""
    for place in StoragePlaceRow.select().where(condition):
        ledger.forget(tx, place.id)
        place.delete_instance()


def change_limits(
    tx: Transaction, storage: PrimaryStorageRow, request: q.PrimaryStorageUpdate
) -> None:
    """Change ratio, reserve and threshold; the capacity of all places follows."""
    for name in ("ratio", "reserved_bytes", "threshold"):
        value = getattr(request, name)
        if value is not UNSET:
            setattr(storage, name, value)
    for place in StoragePlaceRow.select().where(StoragePlaceRow.primary_storage == storage.id):
        _set_capacity(tx, storage, place.host_id, place.total_bytes)


def check_room(storage: PrimaryStorageRow, host_id: str, size_bytes: int) -> None:
    """Raises NoResources if a disk may not claim `size_bytes` at a storage's place on a host.

    Must come before the row that claims it; within a write.
    """
    place = StoragePlaceRow.get_or_none(StoragePlaceRow.id == place_id(storage, host_id))
    usage = ledger.usage_or_none("disk", place_id(storage, host_id)) or ledger.Usage()
    if place is None or usage.free < size_bytes:
        raise NoResources(
            "storage.no_claim",
            name=storage.name,
            needed_bytes=size_bytes,
            free_bytes=max(0, usage.free),
            ratio=storage.ratio,
        )
    used_bytes = place.total_bytes - place.available_bytes
    if used_bytes > storage.threshold * place.total_bytes:
        raise NoResources(
            "storage.threshold",
            name=storage.name,
            used=100 * used_bytes // place.total_bytes,
            limit=round(100 * storage.threshold),
        )


def claims_of(storage_ids: list[str]) -> dict[str, ledger.Usage]:
    """What may be claimed and is claimed of each storage, all places together."""
    marks = ",".join("?" * len(storage_ids))
    rows = database.execute_sql(
        "SELECT p.primary_storage_id, SUM(l.capacity), SUM(l.claimed) FROM storage_place p "  # noqa: S608 marks only
        "JOIN ledger l ON l.holder = p.id AND l.unit = 'disk' "
        f"WHERE p.primary_storage_id IN ({marks}) GROUP BY p.primary_storage_id",
        tuple(storage_ids),
    )
    return {ref: ledger.Usage(capacity, claimed) for ref, capacity, claimed in rows}


def _set_capacity(
    tx: Transaction, storage: PrimaryStorageRow, host_id: str, total_bytes: int
) -> None:
    capacity = int(total_bytes * storage.ratio) - storage.reserved_bytes
    ledger.set_capacity(tx, place_id(storage, host_id), "disk", capacity)


def _sum_up(tx: Transaction, storage: PrimaryStorageRow) -> None:
    """The storage's sizes are the sums of its places; clients hear of notable changes."""
    total, available = tx.execute(
        "SELECT SUM(total_bytes), SUM(available_bytes) FROM storage_place "
        "WHERE primary_storage_id = ?",
        storage.id,
    ).fetchone()
    changed = abs(available - storage.available_bytes) + abs(total - storage.total_bytes)
    if changed > NOTABLE_SHARE * total:
        tx.execute(
            "UPDATE primary_storage SET total_bytes = ?, available_bytes = ? WHERE id = ?",
            *(total, available, storage.id),
        )
        tx.touch("primary_storage", storage.id)
