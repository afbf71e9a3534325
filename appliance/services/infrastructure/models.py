"""Tables of zones, clusters, hosts, enrolled agents and join tokens."""

from __future__ import annotations

from ipaddress import IPv4Address

import peewee

from appliance.store.database import Transaction
from appliance.store.fields import BaseModel, json_field, tuples
from hostagent.protocol.facts import HostFacts


class ZoneRow(BaseModel):
    """A zone."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    state = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "zone"


class ClusterRow(BaseModel):
    """A cluster of a zone."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    zone = peewee.ForeignKeyField(ZoneRow, on_delete="RESTRICT")
    zone_id: str
    hypervisor = peewee.TextField()
    state = peewee.TextField()
    cpu_ratio = peewee.FloatField(null=True)
    memory_ratio = peewee.FloatField(null=True)
    memory_reserved_bytes = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "cluster"


class AgentRow(BaseModel):
    """A machine whose agent has enrolled. `facts` is what it last reported of itself."""

    id = peewee.TextField(primary_key=True)
    hostname = peewee.TextField()
    address = peewee.TextField()
    is_local = peewee.BooleanField()
    certificate_sha256 = peewee.TextField()
    facts: HostFacts = json_field(HostFacts)
    enrolled_at = peewee.BigIntegerField()

    class Meta:
        table_name = "agent"


class HostRow(BaseModel):
    """A host of a cluster; it has the id of its agent.

    Ratios and reserve are what holds for it; those of its own are None where it follows others.
    """

    id = peewee.TextField(primary_key=True)
    agent = peewee.ForeignKeyField(AgentRow, on_delete="RESTRICT", unique=True)
    agent_id: str
    name = peewee.TextField()
    description = peewee.TextField()
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")
    cluster_id: str
    state = peewee.TextField()
    cpu_ratio = peewee.FloatField()
    memory_ratio = peewee.FloatField(default=1.0)
    memory_reserved_bytes = peewee.BigIntegerField()
    came_from = peewee.TextField(null=True)  # the state to which it returns from maintenance
    own_cpu_ratio = peewee.FloatField(null=True)
    own_memory_ratio = peewee.FloatField(null=True)
    own_memory_reserved_bytes = peewee.BigIntegerField(null=True)
    connected = peewee.BooleanField(default=False)  # as placement sees it; links know better
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "host"


class JoinTokenRow(BaseModel):
    """A one-time permission to enrol; only the hash of its secret is kept."""

    secret_sha256 = peewee.TextField(primary_key=True)
    is_local = peewee.BooleanField()
    expires_at = peewee.BigIntegerField()

    class Meta:
        table_name = "join_token"


def note_addresses(tx: Transaction, agent_id: str, facts: HostFacts) -> None:
    """Keep an agent's IPv4 addresses as numbers, with the NIC and its MTU."""
    tx.execute("DELETE FROM agent_address WHERE agent_id = ?", agent_id)
    for nic in facts.nics:
        for text in nic.addresses:
            address = text.partition("/")[0]
            if ":" not in address:
                tx.execute(
                    "INSERT OR IGNORE INTO agent_address VALUES (?, ?, ?, ?)",
                    *(agent_id, int(IPv4Address(address)), nic.name, nic.mtu),
                )


def hosts_of(cluster_id: str) -> list[str]:
    """Ids of a cluster's hosts; within a read or write."""
    return [
        ref for (ref,) in tuples(HostRow.select(HostRow.id).where(HostRow.cluster == cluster_id))
    ]
