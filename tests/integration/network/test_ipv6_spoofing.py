"""What a VM must not be able to say in IPv6: somebody else's name, or a router's words."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

import pytest

from hostagent.protocol.ipv6 import link_local_of
from tests.integration.network.frames import UDP, datagram, ip_frame
from tests.integration.network.ipv6 import (
    ADVERTISEMENT,
    GATEWAY,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    SERVICE,
    SOLICITATION,
    eui64,
    icmpv6_frame,
    is_ready,
    learns,
    neighbour,
    nic,
    part,
    router,
    static6,
)

if TYPE_CHECKING:
    from hostagent.protocol.network import PortSpec
    from tests.integration.network.conftest import Guest, Host, Waiter

OTHER = "fd00:70::99"


class Pair:
    """Two VMs on one network: `bad` tries things, `good` watches."""

    def __init__(self, host: Host, bad: tuple[PortSpec, Guest], good: tuple[PortSpec, Guest]):
        self.host = host
        self.bad_port, self.bad = bad
        self.good_port, self.good = good
        self.own = self.bad_port.ipv6_address
        self.link_local = link_local_of(self.bad.mac)

    async def refuses(self, frame: bytes, *, seen_as: str) -> None:
        """The frame is counted and does not arrive."""
        self.good.watch(seen_as)
        before = await self.host.drops(self.bad_port)
        self.bad.send(frame)
        assert await self.host.drops(self.bad_port) == before + 1
        assert self.good.seen() == [0]

    async def lets_through(self, frame: bytes, *, seen_as: str) -> None:
        """The frame arrives and is not counted."""
        self.good.watch(seen_as)
        before = await self.host.drops(self.bad_port)
        self.bad.send(frame)
        assert self.good.seen() >= [1]  # the guest's own stack may say the same
        assert await self.host.drops(self.bad_port) == before


@pytest.fixture
async def pair(host: Host) -> Pair:
    pair = Pair(host, await nic(host, "bad", 10), await nic(host, "good", 11))
    ports = [pair.bad_port, pair.good_port]
    await host.must_apply(host.network("net", ports=ports, ipv6=part()))
    for guest, port in ((pair.bad, pair.bad_port), (pair.good, pair.good_port)):
        static6(guest, port.ipv6_address)
    return pair


async def test_a_foreign_address_is_dropped(pair: Pair) -> None:
    frame = icmpv6_frame(pair.bad.mac, OTHER, _echo())
    await pair.refuses(frame, seen_as=f"ip6 saddr {OTHER}")


async def test_a_foreign_link_local_address_is_dropped(pair: Pair) -> None:
    frame = icmpv6_frame(pair.bad.mac, "fe80::99", _echo())
    await pair.refuses(frame, seen_as="ip6 saddr fe80::99")


async def test_privacy_addresses_are_dropped(host: Host, pair: Pair) -> None:
    pair.bad.do("ip", "-6", "addr", "add", OTHER + "/64", "dev", "eth0", "nodad")
    assert not pair.bad.pings(pair.good_port.ipv6_address, source=OTHER)
    assert await host.drops(pair.bad_port) > 0


@pytest.mark.parametrize("source", ["link_local", "own"])
@pytest.mark.parametrize("target", [GATEWAY, eui64("good"), OTHER, "fe80::1"])
async def test_advertising_a_foreign_address_is_dropped(
    pair: Pair, source: str, target: str
) -> None:
    frame = neighbour(ADVERTISEMENT, pair.bad.mac, getattr(pair, source), target)
    await pair.refuses(frame, seen_as="icmpv6 type nd-neighbor-advert")


async def test_advertising_the_own_addresses_passes(pair: Pair) -> None:
    for target in (pair.own, pair.link_local):
        frame = neighbour(ADVERTISEMENT, pair.bad.mac, pair.own, target)
        pair.good.do("nft", "add table netdev watch; delete table netdev watch")
        seen_as = f"icmpv6 type nd-neighbor-advert @th,64,128 {int(IPv6Address(target)):#x}"
        await pair.lets_through(frame, seen_as=seen_as)


async def test_claiming_a_foreign_address_is_dropped(pair: Pair) -> None:
    frame = neighbour(SOLICITATION, pair.bad.mac, "::", eui64("good"))
    await pair.refuses(frame, seen_as="ip6 saddr :: icmpv6 type nd-neighbor-solicit")


async def test_claiming_the_own_address_passes(pair: Pair) -> None:
    frame = neighbour(SOLICITATION, pair.bad.mac, "::", pair.own)
    await pair.lets_through(frame, seen_as="ip6 saddr :: icmpv6 type nd-neighbor-solicit")


async def test_asking_for_others_passes(pair: Pair) -> None:
    frame = neighbour(SOLICITATION, pair.bad.mac, pair.own, eui64("good"))
    await pair.lets_through(frame, seen_as=f"ip6 saddr {pair.own} icmpv6 type nd-neighbor-solicit")


@pytest.mark.parametrize("kind", [ROUTER_ADVERTISEMENT, REDIRECT])
@pytest.mark.parametrize("source", ["link_local", "own"])
async def test_a_router_s_words_are_dropped(pair: Pair, kind: int, source: str) -> None:
    body = struct.pack("!BBHBBHII", kind, 0, 0, 64, 0, 1800, 0, 0) + bytes(32)
    frame = icmpv6_frame(pair.bad.mac, getattr(pair, source), body)
    await pair.refuses(frame, seen_as=f"icmpv6 type {kind}")


@pytest.mark.parametrize("fragment", [False, True])
async def test_fragments_do_not_hide_them(pair: Pair, *, fragment: bool) -> None:
    body = struct.pack("!BBHBBHII", ROUTER_ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0)
    frame = icmpv6_frame(pair.bad.mac, pair.link_local, body, fragment=fragment)
    await pair.refuses(frame, seen_as=f"ip6 saddr {pair.link_local}")


async def test_large_packets_of_the_own_address_pass(pair: Pair) -> None:
    large = ("busybox", "ping", "-6", "-c1", "-W2", "-s", "3000", pair.good_port.ipv6_address)
    assert "1 packets received" in await pair.bad.ado(*large)


async def test_answers_of_dhcpv6_servers_are_dropped(pair: Pair) -> None:
    frame = ip_frame(
        pair.bad.mac, pair.good.mac, pair.link_local, link_local_of(pair.good.mac), UDP,
        datagram(547, 546, b"\2abc"),
    )  # fmt: skip
    await pair.refuses(frame, seen_as="udp sport 547")


async def test_without_anti_spoofing_it_is_still_no_router_and_no_server(host: Host) -> None:
    free, rogue = await nic(host, "free", 10, anti_spoofing=False)
    port, guest = await nic(host, "good", 11)
    await host.must_apply(host.network("net", ports=[free, port], ipv6=part()))
    static6(guest, port.ipv6_address)
    static6(rogue, OTHER)
    guest.watch("icmpv6 type nd-router-advert ip6 saddr fe80::99", "udp sport 547")

    assert rogue.pings(port.ipv6_address), "such a port may use any address"

    body = struct.pack("!BBHBBHII", ROUTER_ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0)
    rogue.send(icmpv6_frame(rogue.mac, "fe80::99", body))
    link_local = link_local_of(guest.mac)
    answer = datagram(547, 546, b"\2abc")
    rogue.send(ip_frame(rogue.mac, guest.mac, "fe80::99", link_local, UDP, answer))
    assert guest.seen() == [0, 0]


async def test_nobody_takes_the_address_of_the_gateway_or_of_others(
    host: Host, wait_until: Waiter
) -> None:
    """A machine that claims them is not heard, so those that begin later are not disturbed."""
    bad_port, bad = await nic(host, "bad", 10)
    good_port, good = await nic(host, "good", 11)
    await host.must_apply(host.network("net", ports=[bad_port, good_port], ipv6=part()))
    for stolen in (good_port.ipv6_address, GATEWAY, SERVICE, link_local_of(good.mac)):
        bad.do("ip", "-6", "addr", "add", f"{stolen}/64", "dev", "eth0", "nodad")

    await learns(good, good_port.ipv6_address, router())

    assert good.pings(GATEWAY)
    await wait_until(lambda: is_ready(good, good_port.ipv6_address))


def _echo() -> bytes:
    return struct.pack("!BBHHH", 128, 0, 0, 1, 1)
