"""Primary storages as hosts are told of them."""

from __future__ import annotations

from appliance.services.storage.models import PrimaryStorageRow
from hostagent.protocol.storage import StorageRef

# What a query selects of `primary_storage s` to make a reference of it.
REF_COLUMNS = "s.id, s.kind, s.path, s.source"
REF_COUNT = 4


def make_ref(storage_id: str, kind: str, path: str, source: str) -> StorageRef:
    """A reference from the columns `REF_COLUMNS`."""
    return StorageRef(storage_id=storage_id, kind=kind, path=path, source=source)


def ref_of(row: PrimaryStorageRow) -> StorageRef:
    """A reference to a storage."""
    return make_ref(row.id, row.kind, row.path, row.source)


def is_shared(kind: str) -> bool:
    """Whether all hosts see the same volumes on storages of this kind."""
    return kind != "local"
