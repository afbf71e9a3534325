"""Messages of the kernel's packet log, as it really sent them."""

from __future__ import annotations

import struct

import pytest

from hostagent.network.drops.nflog import parse

# A ping that a bridge rule logged with the prefix "forged", and one of an inet rule with a mark.
BRIDGED = """
    07006001 08000100 08000000 0b000a00 666f7267656400 00 08000600 00000004 08000400 00000002
    10000800 00060000 ca412479ef910000 06000f00 0001 0000 06001100 000e 0000
    12001000 020000000099ca412479ef910800 0000 14000300 000000006b0dbd4c0000000000003a4c
    08000c00 00000029 08000b00 00000000 08000e00 00000000
    20000900 45000054d24840004001545c0a0100010a0100020800e6d477f50001
"""
ROUTED = """
    02006001 08000100 08000200 0c000a00 7265667573656400 08000400 00000001 08000200 60000001
    20000900 45000054d24840004001545c0a0100010a0100020800e6d477f50001
"""


def message(text: str, kind: int = 0x400) -> bytes:
    body = bytes.fromhex(text)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


DONE = struct.pack("=IHHII", 20, 3, 0, 0, 0) + bytes(4)


def test_a_bridged_packet() -> None:
    (packet,) = parse(message(BRIDGED) + DONE)
    assert (packet.prefix, packet.hook, packet.ether_type) == ("forged", 0, 0x0800)
    assert (packet.bridge_port, packet.mark, packet.number) == (4, 0, 41)
    assert packet.link_header[6:12].hex(":") == "ca:41:24:79:ef:91"
    assert packet.payload[12:20] == bytes([10, 1, 0, 1, 10, 1, 0, 2])
    assert packet.at == pytest.approx(0x6B0DBD4C + 0x3A4C / 1e6)


def test_several_in_one_read() -> None:
    found = parse(message(ROUTED) + message(BRIDGED) + DONE)
    assert [(one.prefix, one.mark, one.hook) for one in found] == [
        ("refused", 0x6000_0001, 2),
        ("forged", 0, 0),
    ]
    assert found[0].at is None
    assert found[0].link_header == b""


@pytest.mark.parametrize("size", range(0, len(message(BRIDGED)), 3))
def test_what_is_cut_off_is_left_out(size: int) -> None:
    assert parse(message(BRIDGED)[:size]) == []


def test_nonsense_is_left_out() -> None:
    assert parse(b"\xff" * 64) == []
    assert parse(message("02006001")) == [], "a packet without a header"
    assert parse(message("02006001 03000100")) == [], "an attribute shorter than its own header"
    assert parse(message(ROUTED, kind=0x401)) == [], "an answer, no packet"
