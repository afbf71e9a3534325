"""bench network: what groups, SNAT and elastic IPs cost a packet, and how fast a change works.

One agent in namespaces of its own with VMs made of veths, without the management service, but for
the effect of a changed rule, which goes through the service to two hosts (`rule_effect`). The
throughput (TCP) and packet rate (UDP, smallest frames) through each of them stand beside a bare
bridge without any rule, in turns in the same run. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address
from pathlib import Path

import structlog

from hostagent.network.links.netns import call_inside
from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule
from hostagent.protocol.network import ElasticAddress, NetworkDocument, PortSpec
from tests.bench import rule_effect
from tests.integration.network.conftest import Guest, Host, run

FLOW = Path(__file__).with_name("flow.py")
PORT = 5001
NETWORK = "10.64.0.0/16"
CHANGES = 20
ROUNDS = 5
SECONDS_EACH = 1.0
EFFECT_WITHIN_S = 10.0
NICS, GROUPS, RULES_PER_GROUP = 200, 20, 100
FEW_VMS, MANY_VMS = 10, 1000
OUTSIDE, ELASTIC = "192.0.2.9", "192.0.2.20"
WAYS = ("groups", "snat", "elastic_out", "elastic_in")
OUT = SecurityRule(id="out", direction="out")


def address(number: int) -> str:
    """The address of the number-th VM."""
    return str(IPv4Address("10.64.1.0") + number)


def pair_group(members: list[str]) -> SecurityGroupSpec:
    """What the measured VMs have: some rules to pass before the one that lets them talk."""
    rules = [
        SecurityRule(id=f"r{n}", direction="in", protocol="tcp", ports=(n, n), priority=n)
        for n in range(1, 9)
    ]
    peer = SecurityRule(id="members", direction="in", peer_group_id="pair")
    return SecurityGroupSpec(
        id="pair",
        rules=[*rules, peer, OUT],
        member_addresses=[OUTSIDE],
        private_members={"net": members},
    )


def crowd(host: Host, vms: int) -> tuple[list[PortSpec], list[SecurityGroupSpec], list[str]]:
    """Other VMs of the host, each with a group of its own; also their addresses."""
    ports, groups = [], []
    addresses = [address(number) for number in range(10, 10 + vms)]
    for place, where in enumerate(addresses):
        identity = f"g{place}"
        rules = [
            SecurityRule(id=f"{identity}-{n}", direction="in", protocol="tcp", ports=(n, n + place))
            for n in range(1, 6)
        ]
        ports.append(host.port(f"vm{place}", where, security_group_ids=[identity]))
        groups.append(SecurityGroupSpec(id=identity, rules=rules, private_members={"net": [where]}))
    return ports, groups, addresses


class Paths:
    """Two VMs on the host, a machine outside, and two more on a bridge that has no rules."""

    def __init__(self, host: Host) -> None:
        self.host = host
        pair = {"security_group_ids": ["pair"]}
        self.ports = [host.port("one", address(1), **pair), host.port("two", address(2), **pair)]
        self.one, self.two = (host.guest(port) for port in self.ports)
        for guest, port in ((self.one, self.ports[0]), (self.two, self.ports[1])):
            guest.static(f"{port.address}/16", "10.64.0.1")
        self.outside = host.outside("192.0.2.9/24", "wan0", "192.0.2.1/24")
        self.bound = host.port("bound", address(3), **pair)
        self.far = host.guest(self.bound)
        self.far.static(f"{self.bound.address}/16", "10.64.0.1")
        self.bare_one, self.bare_two = bare_pair(host.folder)
        self.sinks = [sink(guest) for guest in (self.two, self.outside, self.bare_two, self.far)]

    async def apply(self, vms: int) -> None:
        """Serve the pair and so many other VMs."""
        ports, groups, addresses = crowd(self.host, vms)
        mine = [*self.ports, self.bound]
        members = [*addresses, *(port.address for port in mine)]
        public = self.host.network(
            "pub",
            "192.0.2.0/24",
            kind="physical",
            physical_interface="wan0",
            gateway="192.0.2.9",
            dhcp_address="192.0.2.250",
        )
        report = await self.host.manager.apply(
            NetworkDocument(
                generation=vms,
                networks=[public, self.host.network("net", NETWORK, ports=[*mine, *ports])],
                security_groups=[*groups, pair_group(members)],
                elastic_addresses=[
                    ElasticAddress(address=ELASTIC, network_id="pub", nic_id=self.bound.nic_id)
                ],
            )
        )
        assert report.applied, report.errors

    def measure(self, kind: str, *names: str) -> dict[str, float]:
        """The median of each path, measured in turns."""
        ways: dict[str, Callable[[], float]] = {
            "bare": lambda: flow(self.bare_one, kind, "10.90.0.2"),
            "groups": lambda: flow(self.one, kind, address(2)),
            "snat": lambda: flow(self.one, kind, "192.0.2.9"),
            "elastic_out": lambda: flow(self.far, kind, "192.0.2.9"),
            "elastic_in": lambda: flow(self.outside, kind, ELASTIC),
        }
        found: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name in names:
                found[name].append(ways[name]())
        return {name: statistics.median(values) for name, values in found.items()}

    def close(self) -> None:
        """End what swallows."""
        for process in self.sinks:
            process.kill()
            process.communicate()


def bare_pair(folder: Path) -> tuple[Guest, Guest]:
    """Two guests on a bridge in a namespace where nothing filters."""
    run("ip", "netns", "add", "bare")
    inside = ("ip", "-n", "bare")
    run(*inside, "link", "add", "br0", "type", "bridge")
    run(*inside, "link", "set", "br0", "up")
    guests = []
    for number in (1, 2):
        guest = Guest(f"bare{number}", f"bare{number}", f"0a:00:00:00:09:0{number}", folder)
        run("ip", "link", "set", guest.tap, "netns", "bare")
        run(*inside, "link", "set", guest.tap, "master", "br0", "up")
        guest.do("ip", "addr", "add", f"10.90.0.{number}/24", "dev", "eth0")
        guests.append(guest)
    return guests[0], guests[1]


def sink(guest: Guest) -> subprocess.Popen[str]:
    """What swallows streams in a guest."""
    process = subprocess.Popen(
        ["ip", "netns", "exec", guest.name, sys.executable, str(FLOW), "sink", str(PORT)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def flow(guest: Guest, kind: str, to: str) -> float:
    """Bytes or packets in a second from a guest to an address."""
    seconds = str(SECONDS_EACH)
    return float(guest.do(sys.executable, str(FLOW), kind, to, str(PORT), seconds))


async def rule_effect_s(host: Host) -> list[float]:
    """From the document's arrival to the first packet that passes, or the last, many times."""
    port, peer = (
        host.port("one", address(1), security_group_ids=["g"]),
        host.port("two", address(2)),
    )
    guests = [host.guest(port), host.guest(peer)]
    for guest, spec in zip(guests, (port, peer), strict=True):
        guest.static(f"{spec.address}/16", "10.64.0.1")
    listener = await call_inside(guests[0].name, _listener)
    sender = await call_inside(guests[1].name, _datagrams)
    heard: list[float] = []
    threading.Thread(target=_hear, args=(listener, heard), daemon=True).start()
    ended = threading.Event()
    talk = threading.Thread(target=_talk, args=(sender, address(1), ended))
    talk.start()
    network = host.network("net", NETWORK, ports=[port, peer])
    rule = SecurityRule(id="udp", direction="in", protocol="udp", ports=(PORT, PORT))
    found = []
    try:
        for number in range(CHANGES + 1):
            rules = [] if number % 2 else [rule]
            begin = time.perf_counter()
            await host.must_apply(network, groups=[SecurityGroupSpec(id="g", rules=rules)])
            if rules:
                found.append(await _first_after(heard, begin) - begin)
            else:
                last = [at for at in heard if at > begin]
                found.append((last[-1] if last else begin) - begin)
    finally:
        ended.set()
        talk.join()
        sender.close()
        listener.close()
    return found[1:]  # the first has to find its neighbour


async def _first_after(heard: list[float], begin: float) -> float:
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while not heard or heard[-1] < begin:
            await asyncio.sleep(0.001)
    return min(at for at in heard if at > begin)


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _listener() -> socket.socket:
    handle = _datagrams()
    handle.bind(("", PORT))
    return handle


def _hear(listener: socket.socket, heard: list[float]) -> None:
    try:
        while listener.recv(64):
            heard.append(time.perf_counter())
    except OSError:
        return  # closed: the measurement is over


def _talk(sender: socket.socket, to: str, ended: threading.Event) -> None:
    while not ended.wait(0.001):
        sender.sendto(b"word", (to, PORT))


async def converge_s(host: Host) -> dict[str, float]:
    """The large document on an empty host, the same again, and with one rule changed."""
    groups = [
        SecurityGroupSpec(
            id=f"g{place}",
            rules=[
                SecurityRule(
                    id=f"g{place}-{n}",
                    direction="in",
                    protocol="tcp",
                    ports=(n + 1, n + 1),
                    cidr=f"10.{n}.{place}.0/24",
                )
                for n in range(RULES_PER_GROUP)
            ],
            private_members={"net": [address(n) for n in range(place, NICS, GROUPS)]},
        )
        for place in range(GROUPS)
    ]
    ports = [
        host.port(f"nic{n}", address(n), security_group_ids=[f"g{n % GROUPS}"]) for n in range(NICS)
    ]
    network = host.network("net", NETWORK, ports=ports)
    changed = [SecurityGroupSpec(id="g0", rules=[OUT]), *groups[1:]]
    found = {}
    for name, document in (("first", groups), ("same", groups), ("one_rule", changed)):
        begin = time.perf_counter()
        await host.must_apply(network, groups=document)
        found[name] = round(time.perf_counter() - begin, 3)
    return found


async def effect_part(host: Host) -> dict[str, object]:
    """How fast a changed rule works once the agent has it."""
    effects = await rule_effect_s(host)
    return {
        "rule_effect_agent_s": round(statistics.median(effects), 3),
        "rule_effect_agent_max_s": round(max(effects), 3),
    }


async def converge_part(host: Host) -> dict[str, float]:
    """How long a large document takes."""
    found = await converge_s(host)
    return {"converge_s": found.pop("first")} | {f"converge_{n}_s": v for n, v in found.items()}


async def paths_part(host: Host) -> dict[str, object]:
    """What a packet costs."""
    paths = Paths(host)
    try:
        await paths.apply(FEW_VMS)
        bytes_s = await asyncio.to_thread(paths.measure, "tcp", "bare", *WAYS)
        few = await asyncio.to_thread(paths.measure, "udp", "bare", *WAYS)
        await paths.apply(MANY_VMS)
        many = await asyncio.to_thread(paths.measure, "udp", "bare", "groups")
    finally:
        paths.close()
    ratios = [found["groups"] / found["bare"] for found in (few, many)]
    return {
        "throughput_gbit_s": {name: round(value * 8e-9, 2) for name, value in bytes_s.items()},
        "throughput_ratio": {name: round(bytes_s[name] / bytes_s["bare"], 3) for name in WAYS},
        "packets_per_s": {name: round(value) for name, value in few.items()},
        "packet_rate_ratio": {name: round(few[name] / few["bare"], 3) for name in WAYS},
        "packet_rate_ratio_1000_to_10": round(ratios[1] / ratios[0], 3),
    }


Part = Callable[[Host], Awaitable[Mapping[str, object]]]
SERVICE = "service"  # the one part that has no host of its own
PARTS: dict[str, Part] = {"effect": effect_part, "converge": converge_part, "paths": paths_part}


async def measure(part: str, changes: int) -> Mapping[str, object]:
    """One part, on a host that is nothing but that."""
    with tempfile.TemporaryDirectory() as folder:
        if part == SERVICE:
            return await rule_effect.measure(Path(folder), changes)
        host = Host(Path(folder))
        await host.manager.start()
        try:
            return await PARTS[part](host)
        finally:
            await host.manager.remove_all()


def apart(*words: str) -> dict[str, object]:
    """What this module measures in namespaces of its own with these options."""
    script = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
    again = [sys.executable, "-m", "tests.bench.network", *words]
    arguments = ["unshare", "--net", "--mount", "sh", "-c", script, "sh", *again]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """Measure each part in namespaces of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=(SERVICE, *PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--changes", type=int, default=rule_effect.CHANGES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
        print(json.dumps(asyncio.run(measure(options.part, options.changes))))
        return 0
    result: dict[str, object] = {}
    words = {SERVICE: "How fast a rule that is changed by the API works on two hosts."}
    for name, about in (words | {name: part.__doc__ for name, part in PARTS.items()}).items():
        print(f"measuring: {about}", flush=True)
        result |= apart("--part", name)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
