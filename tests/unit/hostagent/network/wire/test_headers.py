"""Headers of packets, whole and cut off."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from hostagent.network.wire.frames import arp_request
from hostagent.network.wire.headers import Headers, read_headers

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
ENDS = bytes([10, 0, 0, 1, 10, 0, 0, 2])
SIX = (b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01", b"\x20\x01\x0d\xb8" + bytes(11) + b"\x02")


def ipv4(protocol: int, above: bytes, *, words: int = 5, part: int = 0) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, 0, 0, part, 64, protocol, 0)
    return head + ENDS + bytes(4 * (words - 5)) + above


def ipv6(following: int, above: bytes) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(above), following, 64) + SIX[0] + SIX[1] + above


def test_tcp_with_options_in_the_header() -> None:
    found = read_headers(IPV4, ipv4(6, struct.pack("!HH", 4000, 443), words=8))
    assert found == Headers("tcp", "10.0.0.1", "10.0.0.2", 4000, 443)


def test_icmp_and_others() -> None:
    found = read_headers(IPV4, ipv4(1, b"\x08\x00"))
    assert found == Headers("icmp", "10.0.0.1", "10.0.0.2", icmp_type=8, icmp_code=0)
    assert read_headers(IPV4, ipv4(47, b"\0" * 8)) == Headers("47", "10.0.0.1", "10.0.0.2")


def test_later_fragments_have_no_ports() -> None:
    first = read_headers(IPV4, ipv4(17, struct.pack("!HH", 53, 54), part=0x2000))
    later = read_headers(IPV4, ipv4(17, struct.pack("!HH", 53, 54), part=0x2001))
    assert (first.source_port, first.is_fragment) == (53, True)
    assert (later.source_port, later.is_fragment) == (None, True)


def test_ipv6_behind_extension_headers() -> None:
    above = bytes([60, 0]) + bytes(6) + bytes([58, 1]) + bytes(14) + b"\x86\x00"
    found = read_headers(IPV6, ipv6(0, above))
    assert found == Headers("icmpv6", "2001:db8::1", "2001:db8::2", icmp_type=134, icmp_code=0)


def test_ipv6_fragments() -> None:
    ports = struct.pack("!HH", 1, 2)
    first = read_headers(IPV6, ipv6(44, bytes([17, 0, 0, 1]) + bytes(4) + ports))
    later = read_headers(IPV6, ipv6(44, bytes([17, 0, 0, 9]) + bytes(4) + ports))
    assert (first.protocol, first.destination_port, first.is_fragment) == ("udp", 2, True)
    assert (later.protocol, later.destination_port, later.is_fragment) == ("udp", None, True)


def test_arp_and_foreign_frames() -> None:
    frame = arp_request("0a:00:00:00:00:01", "10.0.0.1", "10.0.0.2")
    assert read_headers(ARP, frame[14:]) == Headers("arp", "10.0.0.1", "10.0.0.2")
    assert read_headers(0x88CC, b"") == Headers("0x88cc")
    assert read_headers(IPV6, b"\x60") == Headers("ipv6")


@given(st.sampled_from([IPV4, ARP, IPV6, 0x88CC]), st.binary(max_size=120))
def test_whatever_a_machine_sends_is_read(ether_type: int, data: bytes) -> None:
    read_headers(ether_type, data)
