"""IPv6 in private networks, with real packets: addresses, ways out, names, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hostagent.protocol.network import bridge_name, namespace_name
from tests.integration.network.conftest import run
from tests.integration.network.ipv6 import (
    GATEWAY,
    PREFIX,
    SERVICE,
    addresses,
    boot,
    eui64,
    is_ready,
    learns,
    nic,
    part,
    router,
    routers,
)

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host, Waiter


async def test_machines_make_their_address_and_find_their_way(host: Host) -> None:
    one, first = await nic(host, "one", 10)
    two, second = await nic(host, "two", 11)
    await host.must_apply(host.network("net", ports=[one, two], ipv6=part()))

    await learns(first, one.ipv6_address, router())
    await learns(second, two.ipv6_address, router())

    assert first.pings(two.ipv6_address)
    assert first.pings(GATEWAY)
    assert await host.drops(one) == 0
    assert (await host.manager.status()).networks[0].drift == []


async def test_machines_are_masqueraded_to_the_outside(host: Host) -> None:
    server = host.outside("10.9.0.2/24", "eth9", "10.9.0.1/24")
    server.do("ip", "-6", "addr", "add", "2001:db8:9::2/64", "dev", "eth0", "nodad")
    run("ip", "-6", "addr", "add", "2001:db8:9::1/64", "dev", "eth9", "nodad")
    port, guest = await nic(host, "one", 10)
    await host.must_apply(host.network("net", ports=[port], ipv6=part()))
    await learns(guest, port.ipv6_address, router())
    server.watch(f"ip6 saddr {PREFIX}", "ip6 saddr 2001:db8:9::1 icmpv6 type echo-request")

    assert guest.pings("2001:db8:9::2")

    assert server.seen() == [0, 1]
    server.do("ip", "-6", "route", "add", str(PREFIX), "via", "2001:db8:9::1")
    assert not server.pings(port.ipv6_address), "nobody comes in unasked"


async def test_a_routed_network_keeps_its_addresses(host: Host) -> None:
    server = host.outside("10.9.0.2/24", "eth9", "10.9.0.1/24")
    server.do("ip", "-6", "addr", "add", "2001:db8:9::2/64", "dev", "eth0", "nodad")
    run("ip", "-6", "addr", "add", "2001:db8:9::1/64", "dev", "eth9", "nodad")
    server.do("ip", "-6", "route", "add", str(PREFIX), "via", "2001:db8:9::1")
    port, guest = await nic(host, "one", 10)
    await host.must_apply(host.network("net", ports=[port], ipv6=part(), snat=False))
    await learns(guest, port.ipv6_address, router())
    server.watch(f"ip6 saddr {port.ipv6_address} icmpv6 type echo-request")

    assert guest.pings("2001:db8:9::2")

    assert server.seen() == [1]
    assert server.pings(port.ipv6_address)


async def test_private_networks_do_not_reach_one_another(host: Host) -> None:
    port, guest = await nic(host, "one", 10)
    other = host.port("far", "10.71.0.10", ipv6_address="fd00:71::a")
    there = host.guest(other)
    networks = [
        host.network("net", ports=[port], ipv6=part()),
        host.network(
            "other", "10.71.0.0/24", ports=[other],
            ipv6=part("dhcp", cidr="fd00:71::/64", gateway="fd00:71::1",
                      service_address="fd00:71::2"),
        ),
    ]  # fmt: skip
    await host.must_apply(*networks)
    await learns(guest, port.ipv6_address, router())
    there.do("ip", "-6", "addr", "add", "fd00:71::a/64", "dev", "eth0", "nodad")

    assert there.pings("fd00:71::1")
    assert not guest.pings("fd00:71::a")


async def test_names_resolve_to_both_addresses(host: Host) -> None:
    one, first = await nic(host, "one", 10)
    two, _ = await nic(host, "two", 11)
    await host.must_apply(host.network("net", ports=[one, two], ipv6=part()))
    await learns(first, one.ipv6_address, router())
    first.static("10.70.0.10/24", "10.70.0.1")
    await learns(first, one.ipv6_address, router())

    for server in (SERVICE, "10.70.0.2"):
        for kind, wanted in (("AAAA", two.ipv6_address), ("A", "10.70.0.11")):
            found = await first.ado("busybox", "nslookup", f"-type={kind}", "host-two", server)
            assert wanted in found


async def test_a_side_nic_has_an_address_and_no_way_out(host: Host, wait_until: Waiter) -> None:
    port, guest = await nic(host, "one", 10, is_default=False)
    await host.must_apply(host.network("net", ports=[port], ipv6=part()))

    await boot(guest)
    await wait_until(lambda: is_ready(guest, port.ipv6_address))

    assert routers(guest) == []
    assert guest.pings(GATEWAY)


async def test_ipv6_comes_and_goes_while_machines_run(host: Host, wait_until: Waiter) -> None:
    plain = host.port("one", "10.70.0.10")
    guest = host.guest(plain)
    await host.must_apply(host.network("net", ports=[plain]))
    await boot(guest)
    assert addresses(guest) == []
    with_ipv6 = host.port("one", "10.70.0.10", ipv6_address=eui64("one"))

    await host.must_apply(host.network("net", ports=[with_ipv6], ipv6=part()))
    await wait_until(lambda: addresses(guest) == [eui64("one")])  # told without asking
    await wait_until(lambda: guest.pings(GATEWAY))

    await host.must_apply(host.network("net", ports=[plain]))
    await wait_until(lambda: routers(guest) == [])
    assert "deprecated" in guest.do("ip", "-6", "addr", "show", "dev", "eth0", "scope", "global")
    assert not guest.pings(GATEWAY)
    assert run("ip", "-6", "addr", "show", "dev", bridge_name("net")) == ""
    inside = ("ip", "-n", namespace_name("net"), "-6", "addr", "show", "dev", "any0")
    assert run(*inside) == ""
