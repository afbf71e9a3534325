"""Router advertisements (RFC 4861, 4.2) as bytes. No I/O here; the kernel adds the checksum."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.services.dns_wire import resolvers6, wire_name

ROUTER_SOLICITATION = 133
_ADVERTISEMENT = 134
_HOP_LIMIT = 64
_MANAGED = 0x80  # addresses by DHCPv6
_OTHER = 0x40  # and everything else as well
_ON_LINK, _AUTONOMOUS = 0x80, 0x40
_LINK_ADDRESS, _PREFIX, _MTU, _DNS_SERVERS, _DNS_SEARCH = 1, 3, 5, 25, 31
_UNIT_BYTES = 8  # lengths of options are told in these

# What a machine knows holds while an agent is away for a night (RFC 8319 allows so much).
ROUTER_LIFETIME_S = 65_535
PREFERRED_LIFETIME_S = 14_400
VALID_LIFETIME_S = 86_400


@dataclass(frozen=True)
class Lifetimes:
    """For how long what is said holds, in seconds; `router_s` 0: not by default through us."""

    router_s: int = ROUTER_LIFETIME_S
    preferred_s: int = PREFERRED_LIFETIME_S
    valid_s: int = VALID_LIFETIME_S


LASTING = Lifetimes()
# A machine's other NICs are told of their network alone.
SIDE_LIFETIMES = Lifetimes(router_s=0)
OVER = Lifetimes(router_s=0, preferred_s=0, valid_s=0)


def advertisement(plan: NetworkPlan, lifetimes: Lifetimes = LASTING) -> bytes:
    """What the gateway of a network with an IPv6 part says of it."""
    ipv6 = plan.ipv6
    assert ipv6 is not None
    flags = _MANAGED | _OTHER if plan.has_dhcp6 else 0
    head = struct.pack(
        "!BBHBBHII", _ADVERTISEMENT, 0, 0, _HOP_LIMIT, flags, lifetimes.router_s, 0, 0
    )
    options = [
        _option(_LINK_ADDRESS, bytes.fromhex(plan.bridge_mac.replace(":", ""))),
        _option(_MTU, struct.pack("!HI", 0, plan.spec.mtu)),
        _prefix(ipv6.cidr, lifetimes, is_autonomous=ipv6.mode == "slaac"),
    ]
    if lifetimes.router_s:
        options += _dns(resolvers6(plan), plan.spec.domain, lifetimes.router_s)
    return head + b"".join(options)


def _prefix(cidr: IPv6Network, lifetimes: Lifetimes, *, is_autonomous: bool) -> bytes:
    flags = _ON_LINK | (_AUTONOMOUS if is_autonomous else 0)
    body = struct.pack("!BBIII", cidr.prefixlen, flags, lifetimes.valid_s, lifetimes.preferred_s, 0)
    return _option(_PREFIX, body + cidr.network_address.packed)


def _dns(servers: Sequence[str], domain: str, lifetime_s: int) -> list[bytes]:
    """RFC 8106."""
    head = struct.pack("!HI", 0, lifetime_s)
    packed = b"".join(IPv6Address(server).packed for server in servers)
    found = [_option(_DNS_SERVERS, head + packed)] if packed else []
    if domain:
        found.append(_option(_DNS_SEARCH, head + wire_name(domain)))
    return found


def _option(kind: int, body: bytes) -> bytes:
    size = 2 + len(body)
    units = -(-size // _UNIT_BYTES)
    return bytes([kind, units]) + body + bytes(units * _UNIT_BYTES - size)
