"""IPv6 stays true: repairs, restarts of the agent, and a host that gets back what it had."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hostagent.network.manager import NetworkManager
from hostagent.protocol.network import bridge_name, namespace_name
from tests.integration.network.conftest import run
from tests.integration.network.dhcp6_clients import Dhcp6Client
from tests.integration.network.ipv6 import GATEWAY, SERVICE, boot, learns, nic, part, router

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host, Waiter

INSIDE = ("ip", "-n", namespace_name("net"))


def setting(name: str) -> str:
    return Path("/proc/sys/net/ipv6/conf", name).read_text().strip()


async def test_sabotage_is_repaired(host: Host, wait_until: Waiter) -> None:
    port, guest = await nic(host, "one", 10, "dhcp")
    await host.must_apply(host.network("net", ports=[port], ipv6=part("dhcp")))
    bridge = bridge_name("net")

    run("ip", "-6", "addr", "flush", "dev", bridge, "scope", "global")
    run(*INSIDE, "-6", "addr", "flush", "dev", "any0", "scope", "global")
    run("ip", "-6", "addr", "add", "fd00:70::66/64", "dev", bridge)
    await wait_until(lambda: GATEWAY in run("ip", "-6", "addr", "show", "dev", bridge))
    await wait_until(lambda: SERVICE in run(*INSIDE, "-6", "addr", "show", "dev", "any0"))
    await wait_until(lambda: "::66" not in run("ip", "-6", "addr", "show", "dev", bridge))

    run("ip", "link", "del", bridge)
    await wait_until(lambda: bridge in run("ip", "-br", "link"))
    run("ip", "netns", "del", namespace_name("net"))
    await wait_until(lambda: namespace_name("net") in run("ip", "netns"))
    await wait_until(lambda: SERVICE in run(*INSIDE, "-6", "addr", "show", "dev", "any0"))
    await boot(guest)
    told = await Dhcp6Client(guest, host.folder).dhclient()
    assert told["new_ip6_address"] == port.ipv6_address
    await wait_until(lambda: guest.pings(GATEWAY))


async def test_a_second_document_touches_nothing_that_is_right(host: Host) -> None:
    one, _ = await nic(host, "one", 10, "dhcp")
    await host.must_apply(host.network("net", ports=[one], ipv6=part("dhcp")))
    segment = host.manager._segments["net"]
    services = (segment._ipv6._advertiser, segment._ipv6._dhcp, segment.dnsmasq.pid())
    two, _ = await nic(host, "two", 11, "dhcp")

    await host.must_apply(host.network("net", ports=[one, two], ipv6=part("dhcp")))

    assert (segment._ipv6._advertiser, segment._ipv6._dhcp, segment.dnsmasq.pid()) == services


async def test_an_agent_that_starts_again_goes_on(host: Host) -> None:
    port, guest = await nic(host, "one", 10)
    await host.must_apply(host.network("net", ports=[port], ipv6=part()))
    await learns(guest, port.ipv6_address, router())
    await host.manager.stop()
    assert guest.pings(GATEWAY), "machines do without it"

    host.manager = NetworkManager(host.folder / "state")
    await host.manager.start()

    await learns(guest, port.ipv6_address, router())
    assert (await host.manager.status()).networks[0].drift == []


async def test_the_host_still_listens_to_its_own_router(host: Host, wait_until: Waiter) -> None:
    """Forwarding makes a host deaf for router advertisements, and forget what it learnt."""
    wire = host.outside("10.9.0.2/24", "eth9", "10.9.0.1/24")
    wire.do("ip", "-6", "addr", "add", "2001:db8:9::1/64", "dev", "eth0", "nodad")
    wire.do("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    pid_file = host.folder / "router.pid"
    wire.do(
        "dnsmasq", "--conf-file=/dev/null", "--port=0", "--user=root", f"--pid-file={pid_file}",
        "--enable-ra", "--dhcp-range=2001:db8:9::,ra-only", "--ra-param=eth0,4,60",
        f"--dhcp-leasefile={host.folder / 'router.leases'}",
    )  # fmt: skip
    try:
        await wait_until(lambda: _default_route() == "eth9")
        accept_before = {path: setting(path) for path in ("eth9/accept_ra", "default/accept_ra")}
        await host.must_apply(host.network("net", ipv6=part()))
        assert setting("all/forwarding") == "1"
        assert _default_route() == "eth9"
        run("ip", "-6", "route", "del", "default")
        # It hears the next one as well, which dnsmasq sends within 20 s.
        await wait_until(lambda: _default_route() == "eth9", timeout_s=40)

        await host.manager.remove_all()

        assert setting("all/forwarding") == "0"
        assert {path: setting(path) for path in accept_before} == accept_before
        assert _default_route() == "eth9"
    finally:
        wire.do("sh", "-c", f"kill $(cat {pid_file})")


def _default_route() -> str:
    words = run("ip", "-6", "route", "show", "default").split()
    return words[words.index("dev") + 1] if "dev" in words else ""


async def test_a_bad_part_changes_nothing_and_is_named(host: Host) -> None:
    await host.must_apply(host.network("net", ipv6=part()))

    report = await host.apply(host.network("net", ipv6=part(gateway="fd00:71::1")))

    assert not report.applied
    assert report.errors[0].params["field"] == "ipv6.gateway"
    assert GATEWAY in run("ip", "-6", "addr", "show", "dev", bridge_name("net"))
