"""Probes of the paths between hosts with real frames, through a switch made of a bridge."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hostagent.network.paths.messages import ASK, EVERYBODY, Message, Sealer
from hostagent.protocol import commands as c
from hostagent.protocol.commands import Command
from hostagent.protocol.probe import (
    PathAnswer,
    PathHeard,
    ProbeEnd,
    ProbeListen,
    ProbePeer,
    ProbeReady,
    ProbeSend,
    ProbeWire,
)

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


class Prober:
    """A host: a namespace whose `wan0` is plugged into the switch as `port<number>`."""

    def __init__(self, number: int) -> None:
        self.number, self.port = number, f"port{number}"
        self.name = f"prober{number}"
        run("ip", "netns", "add", self.name)
        peer = ("type", "veth", "peer", "name", "wan0", "netns", self.name)
        run("ip", "link", "add", self.port, *peer)
        run("ip", "link", "set", self.port, "master", "switch", "up")
        self.do("ip", "link", "set", "lo", "up")
        self.do("ip", "link", "set", "wan0", "up")
        self.do("ip", "addr", "add", f"10.70.0.{number}/24", "dev", "wan0")
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, sys.executable, "-m",
             "tests.integration.network.far_prober"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip

    def do(self, *arguments: str) -> str:
        return run("ip", "netns", "exec", self.name, *arguments)

    async def ask(self, command: Command[Any, Any], params: Any) -> Any:
        """Give the host a command; a text is the code of its refusal."""
        return await asyncio.to_thread(self._ask, command, params)

    def _ask(self, command: Command[Any, Any], params: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode((command.name, params)) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if b'"refused"' in line:
            return msgspec.json.decode(line)["refused"]
        return msgspec.json.decode(line, type=command.result)

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(20) == 0
        self._process.stdout.close()


@pytest.fixture
def hosts(inside: Path) -> Iterator[list[Prober]]:
    run("ip", "link", "add", "switch", "type", "bridge")
    run("ip", "link", "set", "switch", "up")
    hosts = [Prober(number) for number in range(1, 5)]
    yield hosts
    for host in hosts:
        host.end()


Answers = dict[tuple[int, int], int]


class Probe:
    """One probe over all hosts; `answers` and `heard` are bytes by (from, to)."""

    def __init__(self, hosts: list[Prober], wire: ProbeWire) -> None:
        self.hosts, self.wire = hosts, wire
        self.nonce = secrets.token_bytes(32)
        self.answers: Answers = {}
        self.heard: Answers = {}
        self.other_tags: dict[tuple[int, int], int] = {}
        self.round_trips: list[int] = []

    async def listen(self) -> list[ProbePeer]:
        peers = []
        for host in self.hosts:
            ready = await host.ask(
                c.NETWORK_PROBE_LISTEN,
                ProbeListen(nonce=self.nonce, member=host.number, wire=self.wire, duration_s=60),
            )
            assert isinstance(ready, ProbeReady), ready
            peers.append(ProbePeer(member=host.number, place=ready.place, port=ready.port))
        return peers

    async def run(self) -> Probe:
        peers = await self.listen()

        async def send(host: Prober) -> None:
            others = [peer for peer in peers if peer.member != host.number]
            sent = await host.ask(c.NETWORK_PROBE_SEND, ProbeSend(nonce=self.nonce, peers=others))
            item: PathAnswer
            for item in sent.answers:
                self.answers[host.number, item.member] = item.max_bytes
                self.round_trips.append(item.round_trip_us)

        await asyncio.gather(*map(send, self.hosts))
        for host in self.hosts:
            found = await host.ask(c.NETWORK_PROBE_END, ProbeEnd(nonce=self.nonce))
            item: PathHeard
            for item in found.heard:
                if item.max_bytes:
                    self.heard[item.member, host.number] = item.max_bytes
                if item.other_tag is not None:
                    self.other_tags[item.member, host.number] = item.other_tag
        return self


def ethernet(mtu_bytes: int = 1500, vlan_id: int | None = None) -> ProbeWire:
    return ProbeWire(interface="wan0", mtu_bytes=mtu_bytes, vlan_id=vlan_id)


PAIRS = {(a, b) for a in range(1, 5) for b in range(1, 5) if a != b}


async def test_all_paths_of_a_good_switch_work(hosts: list[Prober]) -> None:
    """Also with a tag, between the ends of tunnels, and with a NIC that is a bridge's port."""
    hosts[0].do("ip", "link", "add", "br0", "type", "bridge")
    hosts[0].do("ip", "link", "set", "wan0", "master", "br0")
    hosts[0].do("ip", "link", "set", "br0", "up")
    for wire in (ethernet(), ethernet(vlan_id=42)):
        probe = await Probe(hosts, wire).run()
        assert probe.answers == probe.heard == dict.fromkeys(PAIRS, 1500)
        assert all(0 < one < 1_000_000 for one in probe.round_trips)
        assert probe.other_tags == {}
    hosts[0].do("ip", "link", "set", "wan0", "nomaster")
    probe = await Probe(hosts, ProbeWire(underlay_cidr="10.70.0.0/24", mtu_bytes=1450)).run()
    assert probe.answers == probe.heard == dict.fromkeys(PAIRS, 1450)


async def test_a_tag_that_a_port_does_not_let_through(hosts: list[Prober]) -> None:
    run("nft", "add table netdev port; add chain netdev port in { type filter hook ingress device "
        "port2 priority 0; }; add rule netdev port in vlan id 42 drop")  # fmt: skip
    probe = await Probe(hosts, ethernet(vlan_id=42)).run()
    assert probe.heard.keys() == {pair for pair in PAIRS if pair[0] != 2}
    assert probe.answers.keys() == {pair for pair in PAIRS if 2 not in pair}
    assert (await Probe(hosts, ethernet(vlan_id=43)).run()).heard.keys() == PAIRS
    assert (await Probe(hosts, ethernet()).run()).heard.keys() == PAIRS


async def test_a_path_with_a_small_mtu_is_measured(hosts: list[Prober]) -> None:
    run("ip", "link", "set", "port3", "mtu", "1400")
    probe = await Probe(hosts, ethernet()).run()
    small = {pair for pair in PAIRS if 3 in pair}
    assert {pair for pair, size in probe.answers.items() if size == 1500} == PAIRS - small
    # The kernel lets a veth pass a tag's four bytes more than its MTU.
    assert {pair: size // 10 for pair, size in probe.answers.items() if pair in small} == (
        dict.fromkeys(small, 140)
    )
    tunnels = await Probe(hosts, ProbeWire(underlay_cidr="10.70.0.0/24", mtu_bytes=1450)).run()
    assert {pair: size // 10 for pair, size in tunnels.answers.items() if pair in small} == (
        dict.fromkeys(small, 135)
    )


async def test_one_way_paths_and_another_tag_are_told_apart(hosts: list[Prober]) -> None:
    run("nft", "add table netdev port; add chain netdev port out { type filter hook ingress device "
        "port4 priority 0; }; add rule netdev port out ether type 0x88b5 drop")  # fmt: skip
    probe = await Probe(hosts, ethernet()).run()
    assert probe.heard.keys() == {pair for pair in PAIRS if pair[0] != 4}, "4 hears, but is mute"
    assert probe.answers.keys() == {pair for pair in PAIRS if 4 not in pair}

    listening = Probe(hosts[:1], ethernet(vlan_id=42))
    (peer,) = await listening.listen()
    sealer = Sealer(listening.nonce)
    message = Message(ASK, 2, EVERYBODY, 64, 1)
    frame = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x88\xb5" + sealer.write(message)
    _put(hosts[1], frame)
    await asyncio.sleep(0.3)
    found = await hosts[0].ask(c.NETWORK_PROBE_END, ProbeEnd(nonce=listening.nonce))
    assert found.heard == [PathHeard(member=2, max_bytes=0, other_tag=0)]
    assert peer.member == 1


async def test_nobody_on_the_wire_makes_a_host_talk(hosts: list[Prober]) -> None:
    run("nft", "add table netdev port; add chain netdev port in { type filter hook ingress device "
        "port1 priority 0; }; add rule netdev port in ether type 0x88b5 counter")  # fmt: skip

    def said() -> int:
        text = run("nft", "list", "table", "netdev", "port")
        return int(text.split("counter packets ")[1].split()[0])

    probe = Probe(hosts[:1], ethernet())
    ask = Message(ASK, 2, EVERYBODY, 64, 1)
    head = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x88\xb5"
    good = head + Sealer(probe.nonce).write(ask)
    _put(hosts[1], good)
    await asyncio.sleep(0.2)
    assert said() == 0, "nothing was announced"
    await probe.listen()
    _put(hosts[1], head + Sealer(secrets.token_bytes(32)).write(ask), good[:-30])
    await asyncio.sleep(0.2)
    assert said() == 0, "not the probe's nonce, or cut short"
    _put(hosts[1], good, good, good)
    await asyncio.sleep(0.3)
    assert said() == 1, "once for each ask, however often it is repeated"
    await hosts[0].ask(c.NETWORK_PROBE_END, ProbeEnd(nonce=probe.nonce))
    _put(hosts[1], good)
    await asyncio.sleep(0.2)
    assert said() == 1


async def test_what_cannot_be_probed_is_refused(hosts: list[Prober]) -> None:
    async def listen(**fields: Any) -> Any:
        wire = ProbeWire(mtu_bytes=1500, **fields)
        params = ProbeListen(nonce=secrets.token_bytes(32), member=1, wire=wire, duration_s=30)
        return await hosts[0].ask(c.NETWORK_PROBE_LISTEN, params)

    assert await listen(interface="nope0") == "path.no_interface"
    assert await listen(underlay_cidr="10.9.0.0/24") == "path.no_address"
    assert await listen(underlay_cidr="nonsense") == "agent.bad_parameters"
    assert await listen(interface="wan0", vlan_id=4095) == "agent.bad_parameters"
    assert await listen() == "agent.bad_parameters"
    hosts[0].do("ip", "link", "set", "wan0", "down")
    assert await listen(interface="wan0") == "path.interface_down"
    hosts[0].do("ip", "link", "set", "wan0", "up", "mtu", "1300")
    ready = await listen(interface="wan0")
    assert (ready.limit_bytes, ready.port) == (1300, 0)
    lost = ProbeSend(nonce=secrets.token_bytes(32), peers=[])
    assert await hosts[0].ask(c.NETWORK_PROBE_SEND, lost) == "path.over"
    begun = [await listen(interface="wan0") for _ in range(8)]
    assert begun[-1] == "path.busy"


def _put(host: Prober, *frames: bytes) -> None:
    code = (
        "import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW);"
        "s.bind(('wan0', 0)); [s.send(bytes.fromhex(one)) for one in sys.argv[1:]]"
    )
    host.do(sys.executable, "-c", code, *(frame.hex() for frame in frames))
