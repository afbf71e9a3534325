"""Answers to DHCPv6 clients, byte by byte (RFC 8415)."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostagent.network.plan.network import plan_of
from hostagent.network.services import dhcp6
from tests.unit.hostagent.network.plan.test_ipv6 import part
from tests.unit.hostagent.network.plan.test_network import network, port

OWN = "fd00:1::10"
PORT = port(ipv6_address=OWN)
PLAN = plan_of(network(ipv6=part(), ports=[PORT], domain="lab.test"))
CLIENT = (1, b"\0\1\0\1\1\2\3\4\x0a\0\0\0\0\1")
SERVER = (2, dhcp6.server_id(PLAN))
IA = (3, b"iaid" + bytes(8))
TRANSACTION = b"xid"


def message(kind: int, *options: tuple[int, bytes]) -> bytes:
    packed = b"".join(struct.pack("!HH", code, len(body)) + body for code, body in options)
    return bytes([kind]) + TRANSACTION + packed


def asked(kind: int, *options: tuple[int, bytes], plan: Any = PLAN, who: Any = PORT) -> Any:
    """What is answered: kind and options; None for silence."""
    question = dhcp6.read_message(message(kind, *options))
    assert question is not None
    reply = dhcp6.answer(plan, who, question)
    if reply is None:
        return None
    read = dhcp6.read_message(reply)
    assert read is not None
    assert read.transaction == TRANSACTION
    return read.kind, dict(read.options)


def lease(*addresses: tuple[str, int]) -> bytes:
    """An association with these addresses and lifetimes."""
    body = b"iaid" + struct.pack("!II", 43_200, 69_120)
    for address, lifetime in addresses:
        packed = IPv6Address(address).packed + struct.pack("!II", lifetime, lifetime)
        body += struct.pack("!HH", 5, len(packed)) + packed
    return body


def with_addresses(*addresses: str) -> tuple[int, bytes]:
    return 3, lease(*((address, 100) for address in addresses))


def test_solicit_and_request() -> None:
    kind, options = asked(dhcp6.SOLICIT, CLIENT, IA)
    assert kind == dhcp6.ADVERTISE
    assert options[1] == CLIENT[1]
    assert options[2] == SERVER[1]
    assert options[3] == lease((OWN, 86_400))
    assert options[23] == IPv6Address("fd00:1::2").packed
    assert options[24] == b"\3lab\4test\0"
    kind, options = asked(dhcp6.REQUEST, CLIENT, SERVER, IA)
    assert (kind, options[3]) == (dhcp6.REPLY, lease((OWN, 86_400)))


def test_rapid_commit() -> None:
    kind, options = asked(dhcp6.SOLICIT, CLIENT, IA, (14, b""))
    assert (kind, options[14]) == (dhcp6.REPLY, b"")


@pytest.mark.parametrize(("kind", "more"), [(dhcp6.RENEW, [SERVER]), (dhcp6.REBIND, [])])
def test_renewing_gives_up_foreign_addresses(kind: int, more: list[Any]) -> None:
    _, options = asked(kind, CLIENT, *more, with_addresses(OWN, "fd00:1::66"))
    assert options[3] == lease((OWN, 86_400), ("fd00:1::66", 0))


@pytest.mark.parametrize(
    ("addresses", "status"), [([OWN], 0), (["fd00:1::66"], 4), ([OWN, "fd00:2::1"], 4)]
)
def test_confirm(addresses: list[str], status: int) -> None:
    _, options = asked(dhcp6.CONFIRM, CLIENT, with_addresses(*addresses))
    assert options[13] == struct.pack("!H", status)
    assert asked(dhcp6.CONFIRM, CLIENT, IA) is None


@pytest.mark.parametrize("kind", [dhcp6.RELEASE, dhcp6.DECLINE])
def test_giving_back_is_acknowledged(kind: int) -> None:
    found, options = asked(kind, CLIENT, SERVER, with_addresses(OWN))
    assert (found, options[13]) == (dhcp6.REPLY, b"\0\0")


def test_information_only() -> None:
    kind, options = asked(dhcp6.INFORMATION_REQUEST, (6, struct.pack("!H", 23)))
    assert kind == dhcp6.REPLY
    assert set(options) == {2, 23}


def test_a_second_association_a_prefix_and_a_temporary_address_are_refused() -> None:
    question = dhcp6.read_message(
        message(dhcp6.SOLICIT, CLIENT, IA, (3, b"two!" + bytes(8)), (4, b"temp"), (25, bytes(12)))
    )
    assert question is not None
    reply = dhcp6.answer(PLAN, PORT, question)
    assert reply is not None
    read = dhcp6.read_message(reply)
    assert read is not None
    refused = [body for code, body in read.options if code in (3, 4, 25)][1:]
    assert [body[-2:] for body in refused] == [b"\0\2", b"\0\2", b"\0\6"]


@pytest.mark.parametrize(
    "options",
    [
        (dhcp6.SOLICIT, IA),
        (dhcp6.SOLICIT, CLIENT, SERVER, IA),
        (dhcp6.REQUEST, CLIENT, IA),
        (dhcp6.REQUEST, CLIENT, (2, b"somebody else"), IA),
        (dhcp6.REBIND, CLIENT, SERVER, IA),
        (dhcp6.INFORMATION_REQUEST, (2, b"somebody else")),
        (dhcp6.REPLY, CLIENT),
        (12, CLIENT),
    ],
)
def test_silence(options: Any) -> None:
    assert asked(*options) is None


def test_a_side_nic_is_told_no_servers() -> None:
    side = port(ipv6_address=OWN, is_default=False)
    _, options = asked(dhcp6.REQUEST, CLIENT, SERVER, IA, who=side)
    assert set(options) == {1, 2, 3}


def test_physical_networks_name_the_given_servers() -> None:
    fields = {"kind": "physical", "physical_interface": "eth0", "ipv6": part()}
    plan = plan_of(network(dns=["192.0.2.53", "2001:db8::53"], **fields))
    _, options = asked(dhcp6.SOLICIT, CLIENT, IA, plan=plan)
    assert options[23] == IPv6Address("2001:db8::53").packed


@pytest.mark.parametrize(
    ("duid", "mac"),
    [
        (b"\0\1\0\1\1\2\3\4\x0a\0\0\0\0\1", "0a:00:00:00:00:01"),
        (b"\0\3\0\1\x0a\0\0\0\0\2", "0a:00:00:00:00:02"),
        (b"\0\4" + bytes(16), ""),
        (b"\0\3\0\6\x0a\0\0\0\0\2", ""),
        (b"\0\3\0\1\x0a\0\0", ""),
        (b"\0", ""),
    ],
)
def test_mac_of_an_identifier(duid: bytes, mac: str) -> None:
    read = dhcp6.read_message(message(dhcp6.SOLICIT, (1, duid)))
    assert read is not None
    assert dhcp6.mac_of(read) == mac


@given(st.binary(max_size=200))
def test_no_message_breaks_it(data: bytes) -> None:
    for head in (b"", b"\1xid", b"\5xid\0\1\0\2hi"):
        read = dhcp6.read_message(head + data)
        if read is not None:
            dhcp6.answer(PLAN, PORT, read)
            dhcp6.mac_of(read)
