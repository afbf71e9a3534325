"""Security groups on one host: real traffic between VMs, the host and the outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hostagent.network.bridge_filter import switch_values
from hostagent.network.plan import link_local_of
from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule
from tests.integration.network.talker import Talker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Guest, Host

SWITCH = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
OUT = SecurityRule(id="out", direction="out")


def allow(identity: str, protocol: str, *ports: int, **more: Any) -> SecurityRule:
    """Lets something in."""
    span = (ports[0], ports[-1]) if ports else None
    fields = {"direction": "in", "protocol": protocol, "ports": span, **more}
    return SecurityRule(id=identity, **fields)


def group(identity: str, *rules: SecurityRule, members: tuple[str, ...] = ()) -> SecurityGroupSpec:
    return SecurityGroupSpec(id=identity, rules=list(rules), member_addresses=list(members))


class Vms:
    """VMs of one network, each with a voice."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.ports: dict[str, PortSpec] = {}
        self.guests: dict[str, Guest] = {}
        self.talkers: list[Talker] = []

    def add(self, name: str, address: str, *groups: str, **more: Any) -> Talker:
        port = self.host.port(name, address, security_group_ids=list(groups), **more)
        guest = self.host.guest(port)
        guest.static(f"{address}/24", "10.70.0.1")
        self.ports[name], self.guests[name] = port, guest
        return self.talker("ip", "netns", "exec", guest.name)

    def talker(self, *enter: str) -> Talker:
        talker = Talker(enter)
        self.talkers.append(talker)
        return talker

    def network(self, **more: Any) -> NetworkSpec:
        return self.host.network("net", ports=list(self.ports.values()), **more)

    async def apply(self, *groups: SecurityGroupSpec, **more: Any) -> None:
        await self.host.must_apply(self.network(**more), groups=groups)


@pytest.fixture
def vms(host: Host) -> Iterator[Vms]:
    vms = Vms(host)
    yield vms
    for talker in vms.talkers:
        talker.close()


async def test_allowed_passes_and_the_rest_is_refused_and_counted(vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80, 81)
    web.listens("udp", 53, 54)
    client.listens("tcp", 99)

    await vms.apply(
        group("web", allow("http", "tcp", 80), allow("dns", "udp", 53), allow("ping", "icmp"), OUT)
    )

    assert client.reaches("tcp", "10.70.0.10", 80)
    assert client.reaches("udp", "10.70.0.10", 53)
    assert vms.guests["client"].pings("10.70.0.10")
    assert web.reaches("tcp", "10.70.0.11", 99)
    before = await vms.host.refused(vms.ports["web"])
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    assert not client.reaches("udp", "10.70.0.10", 54, allowed=False)
    assert await vms.host.refused(vms.ports["web"]) >= before + 2
    assert SWITCH.read_text().strip() == "1"


async def test_without_rules_nothing_passes_but_the_services(vms: Vms) -> None:
    one, two = vms.add("one", "10.70.0.10", "none"), vms.add("two", "10.70.0.11")
    one.listens("tcp", 80)
    two.listens("tcp", 80)
    host = vms.talker()
    host.listens("tcp", 88)
    await vms.apply(group("none"))

    assert not two.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert not one.reaches("tcp", "10.70.0.11", 80, allowed=False)
    assert not one.reaches("tcp", "10.70.0.1", 88, allowed=False)
    assert not host.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert two.reaches("tcp", "10.70.0.1", 88)
    assert host.reaches("tcp", "10.70.0.11", 80)
    guest = vms.guests["one"]
    assert (await guest.dhcp())["ip"] == "10.70.0.10"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert (await guest.dhcp(classless=False))["ip"] == "10.70.0.10"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert "10.70.0.11" in await guest.ado("busybox", "nslookup", "host-two", "10.70.0.2")


async def test_order_port_ranges_and_networks(vms: Vms) -> None:
    web = vms.add("web", "10.70.0.10", "web")
    near, far = vms.add("near", "10.70.0.20"), vms.add("far", "10.70.0.130")
    web.listens("tcp", 79, 80, 85, 90, 91)
    await vms.apply(
        group(
            "web",
            allow("range", "tcp", 80, 90, cidr="10.70.0.0/25"),
            allow("wide", "tcp", 80, cidr="0.0.0.0/0", priority=50),
            allow("no", "tcp", 85, action="deny"),
            allow("not-far", "tcp", 80, action="deny", cidr="10.70.0.130/32", priority=10),
        )
    )

    assert [near.reaches("tcp", "10.70.0.10", port) for port in (80, 90)] == [True, True]
    for port in (79, 85, 91):
        assert not near.reaches("tcp", "10.70.0.10", port, allowed=False)
    for port in (80, 90):
        assert not far.reaches("tcp", "10.70.0.10", port, allowed=False)


async def test_two_groups_on_a_nic_and_members_as_peers(vms: Vms) -> None:
    db = vms.add("db", "10.70.0.10", "db", "admin")
    app, other = vms.add("app", "10.70.0.11", "app"), vms.add("other", "10.70.0.12")
    db.listens("tcp", 22, 5432)
    await vms.apply(
        group("db", allow("sql", "tcp", 5432, peer_group_id="app")),
        group("admin", allow("ssh", "tcp", 22)),
        group("app", OUT, members=("10.70.0.11",)),
    )

    assert app.reaches("tcp", "10.70.0.10", 5432)
    assert app.reaches("tcp", "10.70.0.10", 22)
    assert other.reaches("tcp", "10.70.0.10", 22)
    assert not other.reaches("tcp", "10.70.0.10", 5432, allowed=False)


async def test_icmp_types(vms: Vms) -> None:
    vms.add("one", "10.70.0.10", "echo"), vms.add("two", "10.70.0.11")
    await vms.apply(group("echo", allow("echo", "icmp", icmp_type=8), OUT))
    assert vms.guests["two"].pings("10.70.0.10")

    await vms.apply(group("echo", allow("stamp", "icmp", icmp_type=13), OUT))
    assert not vms.guests["two"].pings("10.70.0.10")
    assert vms.guests["one"].pings("10.70.0.11"), "answers come in"


async def test_ipv6_link_local(vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80, 81)
    await vms.apply(group("web", allow("http", "tcp", 80, cidr="fe80::/10"), OUT))
    for name, guest in vms.guests.items():
        own = f"{link_local_of(vms.ports[name].mac)}/64"
        guest.do("ip", "-6", "addr", "replace", own, "dev", "eth0", "nodad")
    address = f"{link_local_of(vms.ports['web'].mac)}%eth0"

    assert client.reaches("tcp", address, 80)
    assert not client.reaches("tcp", address, 81, allowed=False)
    assert not client.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert not vms.guests["client"].pings(address)


async def test_way_out_through_snat(vms: Vms) -> None:
    server = vms.host.outside("192.0.2.9/24", "wan0", "192.0.2.1/24")
    outside = vms.talker("ip", "netns", "exec", server.name)
    outside.listens("tcp", 80, 81)
    one = vms.add("one", "10.70.0.10", "one")
    rule = SecurityRule(
        id="web", direction="out", protocol="tcp", ports=(80, 80), cidr="192.0.2.0/24"
    )
    await vms.apply(group("one", rule))

    assert one.reaches("tcp", "192.0.2.9", 80)
    assert not one.reaches("tcp", "192.0.2.9", 81, allowed=False)
    assert not vms.guests["one"].pings("192.0.2.9")


async def test_the_switch_is_given_back_with_the_last_group(vms: Vms) -> None:
    SWITCH.write_text("0")
    before = switch_values()
    vms.add("one", "10.70.0.10", "none")
    vms.add("two", "10.70.0.11")
    await vms.apply(group("none"))
    assert set(switch_values().values()) == {"1"}

    free = vms.host.port("one", "10.70.0.10")
    await vms.host.must_apply(vms.host.network("net", ports=[free, vms.ports["two"]]))

    assert switch_values() == before
    assert vms.guests["two"].pings("10.70.0.10")
