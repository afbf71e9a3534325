"""The IPv6 part of networks: what a document says of it, and addresses made from MACs."""

from ipaddress import IPv6Address, IPv6Network
from typing import Literal

import msgspec

Ipv6Mode = Literal["slaac", "dhcp"]

SLAAC_PREFIX = 64  # RFC 4862 leaves no other for Ethernet (RFC 2464, 4)
LONGEST_PREFIX = 112
MTU_MIN_BYTES = 1280  # RFC 8200, 5: the kernel has no IPv6 on links with less
_LINK_LOCAL = IPv6Network("fe80::/64")
# Where machines can have addresses: global unicast and unique local (RFC 4291, RFC 4193).
_UNICAST = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))


class Ipv6Spec(msgspec.Struct, frozen=True, kw_only=True):
    """The IPv6 part of a network, beside its IPv4 part.

    `cidr` like "fd00:1::/64". `gateway` is the address that the host takes in a network of kind
    "nat"; in one of kind "physical", where routers announce themselves, it only must not be a
    VM's, and may be "". `service_address` is the address of the network's namespace, the same on
    each host. In mode "slaac" a VM has the address that its MAC makes of the prefix, in mode
    "dhcp" the one that DHCPv6 tells it.
    """

    cidr: str
    mode: Ipv6Mode
    service_address: str
    gateway: str = ""


def interface_identifier(mac: str) -> int:
    """The modified EUI-64 identifier of a MAC (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    return int.from_bytes(bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:])


def slaac_address(network: IPv6Network, mac: str) -> IPv6Address:
    """The address that the machine with `mac` makes itself in a /64 (RFC 4862, 5.5.3)."""
    return network.network_address + interface_identifier(mac)


def link_local_of(mac: str) -> str:
    """The IPv6 link-local address made from a MAC."""
    return str(slaac_address(_LINK_LOCAL, mac))


def is_for_machines(network: IPv6Network) -> bool:
    """Whether machines can have addresses in all of a network."""
    return any(network.subnet_of(space) for space in _UNICAST)
