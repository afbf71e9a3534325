"""The table of snapshots."""

from __future__ import annotations

import peewee

from appliance.services.storage.models import VolumeRow
from appliance.store.fields import BaseModel


class SnapshotRow(BaseModel):
    """A frozen file of a volume (`node`, "" for the first one), and what people call it.

    `parent_id` is the snapshot that it stands on. `place_id` is where its size is claimed.
    """

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField(default="")
    volume = peewee.ForeignKeyField(VolumeRow, on_delete="CASCADE")
    volume_id: str
    parent_id = peewee.TextField(null=True)
    node = peewee.TextField()
    group_id = peewee.TextField(default="", index=True)
    size_bytes = peewee.BigIntegerField()
    used_bytes = peewee.BigIntegerField(default=0)
    is_quiesced = peewee.BooleanField(default=False)
    status = peewee.TextField()
    place_id = peewee.TextField(default="")
    owner_id = peewee.TextField(index=True, default="")
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "snapshot"
