"""Elastic addresses on one host: real traffic between machines, the host and the outside world."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hostagent.network.elastic import elastic_link_name
from hostagent.network.manager import tag_of
from hostagent.network.wire.frames import arp_request
from hostagent.protocol.network import ElasticAddress, NetworkDocument, NetworkSpec
from tests.integration.network.vms import OUT, Vms, allow, group

if TYPE_CHECKING:
    from hostagent.protocol.firewall import SecurityGroupSpec
    from tests.integration.network.conftest import Guest, Host, Waiter
    from tests.integration.network.talker import Talker

PUBLIC, HOST_ADDRESS, OUTSIDE = "203.0.113.0/24", "203.0.113.5", "203.0.113.1"
ONE, TWO = "203.0.113.20", "203.0.113.21"
A, B = "10.70.0.10", "10.70.0.11"


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


class City:
    """A host with the machines a and b in a private network, and the world outside of it."""

    def __init__(self, host: Host, vms: Vms, *, host_address: str | None) -> None:
        self.host, self.vms = host, vms
        cidr = f"{host_address}/24" if host_address else None
        self.world: Guest = host.outside(f"{OUTSIDE}/24", "wan0", cidr)
        self.world.do("sysctl", "-qw", "net.ipv4.neigh.eth0.locktime=0")
        self.voice = vms.talker("ip", "netns", "exec", self.world.name)
        self.a, self.b = vms.add("a", A), vms.add("b", B)
        self._generation = itertools.count(1)

    def public(self) -> NetworkSpec:
        return self.host.network("pub", PUBLIC, kind="physical", physical_interface="wan0")

    async def bind(
        self, *pairs: tuple[str, str], groups: tuple[SecurityGroupSpec, ...] = ()
    ) -> None:
        """Give machines, by name, exactly these elastic addresses."""
        report = await self.try_to_bind(*pairs, groups=groups)
        assert report == [], report

    async def try_to_bind(
        self, *pairs: tuple[str, str], groups: tuple[SecurityGroupSpec, ...] = ()
    ) -> list[str]:
        elastic = [
            ElasticAddress(address=address, network_id="pub", nic_id=name)
            for address, name in pairs
        ]
        report = await self.host.manager.apply(
            NetworkDocument(
                generation=next(self._generation),
                networks=[self.public(), self.vms.network()],
                security_groups=list(groups),
                elastic_addresses=elastic,
            )
        )
        return [error.message for error in report.errors]

    async def is_healthy(self) -> bool:
        status = await self.host.manager.status()
        return all(network.healthy for network in status.networks)

    def seen_by_world(self, voice: Talker, port: int) -> str:
        """Under which address a machine appears to the world's TCP server."""
        number = voice.open("tcp", OUTSIDE, port)
        assert voice.says(number)
        text = self.world.do("ss", "-Htn", "state", "established", "sport", f"= {port}")
        return text.split()[3].rpartition(":")[0].removeprefix("[::ffff:").rstrip("]")


@pytest.fixture
def city(host: Host, vms: Vms) -> City:
    return City(host, vms, host_address=HOST_ADDRESS)


async def test_the_world_reaches_a_machine_and_sees_it_under_its_address(city: City) -> None:
    city.a.listens("tcp", 80)
    city.a.listens("udp", 53)
    city.voice.listens("tcp", 81, 82)
    await city.bind((ONE, "a"))

    assert city.world.pings(ONE)
    assert city.voice.reaches("tcp", ONE, 80)
    assert city.voice.reaches("udp", ONE, 53)
    assert city.seen_by_world(city.a, 81) == ONE
    assert city.seen_by_world(city.b, 82) == HOST_ADDRESS
    assert city.vms.guests["a"].pings(OUTSIDE)
    assert city.vms.talker().reaches("tcp", ONE, 80)  # the host itself gets there, too


async def test_the_host_itself_never_answers_under_an_elastic_address(city: City) -> None:
    city.vms.talker().listens("tcp", 22)
    await city.bind((ONE, "a"))
    assert not city.voice.reaches("tcp", ONE, 22, allowed=False)
    assert city.voice.reaches("tcp", HOST_ADDRESS, 22)
    await city.bind()
    assert not city.voice.reaches("tcp", ONE, 22, allowed=False)


async def test_given_back_the_address_is_silent_and_connections_end(city: City) -> None:
    city.a.listens("tcp", 80)
    city.voice.listens("tcp", 81, 82)
    await city.bind((ONE, "a"))
    inwards, outwards = city.voice.open("tcp", ONE, 80), city.a.open("tcp", OUTSIDE, 81)

    await city.bind()

    assert not city.voice.says(inwards, allowed=False)
    assert not city.a.says(outwards, allowed=False)
    assert not city.world.pings(ONE)
    assert city.seen_by_world(city.a, 82) == HOST_ADDRESS


async def test_rebound_while_traffic_flows(city: City) -> None:
    city.a.prattles("tcp", 80)
    city.b.prattles("tcp", 80)
    city.b.listens("tcp", 81)
    await city.bind((ONE, "a"))
    first = city.voice.open("tcp", ONE, 80)
    assert city.voice.hears(first)

    await city.bind((ONE, "b"))

    assert not city.voice.hears(first, allowed=False)
    assert city.voice.hears(city.voice.open("tcp", ONE, 80))
    assert city.voice.reaches("tcp", ONE, 81)


async def test_what_was_open_before_goes_on_under_the_new_order(city: City) -> None:
    """A connection of another machine is not touched by binding an address."""
    city.voice.listens("tcp", 81)
    city.b.listens("tcp", 80)
    await city.bind((TWO, "b"))
    outwards, inwards = city.b.open("tcp", OUTSIDE, 81), city.voice.open("tcp", TWO, 80)
    await city.bind((TWO, "b"), (ONE, "a"))
    assert city.b.says(outwards)
    assert city.voice.says(inwards)


async def test_machines_reach_each_other_and_themselves_by_elastic_addresses(city: City) -> None:
    city.a.listens("tcp", 80)
    city.b.listens("tcp", 80)
    await city.bind((ONE, "a"), (TWO, "b"))
    assert city.a.reaches("tcp", TWO, 80)
    assert city.b.reaches("tcp", ONE, 80)
    assert city.a.reaches("tcp", ONE, 80)
    assert city.a.reaches("tcp", B, 80)  # and still directly
    await city.bind((ONE, "a"))
    assert city.b.reaches("tcp", ONE, 80)
    assert city.a.reaches("tcp", ONE, 80)


async def test_a_machine_of_another_private_network_gets_there_only_by_the_address(
    city: City,
) -> None:
    other = city.host.port("c", "10.90.0.10")
    guest = city.host.guest(other)
    guest.static("10.90.0.10/24", "10.90.0.1")
    voice = city.vms.talker("ip", "netns", "exec", guest.name)
    city.a.listens("tcp", 80)
    report = await city.host.manager.apply(
        NetworkDocument(
            generation=1,
            networks=[
                city.public(),
                city.vms.network(),
                city.host.network("other", "10.90.0.0/24", ports=[other]),
            ],
            elastic_addresses=[
                ElasticAddress(address=ONE, network_id="pub", nic_id="a"),
                ElasticAddress(address=TWO, network_id="pub", nic_id="c"),
            ],
        )
    )
    assert report.applied, report.errors
    assert voice.reaches("tcp", ONE, 80)
    assert not voice.reaches("tcp", A, 80, allowed=False)


async def test_security_groups_judge_what_comes_by_the_address(city: City) -> None:
    web = city.vms.add("web", "10.70.0.12", "web")
    web.listens("tcp", 80, 81)
    city.voice.listens("tcp", 82)
    await city.bind((ONE, "web"), groups=(group("web", allow("http", "tcp", 80), OUT),))
    assert city.voice.reaches("tcp", ONE, 80)
    assert city.b.reaches("tcp", ONE, 80)
    assert city.seen_by_world(web, 82) == ONE
    assert not city.voice.reaches("tcp", ONE, 81, allowed=False)
    assert not city.b.reaches("tcp", ONE, 81, allowed=False)
    elsewhere = allow("http", "tcp", 80, cidr="198.51.100.0/24")
    await city.bind((ONE, "web"), groups=(group("web", elsewhere),))
    assert not city.voice.reaches("tcp", ONE, 80, allowed=False)


async def test_neighbours_are_told_where_the_address_is_now(city: City, wait_until: Waiter) -> None:
    await city.bind()
    stale = ("lladdr", "0a:00:00:00:00:99", "dev", "eth0", "nud", "reachable")
    city.world.do("ip", "neigh", "replace", ONE, *stale)
    await city.bind((ONE, "a"))
    await wait_until(lambda: "0a:00:00:00:00:99" not in city.world.do("ip", "neigh", "show", ONE))
    assert city.world.pings(ONE)


async def test_a_host_without_an_address_there_does_it_as_well(host: Host, vms: Vms) -> None:
    city = City(host, vms, host_address=None)
    city.a.listens("tcp", 80)
    city.voice.listens("tcp", 81)
    await city.bind((ONE, "a"))
    assert city.voice.reaches("tcp", ONE, 80)
    assert city.seen_by_world(city.a, 81) == ONE


async def test_strict_reverse_path_filters_are_loosened_where_needed(city: City) -> None:
    """The host's own way to the world is another one than that of the addresses."""
    Path("/proc/sys/net/ipv4/conf/all/rp_filter").write_text("1")
    run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
    run("ip", "link", "set", "lan0", "up")
    run("ip", "addr", "add", "192.0.2.2/24", "dev", "lan0")
    run("ip", "route", "add", "default", "via", "192.0.2.1", "dev", "lan0")
    city.world.do("ip", "addr", "add", "198.51.100.9/32", "dev", "lo")
    city.a.listens("tcp", 80)
    await city.bind((ONE, "a"))
    assert city.world.pings(ONE, source="198.51.100.9")
    assert city.vms.guests["a"].pings("198.51.100.9")


async def test_a_host_that_may_not_answer_says_so(city: City) -> None:
    await city.bind()
    setting = Path("/proc/sys/net/ipv4/conf/all/arp_ignore")
    setting.write_text("1")
    (error,) = await city.try_to_bind((ONE, "a"))
    assert "net.ipv4.conf.all.arp_ignore" in error
    assert city.vms.guests["a"].pings(OUTSIDE)  # as before
    setting.write_text("0")
    await city.bind((ONE, "a"))
    assert city.world.pings(ONE)


async def test_what_somebody_takes_away_comes_back(city: City, wait_until: Waiter) -> None:
    await city.bind((ONE, "a"))
    link = elastic_link_name(tag_of(city.host.folder / "state"))
    for sabotage in (
        ("ip", "link", "del", link),
        ("ip", "addr", "flush", "dev", link),
        ("ip", "rule", "flush"),
        ("nft", "flush", "ruleset"),
    ):
        run(*sabotage)
        if sabotage[1:] == ("rule", "flush"):
            for table, priority in (("main", "32766"), ("default", "32767")):
                run("ip", "rule", "add", "lookup", table, "priority", priority)
        async with asyncio.timeout(15):
            while not await city.is_healthy():
                await asyncio.sleep(0.05)
        guest = city.vms.guests["a"]
        await wait_until(lambda: city.world.pings(ONE) and guest.pings(OUTSIDE))  # noqa: B023


async def test_it_all_goes_on_over_a_restart_of_the_agent(city: City) -> None:
    city.a.listens("tcp", 80)
    await city.bind((ONE, "a"))
    kept = city.voice.open("tcp", ONE, 80)
    await city.host.manager.stop()
    assert city.voice.says(kept)
    city.host.manager = type(city.host.manager)(city.host.folder / "state")
    await city.host.manager.start()
    assert city.voice.says(kept)
    assert city.voice.reaches("tcp", ONE, 80)


@pytest.mark.parametrize(
    ("elastic", "remedy"),
    [
        (ElasticAddress(address="203.0.114.1", network_id="pub", nic_id="a"), "host address of"),
        (ElasticAddress(address="203.0.113.255", network_id="pub", nic_id="a"), "host address of"),
        (ElasticAddress(address="x; drop", network_id="pub", nic_id="a"), "an IPv4 address"),
        (ElasticAddress(address=OUTSIDE, network_id="pub", nic_id="a"), "belongs to"),
        (ElasticAddress(address=ONE, network_id="net", nic_id="a"), "kind physical"),
        (ElasticAddress(address=ONE, network_id="nowhere", nic_id="a"), "kind physical"),
        (ElasticAddress(address=ONE, network_id="pub", nic_id="nobody"), "private network"),
    ],
)
async def test_nonsense_is_refused_and_changes_nothing(
    city: City, elastic: ElasticAddress, remedy: str
) -> None:
    networks = [
        city.host.network(
            "pub", PUBLIC, kind="physical", physical_interface="wan0", gateway=OUTSIDE
        ),
        city.vms.network(),
    ]
    report = await city.host.manager.apply(
        NetworkDocument(generation=1, networks=networks, elastic_addresses=[elastic])
    )
    assert not report.applied
    assert all(remedy in error.message for error in report.errors), report.errors
    assert "anye" not in run("ip", "link")


async def test_a_machine_never_hears_itself(city: City) -> None:
    """Its port may give frames back, for its own elastic address only."""
    await city.bind((ONE, "a"))
    guest = city.vms.guests["a"]
    own = f"ether saddr {guest.mac}"
    guest.watch(f"{own} ether daddr ff:ff:ff:ff:ff:ff", f"{own} icmp type echo-request")
    guest.send(arp_request(guest.mac, A, B))
    assert guest.pings(ONE)
    assert guest.seen() == [0, 1]
