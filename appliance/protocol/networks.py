"""Layer 3 networks and the NICs of machines, as clients see them."""

from __future__ import annotations

from typing import Literal

import msgspec

from appliance.protocol.base import Resource, State

# Which free address is given out: the lowest, any, or the one that was free for longest.
# Private on each host by itself, private over all hosts of its clusters, on a NIC, on a NIC with a
# tag. The gateway of private ones is each host itself.
NetworkKind = Literal["nat", "vxlan", "physical", "vlan"]
PRIVATE_KINDS = ("nat", "vxlan")

Allocation = Literal["first", "random", "least_recent"]


# How machines come to their IPv6 addresses: not at all, by themselves (SLAAC), or by DHCPv6.
Ipv6Mode = Literal["none", "slaac", "dhcp"]

# What a network may do for its machines. Elastic IP: its machines may have public addresses.
Service = Literal["dhcp", "dns", "metadata", "snat", "elastic_ip", "security_group"]
# Who does it: each host for its own machines.
Provider = Literal["host"]


class NetworkService(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that a network does for its machines, and who does it."""

    service: Service
    provider: Provider = "host"


class AddressRange(msgspec.Struct, kw_only=True, frozen=True):
    """Addresses that a network gives out, both ends included."""

    id: str
    first: str
    last: str


class HostRoute(msgspec.Struct, kw_only=True, frozen=True):
    """A way that machines are told of by DHCP: packets to `destination` go to `next_hop`."""

    destination: str
    next_hop: str


class Network(Resource, kw_only=True, frozen=True):
    """A layer 3 network that virtual machines attach to.

    `ranges` without what is `reserved` are given out; a reserved address is nobody's. With
    another `ipv6_mode` than "none" machines have IPv6 addresses as well, in `ipv6_cidr`; only in
    mode "dhcp" they are given out of `ipv6_ranges`. It is in all of `cluster_ids`; `cluster_id` is
    the first of them.
    """

    zone_id: str
    cluster_id: str
    cluster_ids: list[str] = msgspec.field(default_factory=list)
    kind: NetworkKind
    physical_interface: str
    vlan_id: int | None = None
    vxlan_pool_id: str | None = None
    vni: int | None = None
    cidr: str
    gateway: str
    dns: list[str]
    domain: str
    mtu: int
    host_routes: list[HostRoute] = msgspec.field(default_factory=list)
    ranges: list[AddressRange]
    reserved: list[AddressRange] = msgspec.field(default_factory=list)
    allocation: Allocation = "first"
    services: list[NetworkService] = msgspec.field(default_factory=list)
    ipv6_mode: Ipv6Mode = "none"
    ipv6_cidr: str = ""
    ipv6_gateway: str = ""
    ipv6_ranges: list[AddressRange] = msgspec.field(default_factory=list)
    dhcp_address: str
    addresses_total: int
    addresses_used: int
    state: State
    owner_id: str = ""


class Nic(msgspec.Struct, kw_only=True, frozen=True):
    """A virtual machine's network interface. By the default one of its several it reaches
    everything but their own networks. Inbound is what the machine receives; None: unlimited.
    """

    id: str
    network_id: str
    network_name: str = ""
    mac: str
    address: str
    ipv6_address: str = ""
    is_default: bool = True
    elastic_address: str | None = None
    anti_spoofing: bool = True
    security_group_ids: list[str] = []
    inbound_bits_per_s: int | None = None
    outbound_bits_per_s: int | None = None
