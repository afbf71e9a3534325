"""IPv6 of a network on the host's own NIC: the routers on the wire announce themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hostagent.protocol.ipv6 import link_local_of
from tests.integration.network.dhcp6_clients import Dhcp6Client
from tests.integration.network.frames import UDP, datagram, ip_frame
from tests.integration.network.ipv6 import (
    GATEWAY,
    SERVICE,
    boot,
    learns,
    neighbour,
    nic,
    part,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Guest, Host, Waiter

NEIGHBOUR_SOLICITATION = 135


class Wire:
    """The host's NIC `wan0`, and a router on the other end that announces itself."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.router: Guest = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
        self.router.do("ip", "-6", "addr", "add", f"{GATEWAY}/64", "dev", "eth0", "nodad")
        self.router.do("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        self.pid_file = host.folder / "router.pid"

    def announce(self, *options: str) -> None:
        """Begin to send router advertisements."""
        self.router.do(
            "dnsmasq", "--conf-file=/dev/null", "--port=0", "--user=root", "--enable-ra",
            f"--pid-file={self.pid_file}", "--ra-param=eth0,4,600",
            f"--dhcp-leasefile={self.host.folder / 'router.leases'}", *options,
        )  # fmt: skip

    def close(self) -> None:
        if self.pid_file.exists():
            self.router.do("sh", "-c", f"kill $(cat {self.pid_file})")

    def network(self, *ports: PortSpec, mode: str) -> NetworkSpec:
        return self.host.network(
            "lan", kind="physical", physical_interface="wan0", ports=list(ports),
            dns=["10.70.0.1", GATEWAY], ipv6=part(mode),
        )  # fmt: skip


@pytest.fixture
def wire(host: Host) -> Iterator[Wire]:
    wire = Wire(host)
    yield wire
    wire.close()


async def test_machines_learn_from_the_router_on_the_wire(host: Host, wire: Wire) -> None:
    one, first = await nic(host, "one", 10)
    two, second = await nic(host, "two", 11)
    wire.announce("--dhcp-range=fd00:70::,ra-only,64")
    await host.must_apply(wire.network(one, two, mode="slaac"))

    await learns(first, one.ipv6_address, link_local_of(wire.router.mac))
    await learns(second, two.ipv6_address, link_local_of(wire.router.mac))

    assert first.pings(GATEWAY)
    assert first.pings(two.ipv6_address)
    assert wire.router.pings(two.ipv6_address)
    assert await host.drops(one) == 0


async def test_dhcpv6_is_answered_by_the_host_alone(
    host: Host, wire: Wire, wait_until: Waiter
) -> None:
    """Neither do questions reach the wire, nor answers of a foreign server the machine."""
    port, guest = await nic(host, "one", 10, "dhcp")
    # A server for all comers is beside the router.
    wire.announce("--dhcp-range=fd00:70::a00,fd00:70::aff,64")
    await host.must_apply(wire.network(port, mode="dhcp"))
    wire.router.watch("udp dport 547", f"ip6 saddr {SERVICE}", f"ip6 daddr {SERVICE}")
    await boot(guest)

    told = await Dhcp6Client(guest, host.folder).dhclient()

    assert told["new_ip6_address"] == port.ipv6_address
    assert told["new_dhcp6_name_servers"] == GATEWAY
    await wait_until(lambda: guest.pings(GATEWAY))
    assert wire.router.pings(port.ipv6_address)
    assert wire.router.seen() == [0, 0, 0]
    guest.watch("udp sport 547")
    answer = datagram(547, 546, b"\2abc")
    link_local = link_local_of(guest.mac)
    wire.router.send(ip_frame(wire.router.mac, guest.mac, "fe80::9", link_local, UDP, answer))
    assert guest.seen() == [0]


async def test_the_namespace_is_not_looked_for_on_the_wire(host: Host, wire: Wire) -> None:
    port, guest = await nic(host, "one", 10)
    await host.must_apply(wire.network(port, mode="slaac"))
    wire.router.watch("icmpv6 type nd-neighbor-solicit ip6 daddr ff02::1")

    guest.send(neighbour(NEIGHBOUR_SOLICITATION, guest.mac, port.ipv6_address, SERVICE))
    assert wire.router.seen() == [0]
    guest.send(neighbour(NEIGHBOUR_SOLICITATION, guest.mac, port.ipv6_address, GATEWAY))
    assert wire.router.seen() == [1]
