"""Tables of networks, their address ranges, and the NICs that hold addresses."""

from __future__ import annotations

from typing import Any

import peewee

from appliance.protocol.networks import HostRoute
from appliance.services.infrastructure.models import ClusterRow, ZoneRow
from appliance.store.fields import BaseModel, json_field, tuples


class VxlanPoolRow(BaseModel):
    """VNIs, and the network that the hosts' tunnels run over, its first and last address also as
    numbers.
    """

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    zone = peewee.ForeignKeyField(ZoneRow, on_delete="RESTRICT")
    zone_id: str
    vni_first = peewee.IntegerField()
    vni_last = peewee.IntegerField()
    underlay_cidr = peewee.TextField()
    underlay_first = peewee.BigIntegerField()
    underlay_last = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "vxlan_pool"


class NetworkRow(BaseModel):
    """A network. `cluster` is the first of its clusters; see `NetworkClusterRow`."""

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")
    cluster_id: str
    kind: Any = peewee.TextField()
    physical_interface = peewee.TextField()
    vlan_id = peewee.IntegerField(null=True)
    vxlan_pool = peewee.ForeignKeyField(VxlanPoolRow, on_delete="RESTRICT", null=True)
    vxlan_pool_id: str | None
    vni = peewee.IntegerField(null=True)
    cidr = peewee.TextField()
    gateway = peewee.TextField()
    dns: list[str] = json_field(list[str])
    domain = peewee.TextField()
    host_routes: list[HostRoute] = json_field(list[HostRoute], default=list)
    mtu = peewee.IntegerField()
    dhcp_address = peewee.TextField()
    state = peewee.TextField()
    is_deleting = peewee.BooleanField(default=False)
    owner_id = peewee.TextField(index=True, default="")
    allocation: Any = peewee.TextField(default="first")
    ipv6_mode: Any = peewee.TextField(default="none")
    ipv6_cidr = peewee.TextField(default="")
    ipv6_gateway = peewee.TextField(default="")
    ipv6_service_address = peewee.TextField(default="")
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "network"


class NetworkClusterRow(BaseModel):
    """A cluster that a network is in, or is leaving; the first one comes by a trigger."""

    id = peewee.TextField(primary_key=True)
    network = peewee.ForeignKeyField(NetworkRow, on_delete="CASCADE")
    network_id: str
    cluster = peewee.ForeignKeyField(ClusterRow, on_delete="RESTRICT")
    cluster_id: str
    is_leaving = peewee.BooleanField(default=False)

    class Meta:
        table_name = "network_cluster"
        indexes = ((("network", "cluster"), True),)


class RangeRow(BaseModel):
    """Addresses that a network gives out, as numbers so that they compare.

    All addresses below `next_free` are taken or reserved; a trigger lowers it when one is given
    back. Of those below `next_new` it is known who had them last, or they are taken.
    """

    id = peewee.TextField(primary_key=True)
    network = peewee.ForeignKeyField(NetworkRow, on_delete="CASCADE", backref="ranges")
    network_id: str
    first = peewee.BigIntegerField()
    last = peewee.BigIntegerField()
    next_free = peewee.BigIntegerField()
    next_new = peewee.BigIntegerField()

    class Meta:
        table_name = "address_range"


class Ipv6RangeRow(BaseModel):
    """IPv6 addresses that a network gives out, as texts; `next` is the next one."""

    id = peewee.TextField(primary_key=True)
    network = peewee.ForeignKeyField(NetworkRow, on_delete="CASCADE", backref="ipv6_ranges")
    network_id: str
    first = peewee.TextField()
    last = peewee.TextField()
    next = peewee.TextField()

    class Meta:
        table_name = "ipv6_range"


class ReservedRow(BaseModel):
    """Addresses that a network gives to nobody, though they are in its ranges."""

    id = peewee.TextField(primary_key=True)
    network = peewee.ForeignKeyField(NetworkRow, on_delete="CASCADE", backref="reserved")
    network_id: str
    first = peewee.BigIntegerField()
    last = peewee.BigIntegerField()

    class Meta:
        table_name = "reserved_range"


class ElasticIpRow(BaseModel):
    """A public address; no NIC has it, nor has another elastic IP. `nic_id` is who it is bound to.

    An address of a network is claimed by this row just as by a NIC's.
    """

    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    description = peewee.TextField()
    network = peewee.ForeignKeyField(NetworkRow, on_delete="RESTRICT")
    network_id: str
    address = peewee.BigIntegerField()
    nic_id = peewee.TextField(null=True)
    owner_id = peewee.TextField(index=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "elastic_ip"


class NicRow(BaseModel):
    """A NIC of a virtual machine; the unique index makes each address one NIC's only."""

    id = peewee.TextField(primary_key=True)
    vm_id = peewee.TextField(index=True)
    network = peewee.ForeignKeyField(NetworkRow, on_delete="RESTRICT")
    network_id: str
    mac = peewee.TextField(unique=True)
    address = peewee.BigIntegerField()
    ipv6_address = peewee.TextField(null=True)
    position = peewee.IntegerField()
    anti_spoofing = peewee.BooleanField(default=True)
    inbound_bits_per_s = peewee.BigIntegerField(null=True)
    outbound_bits_per_s = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "nic"
        indexes = ((("network", "address"), True),)


def spans_of(model: type[RangeRow | ReservedRow], network_id: str) -> list[tuple[int, int]]:
    """First and last addresses of a network's rows, in order; within a read or write."""
    rows = model.select(model.first, model.last).where(model.network == network_id)
    return tuples(rows.order_by(model.first))
