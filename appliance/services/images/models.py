"""Tables of images and instance offerings."""

from __future__ import annotations

import peewee

from appliance.services.storage.models import ImageStoreRow
from appliance.store.fields import BaseModel


class ImageRow(BaseModel):
    """An image in an image store; sizes and checksum are known once it is ready."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    image_store = peewee.ForeignKeyField(ImageStoreRow, on_delete="RESTRICT")
    image_store_id: str
    kind = peewee.TextField(default="root")
    source = peewee.TextField()
    url = peewee.TextField()
    platform = peewee.TextField()
    firmware = peewee.TextField()
    guessed = peewee.TextField()  # names of fields, with commas between them
    format = peewee.TextField()
    status = peewee.TextField()
    state = peewee.TextField()
    expected_size_bytes = peewee.BigIntegerField()
    expected_sha256 = peewee.TextField()
    size_bytes = peewee.BigIntegerField()
    virtual_size_bytes = peewee.BigIntegerField()
    sha256 = peewee.TextField()
    stored_sha256 = peewee.TextField(default="")
    owner_id = peewee.TextField(index=True, default="")
    created_at = peewee.BigIntegerField()
    deleted_at = peewee.BigIntegerField(null=True)  # moved to the recycle bin

    class Meta:
        table_name = "image"


class InstanceOfferingRow(BaseModel):
    """A size of virtual machine."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    cpu_count = peewee.IntegerField()
    memory_bytes = peewee.BigIntegerField()
    state = peewee.TextField()
    owner_id = peewee.TextField(index=True, default="")
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "instance_offering"
