"""Tables of security groups and their rules; which NICs are in a group is in plain SQL alone."""

from __future__ import annotations

import peewee

from appliance.store.fields import BaseModel


class SecurityGroupRow(BaseModel):
    """A security group."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    is_default = peewee.BooleanField(default=False)
    log_drops = peewee.BooleanField(default=False)
    owner_id = peewee.TextField(index=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "security_group"


class SecurityRuleRow(BaseModel):
    """One rule of a group."""

    id = peewee.TextField(primary_key=True)
    security_group_id = peewee.TextField(index=True)
    direction = peewee.TextField()
    action = peewee.TextField()
    priority = peewee.IntegerField()
    protocol = peewee.TextField()
    port_first = peewee.IntegerField(null=True)
    port_last = peewee.IntegerField(null=True)
    icmp_type = peewee.IntegerField(null=True)
    icmp_code = peewee.IntegerField(null=True)
    cidr = peewee.TextField()
    peer_group_id = peewee.TextField(null=True, index=True)
    description = peewee.TextField()
    is_enabled = peewee.BooleanField()
    owner_id = peewee.TextField(index=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "security_rule"
