"""A network on the host's own NIC: the host keeps its connection, and DHCP stays on this host."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from hostagent.network.wire.frames import arp_request

if TYPE_CHECKING:
    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Guest, Host


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def addresses(link: str) -> set[str]:
    found = json.loads(run("ip", "-j", "addr", "show", "dev", link))[0]["addr_info"]
    return {f"{a['local']}/{a['prefixlen']}" for a in found if a["scope"] == "global"}


def routes(link: str) -> set[tuple[str, str | None, int | None]]:
    found = json.loads(run("ip", "-j", "route", "show", "dev", link))
    return {(r["dst"], r.get("gateway"), r.get("metric")) for r in found}


class Wire:
    """The host's NIC `wan0` with addresses and routes, and a machine on the other end."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.router: Guest = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
        run("ip", "addr", "add", "10.70.0.6/24", "dev", "wan0")
        run("ip", "route", "add", "default", "via", "10.70.0.1", "dev", "wan0", "metric", "50")
        run("ip", "route", "add", "198.51.100.0/24", "via", "10.70.0.1", "src", "10.70.0.6")
        self.addresses, self.routes = addresses("wan0"), routes("wan0")

    def network(self, *ports: PortSpec) -> NetworkSpec:
        return self.host.network(
            "lan", kind="physical", physical_interface="wan0", dns=["10.70.0.1"], ports=list(ports)
        )


@pytest.fixture
def wire(host: Host) -> Wire:
    return Wire(host)


async def test_addresses_and_routes_move_to_the_bridge_and_back(host: Host, wire: Wire) -> None:
    network = wire.network()

    await host.must_apply(network)

    assert addresses("wan0") == set()
    assert addresses(network.bridge) == wire.addresses
    assert routes(network.bridge) == wire.routes
    assert wire.router.pings("10.70.0.5")

    await host.must_apply()

    assert addresses("wan0") == wire.addresses
    assert routes("wan0") == wire.routes
    assert wire.router.pings("10.70.0.6")
    assert "anyb" not in run("ip", "link")


async def test_vm_is_on_the_wire_but_dhcp_and_metadata_are_not(host: Host, wire: Wire) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    wire.router.watch(
        "udp dport 67",
        "arp daddr ip 10.70.0.2",
        "arp saddr ip 10.70.0.2",
        "arp daddr ip 169.254.169.254",
        "ip daddr 169.254.169.254",
        "ip saddr 10.70.0.10",
    )
    await host.must_apply(wire.network(port))

    lease = await guest.dhcp()

    assert lease["ip"] == "10.70.0.10"
    assert lease["dns"] == "10.70.0.1"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert guest.pings("10.70.0.1")
    *secret, ours = wire.router.seen()
    assert secret == [0, 0, 0, 0, 0]
    assert ours > 0


async def test_foreign_dhcp_server_and_foreign_machines_are_kept_apart(
    host: Host, wire: Wire
) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(wire.network(port))
    guest.watch("udp sport 67 ip saddr 10.70.0.1", "udp sport 67")
    pid_file = host.folder / "foreign.pid"
    wire.router.do("ip", "addr", "add", "10.70.0.3/24", "dev", "eth0")
    wire.router.do(
        "dnsmasq", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping",
        f"--pid-file={pid_file}", "--dhcp-range=10.70.0.200,10.70.0.210",
        f"--dhcp-leasefile={host.folder / 'foreign.leases'}", "--dhcp-authoritative",
    )  # fmt: skip
    try:
        lease = await guest.dhcp()
    finally:
        wire.router.do("kill", pid_file.read_text().strip())
    assert lease["ip"] == "10.70.0.10"
    foreign, total = guest.seen()
    assert (foreign, total > 0) == (0, True)

    with pytest.raises(AssertionError):
        await wire.router.dhcp(tries=2)


async def test_claims_of_our_addresses_from_the_wire_do_not_reach_vms(
    host: Host, wire: Wire
) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(wire.network(port))
    guest.static("10.70.0.10/24", "10.70.0.1")
    guest.watch("arp saddr ip 10.70.0.2", "arp saddr ip 169.254.169.254", "arp saddr ip 10.70.0.1")

    for address in ("10.70.0.2", "169.254.169.254", "10.70.0.1"):
        wire.router.send(arp_request(wire.router.mac, address, "10.70.0.10"))

    assert guest.seen()[:2] == [0, 0]
    assert guest.seen()[2] > 0


async def test_ipv6_address_moves_and_comes_back(host: Host, wire: Wire) -> None:
    run("ip", "addr", "add", "2001:db8::5/64", "dev", "wan0", "nodad")
    run("ip", "-6", "route", "add", "default", "via", "2001:db8::1", "dev", "wan0")
    network = wire.network()

    await host.must_apply(network)

    assert "2001:db8::5/64" in addresses(network.bridge)
    assert "inet6" not in run("ip", "addr", "show", "dev", "wan0")
    assert "via 2001:db8::1" in run("ip", "-6", "route", "show", "dev", network.bridge)
    await host.must_apply()
    assert "2001:db8::5/64" in addresses("wan0")
    assert "via 2001:db8::1" in run("ip", "-6", "route", "show", "dev", "wan0")


async def test_changing_the_nic_gives_the_former_one_back(host: Host, wire: Wire) -> None:
    run("ip", "link", "add", "wan1", "type", "veth", "peer", "name", "wan1peer")
    run("ip", "addr", "add", "10.90.0.5/24", "dev", "wan1")
    await host.must_apply(wire.network())
    other = host.network("lan", kind="physical", physical_interface="wan1")

    await host.must_apply(other)

    assert addresses("wan0") == wire.addresses
    assert routes("wan0") == wire.routes
    assert addresses(other.bridge) == {"10.90.0.5/24"}


async def test_a_nic_that_cannot_be_bridged_keeps_everything(host: Host, wire: Wire) -> None:
    run("ip", "link", "add", "odd0", "type", "bridge")
    run("ip", "addr", "add", "10.80.0.5/24", "dev", "odd0")
    run("ip", "link", "set", "odd0", "up")
    good = wire.network()
    await host.must_apply(good)
    bad = host.network("odd", "10.80.0.0/24", kind="physical", physical_interface="odd0")

    report = await host.apply(good, bad)

    assert not report.applied
    assert report.generation == 1
    assert [error.network_id for error in report.errors] == ["odd"]
    assert addresses("odd0") == {"10.80.0.5/24"}
    assert bad.bridge not in run("ip", "link")
    assert addresses(good.bridge) == wire.addresses


async def test_missing_and_taken_nics_are_named(host: Host, wire: Wire) -> None:
    run("ip", "link", "add", "br-other", "type", "bridge")
    run("ip", "link", "set", "wan0", "master", "br-other")

    taken = await host.apply(wire.network())
    missing = await host.apply(host.network("x", kind="physical", physical_interface="nope0"))

    assert taken.errors[0].code == "network.interface_taken"
    assert taken.errors[0].params == {"name": "wan0", "network": "br-other"}
    assert missing.errors[0].code == "network.interface_missing"
    assert addresses("wan0") == wire.addresses


async def test_removed_bridge_comes_back_with_the_hosts_addresses(
    host: Host, wire: Wire, wait_until
) -> None:
    network = wire.network()
    await host.must_apply(network)

    run("ip", "link", "del", network.bridge)

    await wait_until(lambda: network.bridge in run("ip", "link"))
    await wait_until(lambda: routes(network.bridge) == wire.routes)
    assert addresses(network.bridge) == wire.addresses
    await wait_until(lambda: wire.router.pings("10.70.0.5"))
