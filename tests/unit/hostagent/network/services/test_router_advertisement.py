"""Router advertisements, byte by byte (RFC 4861, RFC 8106)."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address

from hostagent.network.plan.network import plan_of
from hostagent.network.services.router_advertisement import OVER, SIDE_LIFETIMES, advertisement
from tests.unit.hostagent.network.plan.test_ipv6 import PREFIX, part
from tests.unit.hostagent.network.plan.test_network import network


def options(message: bytes) -> dict[int, bytes]:
    found, at = {}, 16
    while at < len(message):
        size = message[at + 1] * 8
        assert size > 0
        found[message[at]] = message[at + 2 : at + size]
        at += size
    assert at == len(message)
    return found


def test_slaac() -> None:
    plan = plan_of(network(ipv6=part(mode="slaac"), domain="lab.test", mtu=1400))
    message = advertisement(plan)
    assert message[:16] == struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 65_535, 0, 0)
    found = options(message)
    assert found[1].hex(":") == plan.bridge_mac
    assert found[5] == struct.pack("!HI", 0, 1400)
    prefix = struct.pack("!BBIII", 64, 0xC0, 86_400, 14_400, 0)
    assert found[3] == prefix + PREFIX.network_address.packed
    assert found[25][6:] == IPv6Address("fd00:1::2").packed
    assert found[31][6:].rstrip(b"\0") == b"\3lab\4test"


def test_dhcp() -> None:
    message = advertisement(plan_of(network(ipv6=part(cidr="fd00:1::/112"))))
    assert message[5] == 0xC0  # addresses and the rest by DHCPv6
    found = options(message)
    assert found[3][:2] == bytes([112, 0x80])  # on the link, but nothing to make addresses of
    assert 31 not in found


def test_side_nics_get_no_way_out_and_no_servers() -> None:
    message = advertisement(plan_of(network(ipv6=part(mode="slaac"))), SIDE_LIFETIMES)
    assert message[6:8] == b"\0\0"
    assert set(options(message)) == {1, 3, 5}


def test_the_end() -> None:
    message = advertisement(plan_of(network(ipv6=part(mode="slaac"))), OVER)
    assert message[6:8] == b"\0\0"
    assert options(message)[3][2:10] == bytes(8)
