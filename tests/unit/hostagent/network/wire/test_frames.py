"""Frames are laid out as their RFCs say."""

from __future__ import annotations

import struct

from hostagent.network.wire.frames import (
    arp_answer_from,
    arp_request,
    dhcp_discover,
    dhcp_offer_from,
    dhcp_release,
)

MAC = "0a:00:00:00:00:01"
OTHER = "0a:00:00:00:00:02"


def arp_reply(frame: bytes) -> bytes:
    answer = bytearray(frame[:20] + b"\x00\x02" + frame[32:42] + frame[22:32])
    answer[22:28] = bytes.fromhex(OTHER.replace(":", ""))
    return bytes(answer)


def test_arp_question_and_answer() -> None:
    question = arp_request(MAC, "10.0.0.5", "10.0.0.1")
    assert len(question) == 42
    assert arp_answer_from(question, "10.0.0.1") is None
    assert arp_answer_from(arp_reply(question), "10.0.0.1") == OTHER
    assert arp_answer_from(arp_reply(question), "10.0.0.9") is None
    assert arp_answer_from(b"", "10.0.0.1") is None


def test_ip_header_checksum_is_right() -> None:
    header = dhcp_release(MAC, "10.0.0.5", OTHER, "10.0.0.2")[14:34]
    total = sum(struct.unpack("!10H", header))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


def test_offer_is_known_by_its_transaction() -> None:
    offer = bytearray(dhcp_discover(MAC, 0x01020304))
    offer[26:30] = bytes([10, 0, 0, 2])
    offer[34:38] = struct.pack("!HH", 67, 68)
    offer[42] = 2
    assert dhcp_offer_from(bytes(offer), 0x01020304) == "10.0.0.2"
    assert dhcp_offer_from(bytes(offer), 0x99) is None
    assert dhcp_offer_from(dhcp_discover(MAC, 0x01020304), 0x01020304) is None
