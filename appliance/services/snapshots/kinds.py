"""Storages whose volumes can have snapshots."""

from __future__ import annotations

from appliance.protocol.errors import Conflict
from appliance.services.storage.models import VolumeRow

NATIVE_KINDS = frozenset({"ceph"})  # they make snapshots themselves, which is not done yet


def refuse_native(row: VolumeRow) -> None:
    """Raises Conflict for volumes that are no files, and so no chains of them."""
    assert row.primary_storage is not None
    if row.primary_storage.kind in NATIVE_KINDS:
        raise Conflict("snapshot.not_supported", name=row.name, storage=row.primary_storage.name)
