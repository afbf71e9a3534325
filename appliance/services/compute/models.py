"""Tables of virtual machines and affinity groups."""

from __future__ import annotations

import peewee

from appliance.services.infrastructure.models import ClusterRow
from appliance.store.fields import BaseModel


class VmRow(BaseModel):
    """A virtual machine. While `host_id` is set, it claims CPU and memory there.

    `resume` is set when the appliance itself stopped the machine and owes it a start.
    """

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")
    cluster_id: str
    host_id = peewee.TextField(null=True, index=True)
    last_host_id = peewee.TextField(null=True)
    image_id = peewee.TextField(index=True)
    offering_id = peewee.TextField(null=True)
    affinity_group_id = peewee.TextField(null=True)
    cpu_count = peewee.IntegerField()
    memory_bytes = peewee.BigIntegerField()
    state = peewee.TextField(index=True)
    state_reason = peewee.TextField()
    ssh_public_key = peewee.TextField()
    user_data = peewee.TextField()
    owner_id = peewee.TextField(index=True)
    accelerator = peewee.TextField()
    request_sha256 = peewee.TextField(default="")
    resume = peewee.BooleanField(default=False)
    created_at = peewee.BigIntegerField(index=True)
    started_at = peewee.BigIntegerField(null=True)
    destroyed_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "vm"


class AffinityGroupRow(BaseModel):
    """Machines that are placed together or apart."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    policy = peewee.TextField()
    is_required = peewee.BooleanField()
    owner_id = peewee.TextField(index=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "affinity_group"
