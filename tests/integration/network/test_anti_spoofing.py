"""What a VM must not be able to say: somebody else's name, or a router's words."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from hostagent.network.wire.frames import arp_request, dhcp_release, mac_bytes

if TYPE_CHECKING:
    from hostagent.protocol.network import PortSpec
    from tests.integration.network.conftest import Guest, Host

ALL_NODES_MAC = b"\x33\x33\x00\x00\x00\x01"
STRANGER_MAC = "0a:de:ad:be:ef:00"


def router_advertisement(mac: str, source: bytes) -> bytes:
    """A bare ICMPv6 type 134 from `source` to all nodes (RFC 4861, 4.2)."""
    body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    header = struct.pack("!IHBB", 6 << 28, len(body), 58, 255)
    all_nodes = b"\xff\x02" + bytes(13) + b"\x01"
    return ALL_NODES_MAC + mac_bytes(mac) + b"\x86\xdd" + header + source + all_nodes + body


class Pair:
    """Two VMs on one network: `bad` tries things, `good` watches."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.bad_port = host.port("bad", "10.70.0.10")
        self.good_port = host.port("good", "10.70.0.11")
        self.bad: Guest = host.guest(self.bad_port)
        self.good: Guest = host.guest(self.good_port)

    async def start(self) -> None:
        ports: list[PortSpec] = [self.bad_port, self.good_port]
        await self.host.must_apply(self.host.network("net", ports=ports))
        self.bad.static("10.70.0.10/24", "10.70.0.1")
        self.good.static("10.70.0.11/24", "10.70.0.1")


@pytest.fixture
async def pair(host: Host) -> Pair:
    pair = Pair(host)
    await pair.start()
    return pair


async def test_honest_traffic_passes_and_nothing_is_counted(pair: Pair) -> None:
    for guest in (pair.bad, pair.good):
        guest.do("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")
    before = await pair.host.drops(pair.bad_port)

    assert pair.bad.pings("10.70.0.11")

    assert await pair.host.drops(pair.bad_port) == before


async def test_foreign_mac_is_dropped(pair: Pair) -> None:
    before = await pair.host.drops(pair.bad_port)
    pair.bad.do("ip", "link", "set", "eth0", "address", STRANGER_MAC)
    assert not pair.bad.pings("10.70.0.11")
    assert await pair.host.drops(pair.bad_port) > before


async def test_foreign_address_is_dropped(pair: Pair) -> None:
    pair.bad.do("ip", "addr", "add", "10.70.0.99/24", "dev", "eth0")
    pair.good.watch("ip saddr 10.70.0.99", "arp saddr ip 10.70.0.99")
    before = await pair.host.drops(pair.bad_port)
    assert not pair.bad.pings("10.70.0.11", source="10.70.0.99")
    assert pair.good.seen() == [0, 0]
    assert await pair.host.drops(pair.bad_port) > before


@pytest.mark.parametrize(
    ("mac", "sender"), [("own", "10.70.0.1"), ("own", "10.70.0.11"), (STRANGER_MAC, "10.70.0.10")]
)
async def test_forged_arp_is_dropped(pair: Pair, mac: str, sender: str) -> None:
    before = await pair.host.drops(pair.bad_port)
    frame = arp_request(pair.bad.mac if mac == "own" else mac, sender, "10.70.0.11")
    pair.good.watch(f"arp saddr ip {sender} arp daddr ip 10.70.0.11")

    pair.bad.send(frame[:6] + mac_bytes(pair.bad.mac) + frame[12:])

    assert await pair.host.drops(pair.bad_port) == before + 1
    assert pair.good.seen() == [0]


async def test_dhcp_answers_of_vms_are_dropped(pair: Pair) -> None:
    pair.good.watch("udp sport 67")
    frame = dhcp_release(pair.bad.mac, "10.70.0.10", pair.good.mac, "10.70.0.11")
    rogue = bytearray(frame)
    rogue[34:38] = struct.pack("!HH", 67, 68)
    before = await pair.host.drops(pair.bad_port)

    pair.bad.send(bytes(rogue))

    assert await pair.host.drops(pair.bad_port) == before + 1
    assert pair.good.seen() == [0]


async def test_dhcp_answers_are_dropped_even_without_anti_spoofing(host: Host) -> None:
    free, good = host.port("free", "10.70.0.10", anti_spoofing=False), host.port("g", "10.70.0.11")
    rogue, guest = host.guest(free), host.guest(good)
    await host.must_apply(host.network("net", ports=[free, good]))
    guest.watch("udp sport 67")
    frame = bytearray(dhcp_release(rogue.mac, "10.70.0.10", guest.mac, "10.70.0.11"))
    frame[34:38] = struct.pack("!HH", 67, 68)

    rogue.send(bytes(frame))

    assert guest.seen() == [0]
    rogue.static("10.70.0.99/24", "10.70.0.1")
    assert rogue.pings("10.70.0.1"), "such a port may use any address"
    rogue.do("ip", "addr", "add", "10.70.0.11/24", "dev", "eth0")
    steal = ["curl", "-s", "-m", "2", "--interface", "10.70.0.11"]
    stolen = await rogue.ado("sh", "-c", f"{' '.join(steal)} http://169.254.169.254/latest/; true")
    assert stolen == "", "but never read another VM's metadata"


async def test_router_advertisements_and_foreign_ipv6_are_dropped(pair: Pair) -> None:
    pair.good.watch("icmpv6 type nd-router-advert", "ip6 saddr fd00::1")
    link_local = b"\xfe\x80" + bytes(6)
    octets = mac_bytes(pair.bad.mac)
    own = link_local + bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    before = await pair.host.drops(pair.bad_port)

    pair.bad.send(router_advertisement(pair.bad.mac, own))
    pair.bad.send(router_advertisement(pair.bad.mac, b"\xfd" + bytes(14) + b"\x01"))

    assert await pair.host.drops(pair.bad_port) >= before + 2
    assert pair.good.seen() == [0, 0]


async def test_drop_counters_go_on_over_a_reload(pair: Pair) -> None:
    pair.bad.send(arp_request(pair.bad.mac, "10.70.0.1", "10.70.0.11"))
    before = await pair.host.drops(pair.bad_port)
    assert before > 0
    third = pair.host.port("third", "10.70.0.12")
    ports = [pair.bad_port, pair.good_port, third]

    await pair.host.must_apply(pair.host.network("net", ports=ports))

    assert await pair.host.drops(pair.bad_port) >= before
