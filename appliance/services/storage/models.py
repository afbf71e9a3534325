"""Tables of image stores, primary storages and volumes."""

from __future__ import annotations

import peewee

from appliance.services.infrastructure.models import ClusterRow, HostRow, ZoneRow
from appliance.store.fields import BaseModel, json_field


class ImageStoreRow(BaseModel):
    """A directory on a host that keeps images; sizes as last seen."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    zone = peewee.ForeignKeyField(ZoneRow, on_delete="RESTRICT")
    zone_id: str
    host = peewee.ForeignKeyField(HostRow, on_delete="RESTRICT")
    host_id: str
    kind = peewee.TextField(default="directory")
    path = peewee.TextField()
    state = peewee.TextField()
    total_bytes = peewee.BigIntegerField()
    available_bytes = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "image_store"


class PrimaryStorageRow(BaseModel):
    """Where disks are; sizes are sums of its places. `cluster` is the first of its clusters, see
    `StorageClusterRow`.

    What `is_shared` is the same for all hosts, by its kind; else each host has its own part.

    Disks may claim `ratio` times what is there, less `reserved_bytes`; nothing new is placed
    where more than the share `threshold` is really used.
    """

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")
    cluster_id: str
    kind = peewee.TextField()
    path = peewee.TextField()
    is_shared = peewee.BooleanField(default=False)
    source = peewee.TextField(default="")
    options = peewee.TextField(default="")
    monitors: list[str] = json_field(list[str], default=list)
    user = peewee.TextField(default="")
    sealed_key = peewee.BlobField(null=True)
    state = peewee.TextField()
    total_bytes = peewee.BigIntegerField()
    available_bytes = peewee.BigIntegerField()
    ratio = peewee.FloatField(default=1.0)
    reserved_bytes = peewee.BigIntegerField(default=0)
    threshold = peewee.FloatField(default=0.9)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "primary_storage"


class StorageClusterRow(BaseModel):
    """A cluster that uses a storage. Its first one is noted by a trigger."""

    id = peewee.TextField(primary_key=True)
    primary_storage = peewee.ForeignKeyField(PrimaryStorageRow, on_delete="CASCADE")
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")

    class Meta:
        table_name = "primary_storage_cluster"


class StoragePlaceRow(BaseModel):
    """Where disks of a primary storage are: on local storage one place on each host, else one.

    The id is `<primary storage>:<host>`, without a host if all share it; it holds the ledger's
    claims in the unit `disk`.
    """

    id = peewee.TextField(primary_key=True)
    primary_storage = peewee.ForeignKeyField(PrimaryStorageRow, on_delete="CASCADE")
    primary_storage_id: str
    host_id = peewee.TextField(index=True)
    total_bytes = peewee.BigIntegerField()
    available_bytes = peewee.BigIntegerField()

    class Meta:
        table_name = "storage_place"
        indexes = ((("primary_storage", "host_id"), True),)


def place_host(storage: PrimaryStorageRow, host_id: str) -> str:
    """The host of the place that a host uses: none if all share it."""
    return "" if storage.is_shared else host_id


def place_id(storage: PrimaryStorageRow, host_id: str) -> str:
    """The id of the place that a host uses."""
    return f"{storage.id}:{place_host(storage, host_id)}"


class VolumeRow(BaseModel):
    """A disk; `vm_id` names its machine (compute knows more), None if it has none.

    It has a storage once it is made, and a host if that is not shared. `position` is its place
    among its machine's disks. `job_id` is the job that works on it, None while it rests. `head` is
    the file that is written to, `fallback_head` the one that is if that is not there (`VolumeRef`
    says when); `snapshot_id` is the snapshot that it stands on, `source_snapshot_id` the one that
    it is being made of. `image_id` is the image that a root disk stands on, or that a data disk is
    just being made of.
    """

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField(default="")
    description = peewee.TextField(default="")
    vm_id = peewee.TextField(null=True)
    position = peewee.IntegerField(default=0)
    kind = peewee.TextField()
    image_id = peewee.TextField(index=True, default="")
    primary_storage = peewee.ForeignKeyField(PrimaryStorageRow, null=True, on_delete="RESTRICT")
    primary_storage_id: str | None
    host_id = peewee.TextField(index=True, null=True)
    size_bytes = peewee.BigIntegerField()
    used_bytes = peewee.BigIntegerField(null=True)
    status = peewee.TextField()
    bus = peewee.TextField(default="virtio")
    read_iops = peewee.BigIntegerField(default=0)
    write_iops = peewee.BigIntegerField(default=0)
    read_bytes_s = peewee.BigIntegerField(default=0)
    write_bytes_s = peewee.BigIntegerField(default=0)
    job_id = peewee.TextField(null=True)
    head = peewee.TextField(default="")
    fallback_head = peewee.TextField(null=True)
    snapshot_id = peewee.TextField(null=True)
    source_snapshot_id = peewee.TextField(null=True, index=True)
    request_sha256 = peewee.TextField(default="")
    owner_id = peewee.TextField(index=True, default="")
    created_at = peewee.BigIntegerField()
    deleted_at = peewee.BigIntegerField(null=True)  # moved to the recycle bin

    class Meta:
        table_name = "volume"
