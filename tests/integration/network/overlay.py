"""Several hosts on one underlay, each with its own agent, for networks that span them.

The underlay is a namespace with a bridge, to which each host's `wan0` leads. The host under test
is the first one; its agent runs in the test, those of the others in processes of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hostagent.protocol.flows import Flow
from hostagent.protocol.network import (
    NetworkDocument,
    NetworkReport,
    NetworkSpec,
    PortSpec,
    RemoteMac,
    VxlanSpec,
    mac_for,
)
from tests.integration.network.conftest import Guest, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.network.conftest import Host

ROOT = Path(__file__).resolve().parents[3]
UNDERLAY = "underlay"
NEAR, FAR, THIRD, SERVER = "10.99.0.1", "10.99.0.2", "10.99.0.3", "10.99.0.9"
CIDR, GATEWAY, DHCP = "10.70.0.0/24", "10.70.0.1", "10.70.0.2"
VNI, UNDERLAY_MTU = 7001, 1500
MTU = UNDERLAY_MTU - 50


def ping(guest: Guest, address: str, size_bytes: int) -> bool:
    """Whether a packet of this size, with its headers, comes back in one piece."""
    data = str(size_bytes - 28)
    command = [*guest.enter, "ping", "-c1", "-W1", "-M", "do", "-s", data, address]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Node:
    """A host with its own /run and its own agent, in a process of its own."""

    def __init__(self, name: str, address: str, folder: Path) -> None:
        self.address, self._folder = address, folder
        mounts = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
        self._agent = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", mounts, "sh", sys.executable,
             "-m", "tests.integration.network.far_agent", str(folder / name)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert self._agent.stdout is not None
        assert self._agent.stdout.readline() == b"ready\n"
        self.pid = str(self._agent.pid)
        self.enter = ("nsenter", "-t", self.pid, "-n", "-m")
        self._generation = 0

    def do(self, *arguments: str) -> str:
        """Run a command on the host."""
        return run(*self.enter, *arguments)

    def guest(self, name: str, port: PortSpec) -> Guest:
        """A VM there; the agent puts its tap under the bridge."""
        return Guest(name, port.tap, port.mac, self._folder, self.enter)

    def apply(self, *networks: NetworkSpec, **more: Any) -> None:
        """Make the host serve these networks."""
        self._generation += 1
        document = NetworkDocument(generation=self._generation, networks=list(networks), **more)
        report = msgspec.json.decode(self._ask(msgspec.json.encode(document)), type=NetworkReport)
        assert report.applied, report.errors

    def flows_of(self, vm_id: str) -> list[Flow]:
        """The connections of a machine there."""
        return msgspec.json.decode(self._ask(f"flows {vm_id}".encode()), type=list[Flow])

    def take_flows(self, vm_id: str, flows: list[Flow]) -> int:
        """Give a machine there connections; how many it got."""
        return int(self._ask(f"take {vm_id} ".encode() + msgspec.json.encode(flows)))

    def goes(self, verb: str, vm_id: str) -> None:
        """A machine has `arrived` there or `departed`."""
        assert self._ask(f"{verb} {vm_id}".encode()) == b"null\n"

    def _ask(self, line: bytes) -> bytes:
        assert self._agent.stdin is not None
        assert self._agent.stdout is not None
        self._agent.stdin.write(line + b"\n")
        self._agent.stdin.flush()
        return self._agent.stdout.readline()

    def end(self) -> None:
        """The agent removes everything; what is left fails the test."""
        assert self._agent.stdin is not None
        assert self._agent.stdout is not None
        after = subprocess.Popen(
            [*self.enter, "sh", "-c", "read x; nft list ruleset; ip -j link"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._agent.stdin.close()
        assert self._agent.wait(30) == 0
        self._agent.stdout.close()
        left, _ = after.communicate("now\n")
        links = {link["ifname"] for link in json.loads(left)}  # no nft text before it
        assert not {name for name in links if name.startswith(("anyb", "anys", "anyx", "anyv"))}


class Overlay:
    """A VXLAN network over the host under test and others."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.nodes: list[Node] = []
        run("ip", "netns", "add", UNDERLAY)
        self.do("ip", "link", "add", "lan0", "type", "bridge")
        self.do("ip", "addr", "add", f"{SERVER}/24", "dev", "lan0")
        self.do("ip", "link", "set", "lan0", "up")
        self._plug("wan-near")
        run("ip", "addr", "add", f"{NEAR}/24", "dev", "wan0")

    def do(self, *arguments: str) -> str:
        """Run a command on the machine that stands for underlay and outside."""
        return run("ip", "netns", "exec", UNDERLAY, *arguments)

    def add(self, name: str, address: str) -> Node:
        """One more host."""
        node = Node(name, address, self.host.folder)
        self.nodes.append(node)
        self._plug(f"wan-{name}", node)
        node.do("ip", "addr", "add", f"{address}/24", "dev", "wan0")
        return node

    def _plug(self, port: str, node: Node | None = None) -> None:
        # From the wire's end: older kernels look for the first name where `ip` runs, too.
        where = node.pid if node else str(os.getpid())
        self.do("ip", "link", "add", port, "type", "veth", "peer", "name", "wan0", "netns", where)
        self.do("ip", "link", "set", port, "master", "lan0", "up")
        (node.do if node else run)("ip", "link", "set", "wan0", "up")

    def network(
        self, endpoint: str, *ports: PortSpec, remote: dict[str, str] | None = None, **more: Any
    ) -> NetworkSpec:
        """The network as the host with this endpoint is told of it: its own ports, and where the
        NICs of others are.
        """
        hosts = [NEAR, *(node.address for node in self.nodes)]
        tunnels = VxlanSpec(
            vni=VNI,
            endpoint=endpoint,
            peers=[address for address in hosts if address != endpoint],
            remote_macs=[
                RemoteMac(mac=mac_for(nic), endpoint=where) for nic, where in (remote or {}).items()
            ],
        )
        fields: dict[str, Any] = {"kind": "vxlan", "vxlan": tunnels, "mtu": MTU, **more}
        return self.host.network("net", CIDR, ports=list(ports), **fields)

    @contextmanager
    def tap(self) -> Iterator[list[bytes]]:
        """Collects what the tunnels carry; the frames are there when the block has ended."""
        frames: list[bytes] = []
        with subprocess.Popen(
            ["ip", "netns", "exec", UNDERLAY, sys.executable, "-m",
             "tests.integration.network.wiretap"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        ) as listener:  # fmt: skip
            assert listener.stdout is not None
            assert listener.stdout.readline() == "ready\n"
            try:
                yield frames
            finally:
                told, _ = listener.communicate()
                frames.extend(bytes.fromhex(line) for line in told.split())

    def end(self) -> None:
        """All other hosts take away what they made."""
        for node in self.nodes:
            node.end()
