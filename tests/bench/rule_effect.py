"""How long a rule that is changed by the API takes to hold on two hosts.

The real service in a process of its own, and two hosts with real networks in namespaces of their
own. On each a machine in the group hears datagrams of one beside it, five hundred a second. The
clock runs from before the request until the first of them has passed on both hosts, or the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.client import Client, wait
from appliance.protocol.resources import Vm
from hostagent.network.links.netns import call_inside
from hostagent.protocol.network import tap_name
from tests.integration.network.conftest import Guest, run
from tests.lab.simulated.cloud import Layout, SimulatedCloud, add_image, set_up
from tests.lab.simulated.service import ServiceProcess
from tests.lab.simulated.tokens import prepare_secrets, tokens_for

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "10.98.0.1"
PORT = 5001
CHANGES = 20
EVERY_S = 0.002
QUIET_S = 0.25  # so long nothing is heard: it holds
EFFECT_WITHIN_S = 10.0
LAYOUT = Layout(cidr="10.64.0.0/16", gateway="10.64.0.1", first="10.64.0.10", last="10.64.0.99")


class HostProcess:
    """A host in namespaces of its own, with a cable to the service."""

    def __init__(self, name: str, number: int, folder: Path) -> None:
        mounts = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
        with (folder / f"{name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--net", "--mount", "sh", "-c", mounts, "sh", sys.executable,
                 "-m", "tests.lab.simulated.real_network", str(folder / name)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, text=True,
            )  # fmt: skip
        pid = str(self.process.pid)
        self._enter = ("nsenter", "-t", pid, "-n")
        _until_separate(pid)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "up0", "netns", pid)
        run("ip", "link", "set", name, "master", "cables", "up")
        self.do("ip", "addr", "add", f"10.98.0.{number}/24", "dev", "up0")
        self.do("ip", "link", "set", "up0", "up")

    def do(self, *arguments: str) -> None:
        """Run a command on the host."""
        run(*self._enter, *arguments)

    async def join(self, token: str) -> str:
        """Join with a token; the host's id."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    def plug(self, vm: Vm, folder: Path) -> Guest:
        """A guest for a machine of this host."""
        (nic,) = vm.nics
        guest = Guest(f"g-{vm.name}", tap_name(nic.id), nic.mac, folder)
        run("ip", "link", "set", guest.tap, "netns", str(self.process.pid))
        self.do("ip", "link", "set", guest.tap, "up")
        guest.static(f"{nic.address}/16", LAYOUT.gateway)
        return guest

    def end(self) -> None:
        """Let it take everything away."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _until_separate(pid: str) -> None:
    """The child is in its own network namespace only once `unshare` has done its work."""
    own = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/ns/net").readlink() == own:
        assert time.monotonic() < deadline, "no network namespace"
        time.sleep(0.01)


@dataclass
class Pair:
    """Two guests of one host: datagrams of one, and when the other heard them."""

    listener: socket.socket
    sender: socket.socket
    address: str
    heard: list[float] = field(default_factory=list)

    def hear(self) -> None:
        """Note each datagram until the socket is shut."""
        with contextlib.suppress(OSError):
            while self.listener.recv(64):
                self.heard.append(time.perf_counter())

    def talk(self, ended: threading.Event) -> None:
        """Send until `ended`."""
        while not ended.wait(EVERY_S):
            self.sender.sendto(b"word", (self.address, PORT))


async def pair_of(listening: Guest, talking: Guest, address: str) -> Pair:
    """Sockets in two guests."""
    return Pair(
        await call_inside(listening.name, _listener),
        await call_inside(talking.name, _datagrams),
        address,
    )


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _listener() -> socket.socket:
    handle = _datagrams()
    handle.bind(("", PORT))
    return handle


@contextlib.asynccontextmanager
async def cloud(folder: Path) -> AsyncIterator[tuple[SimulatedCloud, list[HostProcess], list[str]]]:
    """The service with two hosts."""
    run("ip", "link", "add", "cables", "type", "bridge")
    run("ip", "link", "set", "cables", "up")
    run("ip", "addr", "add", f"{SERVICE}/24", "dev", "cables")
    state = folder / "state"
    words = prepare_secrets(state, 2)
    service = ServiceProcess(state, bind=SERVICE)
    hosts: list[HostProcess] = []
    try:
        ready = await service.start()
        for number, name in enumerate(("one", "two")):
            hosts.append(HostProcess(name, 10 + number, folder))
        ids = [
            await host.join(token)
            for host, token in zip(hosts, tokens_for(ready, words), strict=True)
        ]
        async with await service.log_in() as client:
            yield await set_up(client, ids, LAYOUT), hosts, ids
    finally:
        for host in hosts:
            host.end()
        await service.stop()


async def machine(cloud: SimulatedCloud, name: str, **fields: Any) -> Vm:
    """A running machine."""
    request = cloud.vm_request(name, **fields)
    accepted = await cloud.client.call("vm.create", **request)
    await wait(cloud.client, accepted, timeout_s=60)
    return await cloud.client.call("vm.get", id=accepted.resource_ids[0])


async def measure(folder: Path, changes: int = CHANGES) -> dict[str, object]:
    """The whole of it, with so many changes."""
    async with cloud(folder) as (made, hosts, ids):
        client = made.client
        group = (await client.call("security_group.create", name="heard")).id
        rule = await client.call(
            "security_rule.create",
            security_group_id=group,
            direction="in",
            protocol="udp",
            port_first=PORT,
            is_enabled=False,
        )
        pairs = []
        for number, (host, host_id) in enumerate(zip(hosts, ids, strict=True)):
            # Two processes share no simulated files: each has an image of its own.
            image_id = await add_image(made, host_id, "more") if number else made.image_id
            where = {"host_id": host_id, "image_id": image_id}
            member = await machine(made, f"m{number}", security_group_ids=[group], **where)
            beside = await machine(made, f"b{number}", **where)
            guests = [host.plug(vm, folder) for vm in (member, beside)]
            pairs.append(await pair_of(guests[0], guests[1], member.nics[0].address))
        found = await _changes(client, rule.id, pairs, changes)
    effects = [max(each) for each in found]
    return {
        "rule_effect_s": round(statistics.median(effects), 3),
        "rule_effect_max_s": round(max(effects), 3),
        "rule_effect_hosts_apart_s": round(
            statistics.median(max(each) - min(each) for each in found), 3
        ),
    }


async def _changes(
    client: Client, rule_id: str, pairs: list[Pair], changes: int
) -> list[list[float]]:
    """For each change the seconds until it held on each host; the first is not counted."""
    ended = threading.Event()
    threads = [threading.Thread(target=pair.hear, daemon=True) for pair in pairs]
    threads += [threading.Thread(target=pair.talk, args=(ended,)) for pair in pairs]
    for thread in threads:
        thread.start()
    found = []
    try:
        for number in range(changes + 1):
            is_enabled = number % 2 == 0
            begin = time.perf_counter()
            await client.call("security_rule.update", id=rule_id, is_enabled=is_enabled)
            after = _first_after if is_enabled else _last_after
            found.append([await after(pair.heard, begin) - begin for pair in pairs])
            await asyncio.sleep(QUIET_S)
    finally:
        ended.set()
        for pair in pairs:
            with contextlib.suppress(OSError):
                pair.listener.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)
        for pair in pairs:
            pair.listener.close()
            pair.sender.close()
    return found[1:]  # the first has to find its neighbours


async def _first_after(heard: list[float], begin: float) -> float:
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while not heard or heard[-1] < begin:
            await asyncio.sleep(0.001)
    return next(at for at in heard if at > begin)


async def _last_after(heard: list[float], begin: float) -> float:
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while time.perf_counter() - max(heard[-1], begin) < QUIET_S:
            await asyncio.sleep(0.01)
    return max(heard[-1], begin)
