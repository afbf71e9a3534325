"""Tables of what a machine claims on a second host while it moves."""

from __future__ import annotations

import peewee

from appliance.store.fields import BaseModel


class VmMigrationRow(BaseModel):
    """A machine that is on its way to `host_id`, where it claims CPU and memory already."""

    vm_id = peewee.TextField(primary_key=True)
    host_id = peewee.TextField(index=True)
    cpu_count = peewee.IntegerField()
    memory_bytes = peewee.BigIntegerField()
    job_id = peewee.TextField()

    class Meta:
        table_name = "vm_migration"


class VolumeCopyRow(BaseModel):
    """A disk that has files in a second place, where it claims space, too: first where it goes,
    and when it is there where it came from, until nothing of it is left there.
    """

    volume_id = peewee.TextField(primary_key=True)
    primary_storage_id = peewee.TextField()
    host_id = peewee.TextField(index=True)
    size_bytes = peewee.BigIntegerField()
    job_id = peewee.TextField()

    class Meta:
        table_name = "volume_copy"
