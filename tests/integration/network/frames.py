"""Ethernet frames with IPv4 and IPv6 packets of any protocol, checksums right."""

from __future__ import annotations

import ipaddress
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
_CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
_SYN = 0x02


def ip_frame(
    source_mac: str, mac: str, source: str, destination: str, protocol: int, body: bytes
) -> bytes:
    """The frame; `body` is what follows the IP header, its checksum still zero."""
    addresses = [ipaddress.ip_address(text) for text in (source, destination)]
    packed = b"".join(address.packed for address in addresses)
    body = _with_checksum(packed, protocol, body)
    if addresses[0].version == 4:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
        header = _put(head + packed, 10, checksum(head + packed))
        ethertype = b"\x08\x00"
    else:
        header = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + packed
        ethertype = b"\x86\xdd"
    macs = bytes.fromhex((mac + source_mac).replace(":", ""))
    return macs + ethertype + header + body


def tcp_syn(source_port: int, port: int, payload: bytes = b"") -> bytes:
    """A TCP segment that opens a connection."""
    return struct.pack("!HHIIBBHHH", source_port, port, 1, 0, 5 << 4, _SYN, 1024, 0, 0) + payload


def datagram(source_port: int, port: int, payload: bytes = b"") -> bytes:
    """A UDP datagram."""
    return struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload


def icmp(type_: int, code: int, identity: int, payload: bytes = b"") -> bytes:
    """An ICMP or ICMPv6 message with an identity, as echo requests have."""
    return struct.pack("!BBHHH", type_, code, 0, identity, 1) + payload


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def _with_checksum(addresses: bytes, protocol: int, body: bytes) -> bytes:
    at = _CHECKSUM_AT.get(protocol)
    if at is None:
        return body
    pseudo = b"" if protocol == ICMP else addresses + struct.pack("!II", len(body), protocol)
    value = checksum(pseudo + body)
    return _put(body, at, value or (0xFFFF if protocol == UDP else 0))


def _put(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + struct.pack("!H", value) + data[at + 2 :]
