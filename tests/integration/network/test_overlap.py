"""Two private networks with the same addresses on one host, and machines with the same address."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hostagent.network.connections.conntrack import Conntrack
from hostagent.network.manager import NetworkManager
from hostagent.protocol.network import ElasticAddress, NetworkDocument, NetworkSpec
from tests.integration.network.vms import OUT, Vms, allow, group, private_group

if TYPE_CHECKING:
    from hostagent.protocol.firewall import SecurityGroupSpec
    from hostagent.protocol.network import PortSpec
    from tests.integration.network.conftest import Guest, Host
    from tests.integration.network.talker import Talker

PUBLIC, HOST_ADDRESS, OUTSIDE = "203.0.113.0/24", "203.0.113.5", "203.0.113.1"
EAST_PUBLIC, WEST_PUBLIC = "203.0.113.20", "203.0.113.21"
GATEWAY, SAME, BESIDE = "10.70.0.1", "10.70.0.10", "10.70.0.11"
PORT = 40_000  # the source of what must not be mixed up


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


class Town:
    """The networks east and west, each with the machines 0 (SAME) and 1 (BESIDE)."""

    def __init__(self, host: Host, vms: Vms) -> None:
        self.host = host
        self.world: Guest = host.outside(f"{OUTSIDE}/24", "wan0", f"{HOST_ADDRESS}/24")
        self.voice = vms.talker("ip", "netns", "exec", self.world.name)
        self.here = vms.talker()
        self.ports: dict[str, PortSpec] = {}
        self.guests: dict[str, Guest] = {}
        self.voices: dict[str, Talker] = {}
        for name, address in itertools.product(("east", "west"), (SAME, BESIDE)):
            key = f"{name}{'01'[address == BESIDE]}"
            port = self.ports[key] = host.port(key, address)
            guest = self.guests[key] = host.guest(port)
            guest.static(f"{address}/24", GATEWAY)
            self.voices[key] = vms.talker("ip", "netns", "exec", guest.name)
        self._generation = itertools.count(1)

    def network(self, name: str, groups: dict[str, list[str]]) -> NetworkSpec:
        ports = [
            self.host.port(key, port.address, security_group_ids=groups.get(key, []))
            for key, port in self.ports.items()
            if key.startswith(name)
        ]
        return self.host.network(name, ports=ports)

    async def apply(
        self,
        *networks: str,
        bound: dict[str, str] | None = None,
        groups: dict[str, list[str]] | None = None,
        specs: tuple[SecurityGroupSpec, ...] = (),
    ) -> None:
        """Serve both networks, or only these; elastic addresses by address, groups by machine."""
        public = self.host.network("pub", PUBLIC, kind="physical", physical_interface="wan0")
        report = await self.host.manager.apply(
            NetworkDocument(
                generation=next(self._generation),
                networks=[
                    public,
                    *(self.network(name, groups or {}) for name in networks or ("east", "west")),
                ],
                security_groups=list(specs),
                elastic_addresses=[
                    ElasticAddress(address=address, network_id="pub", nic_id=key)
                    for address, key in (bound or {}).items()
                ],
            )
        )
        assert report.applied, report.errors

    async def apply_bound(self) -> None:
        """The machines with the same address have elastic ones."""
        await self.apply(bound={EAST_PUBLIC: "east0", WEST_PUBLIC: "west0"})

    async def apply_filtered(self) -> None:
        """All bridged packets come by the rules as well; everything is allowed."""
        anything = group("any", allow("all", "any"), OUT)
        await self.apply(groups={key: ["any"] for key in self.ports}, specs=(anything,))

    def is_whole(self) -> bool:
        """Whether all machines get out, and the world to those with elastic addresses."""
        return all(self.world.pings(address) for address in (EAST_PUBLIC, WEST_PUBLIC)) and all(
            guest.pings(GATEWAY) and guest.pings(OUTSIDE) for guest in self.guests.values()
        )

    def peers_of(self, key: str, port: int) -> list[str]:
        """Who is connected to a port of a machine, as it sees them."""
        text = self.guests[key].do("ss", "-Htn", "state", "established", "sport", f"= {port}")
        return [line.split()[3].replace("[::ffff:", "").replace("]", "") for line in
                text.splitlines()]  # fmt: skip


@pytest.fixture
def town(host: Host, vms: Vms) -> Town:
    return Town(host, vms)


@pytest.mark.parametrize("filtered", [False, True])
async def test_each_machine_reaches_its_own_gateway_and_neighbours(
    town: Town, filtered: bool
) -> None:
    await (town.apply_filtered() if filtered else town.apply())
    town.here.listens("tcp", 22)
    town.voices["east1"].listens("tcp", 80)
    town.voices["west1"].listens("tcp", 81)
    open_ones = []
    for name in ("east", "west"):
        mine = town.voices[f"{name}0"]
        assert town.guests[f"{name}0"].pings(GATEWAY)
        assert town.guests[f"{name}0"].pings(BESIDE)
        assert mine.reaches("tcp", BESIDE, 80, allowed=name == "east") == (name == "east")
        assert mine.reaches("tcp", BESIDE, 81, allowed=name == "west") == (name == "west")
        open_ones.append((mine, mine.open("tcp", GATEWAY, 22, PORT)))
    assert all(mine.says(number) for mine, number in open_ones)


async def test_the_same_ports_inside_are_different_connections(town: Town) -> None:
    await town.apply_filtered()
    open_ones = []
    for name in ("east", "west"):
        for kind in ("tcp", "udp"):
            town.voices[f"{name}1"].listens(kind, 80)
            mine = town.voices[f"{name}0"]
            open_ones.append((mine, mine.open(kind, BESIDE, 80, PORT)))
        assert town.peers_of(f"{name}1", 80) == [f"{SAME}:{PORT}"]
    assert all(mine.says(number) for mine, number in open_ones)


@pytest.mark.parametrize("filtered", [False, True])
async def test_dhcp_and_metadata_are_right_in_both(town: Town, filtered: bool) -> None:
    await (town.apply_filtered() if filtered else town.apply())
    leases = await asyncio.gather(*(guest.dhcp() for guest in town.guests.values()))
    found = dict(zip(town.guests, (lease["ip"] for lease in leases), strict=True))
    assert found == {"east0": SAME, "east1": BESIDE, "west0": SAME, "west1": BESIDE}
    for key, guest in town.guests.items():
        assert await guest.get("/latest/meta-data/instance-id") == f"vm-{key}"


@pytest.mark.parametrize("filtered", [False, True])
async def test_both_go_out_at_once_from_the_same_port(town: Town, filtered: bool) -> None:
    await (town.apply_filtered() if filtered else town.apply())
    open_ones = []
    for kind in ("tcp", "udp"):
        town.voice.listens(kind, 80)
        for name in ("east", "west"):
            mine = town.voices[f"{name}0"]
            open_ones.append((mine, mine.open(kind, OUTSIDE, 80, PORT)))
    for _ in range(3):
        assert all(mine.says(number) for mine, number in open_ones)
    assert all(town.guests[f"{name}0"].pings(OUTSIDE) for name in ("east", "west"))


async def test_what_the_host_has_to_say_on_the_way_reaches_the_right_one(town: Town) -> None:
    await town.apply()
    for key in ("east0", "west0"):
        town.guests[key].watch("icmp type time-exceeded")
        town.guests[key].do("busybox", "ping", "-c1", "-W1", "-t1", OUTSIDE, check=False)
    assert [town.guests[key].seen() for key in ("east0", "west0")] == [[1], [1]]


async def test_the_world_reaches_each_under_its_own_address(town: Town) -> None:
    town.voices["east0"].listens("tcp", 80, 81)
    town.voices["west0"].listens("tcp", 80, 82)
    town.voice.listens("tcp", 90)
    await town.apply_bound()
    open_ones = [
        (town.voice, town.voice.open("tcp", address, 80, PORT))
        for address in (EAST_PUBLIC, WEST_PUBLIC)
    ]
    for key, address, mine, others in (
        ("east0", EAST_PUBLIC, 81, 82),
        ("west0", WEST_PUBLIC, 82, 81),
    ):
        assert town.peers_of(key, 80) == [f"{OUTSIDE}:{PORT}"]
        assert town.voice.reaches("tcp", address, mine)
        assert not town.voice.reaches("tcp", address, others, allowed=False)
        assert town.here.reaches("tcp", address, mine)
        assert not town.here.reaches("tcp", address, others, allowed=False)
        voice = town.voices[key]
        open_ones.append((voice, voice.open("tcp", OUTSIDE, 90, PORT)))
        text = town.world.do("ss", "-Htn", "state", "established", "sport", "= 90")
        assert f"{address}]:{PORT}" in text
        assert town.guests[key].pings(OUTSIDE)
        assert town.guests[key].pings(GATEWAY)
    assert all(voice.says(number) for voice, number in open_ones)


async def test_they_reach_each_other_by_elastic_addresses(town: Town) -> None:
    town.here.listens("tcp", 22)
    town.voices["east0"].listens("tcp", 81)
    town.voices["west0"].listens("tcp", 82)
    await town.apply_bound()
    for key, address, port in (
        ("east0", WEST_PUBLIC, 82), ("west0", EAST_PUBLIC, 81),  # the other with my address
        ("east1", WEST_PUBLIC, 82), ("west1", EAST_PUBLIC, 81),
        ("east1", EAST_PUBLIC, 81), ("west1", WEST_PUBLIC, 82),
        ("east0", EAST_PUBLIC, 81), ("west0", WEST_PUBLIC, 82),  # myself
    ):  # fmt: skip
        assert town.voices[key].reaches("tcp", address, port), (key, address)
        assert not town.voices[key].reaches("tcp", address, 83, allowed=False)
    open_ones = [
        (town.voices[key], town.voices[key].open("tcp", EAST_PUBLIC, 81, PORT))
        for key in ("east1", "west1", "west0")
    ]
    open_ones += [
        (town.voices[key], town.voices[key].open("tcp", HOST_ADDRESS, 22, PORT))
        for key in ("east0", "west0")
    ]
    assert all(voice.says(number) for voice, number in open_ones)


async def test_a_double_cannot_speak_in_a_connection_of_the_other(town: Town) -> None:
    """The same peer and the same ports: the world talks with one, and the other with the world."""
    town.voices["east0"].listens("udp", 500)
    town.voice.listens("udp", 500)
    await town.apply(bound={EAST_PUBLIC: "east0"})
    inwards = town.voice.open("udp", EAST_PUBLIC, 500, 501)
    outwards = town.voices["west0"].open("udp", OUTSIDE, 500, 500)
    again = town.voices["west0"].open("udp", OUTSIDE, 500, 501)
    assert town.voice.says(inwards)
    assert town.voices["west0"].says(outwards)
    assert town.voices["west0"].says(again)


async def test_a_double_cannot_answer_in_the_place_of_the_other(town: Town) -> None:
    """What it says has all the addresses and ports of an answer, but comes from elsewhere."""
    town.voices["east0"].listens("udp", 600)
    await town.apply(bound={EAST_PUBLIC: "east0"})
    number = town.voices["west1"].open("udp", EAST_PUBLIC, 600, 601)
    with Conntrack() as conntrack:
        (expected,) = (
            one.reply for one in conntrack.connections() if one.original.source_port == 601
        )
    assert (expected.source, expected.destination) == (SAME, GATEWAY)
    town.guests["west1"].watch("udp sport 600")
    code = (
        "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);"
        "s.bind(('', 600)); s.sendto(b'forged', (sys.argv[1], int(sys.argv[2])))"
    )
    forge = (sys.executable, "-c", code, GATEWAY, str(expected.destination_port))
    town.guests["west0"].do(*forge)
    assert town.guests["west1"].seen() == [0]
    town.guests["east0"].do(*forge)  # it would have been heard
    assert town.guests["west1"].seen() == [1]
    assert town.voices["west1"].says(number)


async def test_rebound_ends_the_connections_of_the_former_one_only(town: Town) -> None:
    for key in ("east0", "west0"):
        town.voices[key].listens("tcp", 80)
    town.voices["east0"].listens("tcp", 81)
    town.voices["west0"].listens("tcp", 82)
    town.voice.listens("tcp", 90)
    await town.apply(bound={EAST_PUBLIC: "east0"})
    ended = town.voice.open("tcp", EAST_PUBLIC, 80, PORT)
    ended_too = town.voices["east0"].open("tcp", OUTSIDE, 90, PORT)
    kept = town.voices["east1"].open("tcp", OUTSIDE, 90, PORT)
    kept_too = town.voices["west1"].open("tcp", OUTSIDE, 90, PORT)

    await town.apply(bound={EAST_PUBLIC: "west0"})

    assert not town.voice.says(ended, allowed=False)
    assert not town.voices["east0"].says(ended_too, allowed=False)
    assert town.voices["east1"].says(kept)
    assert town.voices["west1"].says(kept_too)
    assert town.voice.reaches("tcp", EAST_PUBLIC, 82)
    assert not town.voice.reaches("tcp", EAST_PUBLIC, 81, allowed=False)


async def test_groups_of_one_do_not_judge_the_other(town: Town) -> None:
    for key in ("east0", "west0"):
        town.voices[key].listens("tcp", 80)
    peers = {"east": [BESIDE]}
    specs = (
        group("inside", allow("peers", "any", peer_group_id="peers"), OUT),
        private_group("peers", members=peers),
    )
    await town.apply(groups={"east0": ["inside"], "west0": ["inside"]}, specs=specs)
    assert town.voices["east1"].reaches("tcp", SAME, 80)
    assert not town.voices["west1"].reaches("tcp", SAME, 80, allowed=False)
    await town.apply(groups={"east0": ["inside"]}, specs=specs)
    assert town.voices["west1"].reaches("tcp", SAME, 80)
    await town.apply(
        groups={"east0": ["inside"]}, specs=(group("inside", OUT),),
    )  # fmt: skip
    assert town.voices["west1"].reaches("tcp", SAME, 80)
    assert not town.voices["east1"].reaches("tcp", SAME, 80, allowed=False)


async def test_a_changed_rule_cuts_the_connections_of_its_network_only(town: Town) -> None:
    open_ones = {}
    for name in ("east", "west"):
        town.voices[f"{name}0"].listens("tcp", 80)
    web = group("web", allow("http", "tcp", 80), OUT)
    both = {"east0": ["web"], "west0": ["web"]}
    await town.apply(groups=both, specs=(web,))
    for name in ("east", "west"):
        open_ones[name] = town.voices[f"{name}1"].open("tcp", SAME, 80, PORT)
    shut = group("shut", OUT)
    await town.apply(groups={**both, "east0": ["shut"]}, specs=(web, shut))
    assert not town.voices["east1"].says(open_ones["east"], allowed=False)
    assert town.voices["west1"].says(open_ones["west"])
    await town.apply(groups=both, specs=(web, shut))
    assert town.voices["east1"].says(open_ones["east"])


async def test_members_elsewhere_are_known_by_network_and_address(town: Town) -> None:
    """What a member of another network keeps open is judged as its packets are."""
    town.voices["west0"].listens("tcp", 80)
    bound, groups = {WEST_PUBLIC: "west0"}, {"west0": ["inside"]}
    peers = private_group("peers", members={"east": [BESIDE]})
    rule = allow("peers", "tcp", 80, peer_group_id="peers")
    await town.apply(bound=bound, groups=groups, specs=(group("inside", rule, OUT), peers))
    kept = town.voices["east1"].open("tcp", WEST_PUBLIC, 80, PORT)
    assert not town.voices["west1"].reaches("tcp", WEST_PUBLIC, 80, allowed=False)
    assert not town.voices["east0"].reaches("tcp", WEST_PUBLIC, 80, allowed=False)
    more = group("inside", rule, allow("more", "tcp", 81), OUT)
    await town.apply(bound=bound, groups=groups, specs=(more, peers))
    assert town.voices["east1"].says(kept)
    await town.apply(bound=bound, groups=groups, specs=(group("inside", OUT), peers))
    assert not town.voices["east1"].says(kept, allowed=False)


async def test_groups_judge_what_comes_by_elastic_addresses(town: Town) -> None:
    for key in ("east0", "west0"):
        town.voices[key].listens("tcp", 80, 81)
    await town.apply(
        bound={EAST_PUBLIC: "east0", WEST_PUBLIC: "west0"},
        groups={"east0": ["one"], "west0": ["two"]},
        specs=(
            group("one", allow("http", "tcp", 80), OUT),
            group("two", allow("http", "tcp", 81), OUT),
        ),
    )
    for voice in (town.voice, town.voices["east1"], town.voices["west1"]):
        assert voice.reaches("tcp", EAST_PUBLIC, 80)
        assert voice.reaches("tcp", WEST_PUBLIC, 81)
        assert not voice.reaches("tcp", EAST_PUBLIC, 81, allowed=False)
        assert not voice.reaches("tcp", WEST_PUBLIC, 80, allowed=False)
    assert town.voices["east0"].reaches("tcp", WEST_PUBLIC, 81)
    assert town.voices["west0"].reaches("tcp", EAST_PUBLIC, 80)


async def test_one_without_the_other_leaves_no_trace_and_disturbs_nobody(town: Town) -> None:
    town.voice.listens("tcp", 90)
    town.voices["east0"].listens("tcp", 80)
    await town.apply("east")
    assert "fwmark" not in run("ip", "rule")
    inwards_later = town.voices["east0"].open("tcp", OUTSIDE, 90, PORT)
    inside = town.voices["east1"].open("tcp", SAME, 80, PORT)

    await town.apply()  # the other one comes

    assert run("ip", "rule").count("fwmark") == 2
    assert town.voices["east0"].says(inwards_later)
    assert town.voices["east1"].says(inside)
    other = town.voices["west0"].open("tcp", OUTSIDE, 90, PORT)

    await town.apply("east")  # and goes

    assert not town.voices["west0"].says(other, allowed=False)
    assert town.voices["east0"].says(inwards_later)
    assert town.voices["east1"].says(inside)
    assert "fwmark" not in run("ip", "rule")
    assert not [
        line
        for line in run("ip", "route", "show", "table", "all").splitlines()
        if "table 16" in line  # 0x62000000 and up
    ]
    with Conntrack() as conntrack:
        zones = {one.original.zone for one in conntrack.connections()} - {0}
    assert len(zones) == 1
    assert run("sysctl", "-n", "net.ipv4.fwmark_reflect").strip() == "0"


async def test_what_somebody_takes_away_comes_back(town: Town) -> None:
    await town.apply_bound()
    west = town.network("west", {}).bridge
    table = run("ip", "-o", "rule").partition("fwmark")[2].split()[2]
    for sabotage in (
        ("ip", "rule", "del", "priority", "20900"),
        ("ip", "route", "flush", "table", table),
        ("ip", "link", "del", west),
        ("ip", "link", "set", west, "address", "0a:00:00:00:00:99"),
        ("nft", "flush", "ruleset"),
    ):
        run(*sabotage)
        async with asyncio.timeout(30):
            while not await asyncio.to_thread(town.is_whole):  # the agent works meanwhile
                await asyncio.sleep(0.1)


async def test_without_its_way_nothing_gets_to_the_wrong_one(town: Town) -> None:
    """Whatever happens to routes: what is for one network never comes out in the other."""
    await town.apply()
    await town.host.manager.stop()
    run("ip", "rule", "del", "priority", "20900")
    run("ip", "rule", "del", "priority", "20900")
    for guest in town.guests.values():
        guest.watch(f"ip saddr {OUTSIDE}")
    reached = [key for key, guest in town.guests.items() if guest.pings(OUTSIDE)]
    seen = [key for key, guest in town.guests.items() if guest.seen() != [0]]
    assert seen == reached
    assert {key[:4] for key in reached} in ({"east"}, {"west"})


async def test_a_restart_of_the_agent_disturbs_nothing(town: Town) -> None:
    town.voice.listens("tcp", 90)
    town.voices["west0"].listens("tcp", 80)
    await town.apply_bound()
    kept = [
        (town.voice, town.voice.open("tcp", WEST_PUBLIC, 80, PORT)),
        *(
            (town.voices[key], town.voices[key].open("tcp", OUTSIDE, 90, PORT))
            for key in town.guests
        ),
    ]
    before = (run("ip", "rule"), run("nft", "-s", "list", "ruleset"))
    await town.host.manager.stop()
    assert all(voice.says(number) for voice, number in kept)
    town.host.manager = NetworkManager(town.host.folder / "state")
    await town.host.manager.start()
    assert (run("ip", "rule"), run("nft", "-s", "list", "ruleset")) == before
    assert all(voice.says(number) for voice, number in kept)


@pytest.mark.parametrize("more", [{"snat": False}, {"kind": "physical"}])
async def test_what_is_seen_outside_may_not_overlap(host: Host, more: dict[str, Any]) -> None:
    host.outside(f"{OUTSIDE}/24", "wan0", None)
    if more.get("kind") == "physical":
        more = {**more, "physical_interface": "wan0"}
    report = await host.apply(host.network("east"), host.network("west", **more))
    assert [error.code for error in report.errors] == ["network.conflict"]
