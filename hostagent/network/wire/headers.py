"""Reads the headers of a packet as far as rules look at them.

Layouts: ARP RFC 826, IPv4 RFC 791, IPv6 RFC 8200 (extension headers: section 4), ports of TCP and
UDP RFC 9293 and 768, types of ICMP RFC 792 and 4443.
"""

from __future__ import annotations

import contextlib
import ipaddress
import struct
from dataclasses import dataclass

from hostagent.network.wire.frames import ETHERTYPE_ARP, ETHERTYPE_IPV4

ETHERTYPE_IPV6 = 0x86DD
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
_IPV6_BYTES = 40
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _OPTIONS = 0, 43, 44, 60


@dataclass(frozen=True)
class Headers:
    """Whence, where to and what. `protocol` as in `hostagent.protocol.drops`."""

    protocol: str
    source: str = ""
    destination: str = ""
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    is_fragment: bool = False


def read_headers(ether_type: int, data: bytes) -> Headers:
    """The headers at the beginning of `data`; what was cut off stays empty."""
    readers = {ETHERTYPE_IPV4: _ipv4, ETHERTYPE_IPV6: _ipv6, ETHERTYPE_ARP: _arp}
    if ether_type in readers:
        with contextlib.suppress(struct.error):  # a packet may end anywhere
            return readers[ether_type](data)
    return Headers(_name_of(ether_type))


def _name_of(ether_type: int) -> str:
    names = {ETHERTYPE_IPV4: "ip", ETHERTYPE_IPV6: "ipv6", ETHERTYPE_ARP: "arp"}
    return names.get(ether_type, f"0x{ether_type:04x}")


def _arp(data: bytes) -> Headers:
    sender, target = struct.unpack_from("!14x4s6x4s", data)
    return Headers("arp", str(ipaddress.IPv4Address(sender)), str(ipaddress.IPv4Address(target)))


def _ipv4(data: bytes) -> Headers:
    first, part, number, source, destination = struct.unpack_from("!B5xHxB2x4s4s", data)
    ends = str(ipaddress.IPv4Address(source)), str(ipaddress.IPv4Address(destination))
    is_later = bool(part & 0x1FFF)
    is_fragment = is_later or bool(part & 0x2000)
    rest = b"" if is_later else data[4 * (first & 0x0F) :]
    return _above(ends, number, rest, is_fragment=is_fragment)


def _ipv6(data: bytes) -> Headers:
    number, source, destination = struct.unpack_from("!6xBx16s16s", data)
    ends = str(ipaddress.IPv6Address(source)), str(ipaddress.IPv6Address(destination))
    rest, is_fragment = data[_IPV6_BYTES:], False
    while number in (_HOP_BY_HOP, _ROUTING, _FRAGMENT, _OPTIONS) and len(rest) >= 8:
        length = 8 if number == _FRAGMENT else 8 + 8 * rest[1]
        if number == _FRAGMENT:
            is_fragment = True
            if int.from_bytes(rest[2:4], "big") & 0xFFF8:  # not the first one
                return _above(ends, rest[0], b"", is_fragment=True)
        number, rest = rest[0], rest[length:]
    return _above(ends, number, rest, is_fragment=is_fragment)


def _above(ends: tuple[str, str], number: int, rest: bytes, *, is_fragment: bool) -> Headers:
    protocol = PROTOCOLS.get(number, str(number))
    source, destination = ends
    if protocol in ("tcp", "udp") and len(rest) >= 4:
        ports = struct.unpack_from("!HH", rest)
        return Headers(protocol, source, destination, *ports, is_fragment=is_fragment)
    if protocol in ("icmp", "icmpv6") and len(rest) >= 2:
        return Headers(
            protocol,
            source,
            destination,
            icmp_type=rest[0],
            icmp_code=rest[1],
            is_fragment=is_fragment,
        )
    return Headers(protocol, source, destination, is_fragment=is_fragment)
