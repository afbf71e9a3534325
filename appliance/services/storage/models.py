"""Tables of image stores, primary storages and volumes."""

from __future__ import annotations

import peewee

from appliance.services.infrastructure.models import ClusterRow, HostRow, ZoneRow
from appliance.store.fields import BaseModel


class ImageStoreRow(BaseModel):
    """A directory on a host that keeps images; sizes as last seen."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    zone = peewee.ForeignKeyField(ZoneRow, on_delete="RESTRICT")
    zone_id: str
    host = peewee.ForeignKeyField(HostRow, on_delete="RESTRICT")
    host_id: str
    path = peewee.TextField()
    state = peewee.TextField()
    total_bytes = peewee.BigIntegerField()
    available_bytes = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "image_store"


class PrimaryStorageRow(BaseModel):
    """A directory, the same on each host of a cluster, for disks; sizes as last seen."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")
    cluster_id: str
    kind = peewee.TextField()
    path = peewee.TextField()
    state = peewee.TextField()
    total_bytes = peewee.BigIntegerField()
    available_bytes = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "primary_storage"


class VolumeRow(BaseModel):
    """A disk; `vm_id` names its machine (compute knows more)."""

    id = peewee.TextField(primary_key=True)
    vm_id = peewee.TextField(index=True)
    kind = peewee.TextField()
    image_id = peewee.TextField(index=True)
    primary_storage = peewee.ForeignKeyField(PrimaryStorageRow, on_delete="RESTRICT")
    primary_storage_id: str
    host_id = peewee.TextField(index=True)
    size_bytes = peewee.BigIntegerField()
    status = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "volume"
