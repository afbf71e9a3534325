"""Security groups across two hosts on one physical network, each with its own agent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostagent.protocol.network import NetworkDocument, NetworkReport
from tests.integration.network.vms import OUT, Vms, allow, group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostagent.protocol.firewall import SecurityGroupSpec
    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Host
    from tests.integration.network.talker import Talker

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


class FarHost:
    """A second host at the other end of the first one's `wan0`, with its own /run and agent."""

    def __init__(self, vms: Vms, folder: Path) -> None:
        self._vms = vms
        mounts = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
        self._agent = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", mounts, "sh", sys.executable,
             "-m", "tests.integration.network.far_agent", str(folder / "far")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert self._agent.stdout is not None
        assert self._agent.stdout.readline() == b"ready\n"
        pid = str(self._agent.pid)
        self.enter = ("nsenter", "-t", pid, "-n", "-m")
        run("ip", "link", "add", "wan0", "type", "veth", "peer", "name", "wan0", "netns", pid)
        run("ip", "addr", "add", "10.70.0.5/24", "dev", "wan0")
        run("ip", "link", "set", "wan0", "up")
        self.do("ip", "addr", "add", "10.70.0.6/24", "dev", "wan0")
        self.do("ip", "link", "set", "wan0", "up")

    def do(self, *arguments: str) -> str:
        """Run a command on the host."""
        return run(*self.enter, *arguments)

    def guest(self, name: str, port: PortSpec) -> Talker:
        """A VM there; the agent puts its tap under the bridge."""
        inside = ("ip", "netns", "exec", name)
        self.do("ip", "netns", "add", name)
        veth = ("type", "veth", "peer", "name", "eth0", "netns", name)
        self.do("ip", "link", "add", port.tap, *veth)
        self.do("ip", "link", "set", port.tap, "up")
        self.do(*inside, "ip", "link", "set", "eth0", "address", port.mac)
        self.do(*inside, "ip", "link", "set", "eth0", "up")
        self.do(*inside, "ip", "addr", "add", f"{port.address}/24", "dev", "eth0")
        return self._vms.talker(*self.enter, *inside)

    def apply(self, generation: int, network: NetworkSpec, *groups: SecurityGroupSpec) -> None:
        """Make the host serve the network with these groups."""
        document = NetworkDocument(
            generation=generation, networks=[network], security_groups=list(groups)
        )
        assert self._agent.stdin is not None
        assert self._agent.stdout is not None
        self._agent.stdin.write(msgspec.json.encode(document) + b"\n")
        self._agent.stdin.flush()
        report = msgspec.json.decode(self._agent.stdout.readline(), type=NetworkReport)
        assert report.applied, report.errors

    def end(self) -> None:
        """The agent removes everything; what is left fails the test."""
        assert self._agent.stdin is not None
        assert self._agent.stdout is not None
        before = subprocess.Popen(
            [*self.enter, "sh", "-c", "read x; nft list ruleset; ip -j link"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._agent.stdin.close()
        assert self._agent.wait(30) == 0
        self._agent.stdout.close()
        left, _ = before.communicate("now\n")
        links = {link["ifname"] for link in json.loads(left)}  # no nft text before it
        assert not {name for name in links if name.startswith(("anyb", "anys", "anyv", "anyx"))}


@pytest.fixture
def far(vms: Vms, tmp_path: Path) -> Iterator[FarHost]:
    far = FarHost(vms, tmp_path)
    yield far
    far.end()


async def test_members_on_another_host_are_peers(host: Host, vms: Vms, far: FarHost) -> None:
    db = vms.add("db", "10.70.0.10", "db")
    app_port = host.port("app", "10.70.0.20", security_group_ids=["app"])
    other_port = host.port("other", "10.70.0.21")
    app, other = far.guest("app", app_port), far.guest("other", other_port)
    db.listens("tcp", 5432, 5433)
    app.listens("tcp", 80)
    lan = {"kind": "physical", "physical_interface": "wan0"}
    network = host.network("net", ports=[app_port, other_port], **lan)
    sql = allow("sql", "tcp", 5432, peer_group_id="app")
    members = group("app", OUT, members=("10.70.0.20",))

    await vms.apply(group("db", sql), members, **lan)
    far.apply(1, network, members)

    assert app.reaches("tcp", "10.70.0.10", 5432)
    assert not app.reaches("tcp", "10.70.0.10", 5433, allowed=False)
    assert not other.reaches("tcp", "10.70.0.10", 5432, allowed=False)
    assert not db.reaches("tcp", "10.70.0.20", 80, allowed=False)
    assert not other.reaches("tcp", "10.70.0.20", 80, allowed=False)

    connection = app.open("tcp", "10.70.0.10", 5432)
    far.apply(2, network, group("app", members=("10.70.0.20",)))
    assert not app.says(connection, allowed=False), "its own host lets nothing out"
    far.apply(3, network, members)
    assert app.says(connection)
    await vms.apply(group("db", sql), group("app", OUT), **lan)
    assert not app.says(connection, allowed=False), "it is no member any more"
    assert not app.reaches("tcp", "10.70.0.10", 5432, allowed=False)


async def test_host_and_vm_on_the_wire(host: Host, vms: Vms, far: FarHost) -> None:
    """The hosts' own addresses are on the bridge, and peers like any other."""
    web = vms.add("web", "10.70.0.10", "web")
    web.listens("tcp", 80, 81)
    here, there = vms.talker(), vms.talker(*far.enter)
    here.listens("tcp", 88, 89)
    lan = {"kind": "physical", "physical_interface": "wan0"}
    far.apply(1, host.network("net", **lan))
    rules = [
        allow("near", "tcp", 80, cidr="10.70.0.5/32"),
        allow("far", "tcp", 81, cidr="10.70.0.6/32"),
        allow("out", "tcp", 88, direction="out"),
    ]
    await vms.apply(group("web", *rules), **lan)

    assert here.reaches("tcp", "10.70.0.10", 80)
    assert there.reaches("tcp", "10.70.0.10", 81)
    assert web.reaches("tcp", "10.70.0.5", 88)
    assert there.reaches("tcp", "10.70.0.5", 89), "no VM's traffic"
    assert not here.reaches("tcp", "10.70.0.10", 81, allowed=False)
    assert not there.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert not web.reaches("tcp", "10.70.0.5", 89, allowed=False)
