"""A throw-away host: own network and mount namespace, with VMs and an outside made of veths."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from hostagent.network.manager import NetworkManager
from hostagent.protocol.firewall import SecurityGroupSpec
from hostagent.protocol.network import (
    InstanceMetadata,
    NetworkDocument,
    NetworkReport,
    NetworkSpec,
    PortDrops,
    PortSpec,
    bridge_name,
    mac_for,
    tap_name,
)
from tests.integration.network.kernels import kernel_has_vlan
from tests.integration.network.vms import Vms

# The guest of test_in_debian_guest.py runs it where this kernel cannot.
collect_ignore = [] if kernel_has_vlan() else ["test_vlan_wire.py"]

_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)

# What a client does with its lease: address, and the classless routes if it asked for them.
_LEASE_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
if [ -n "$staticroutes" ]; then
    set -- $staticroutes
    while [ $# -ge 2 ]; do ip route replace "$1" via "$2"; shift 2; done
else
    ip route replace default via "$router"
fi
env > "$LEASE_FILE"
"""


def _call(function: str, *arguments: Any) -> None:
    if getattr(_libc, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), function)


def run(*arguments: str, check: bool = True) -> str:
    """Output of a command in the namespace that the test is in."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout}")
    return done.stdout


async def until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.05)


class Guest:
    """A namespace that plays a VM; its NIC's other end plays the tap.

    The command `enter` leads to its host, if that is not the one that the test is on.
    """

    def __init__(
        self, name: str, tap: str, mac: str, folder: Path, enter: Sequence[str] = ()
    ) -> None:
        self.name, self.tap, self.mac, self._folder = name, tap, mac, folder
        self.enter = (*enter, "ip", "netns", "exec", name)
        run(*enter, "ip", "netns", "add", name)
        veth = ("type", "veth", "peer", "name", "eth0", "netns", name)
        run(*enter, "ip", "link", "add", tap, *veth)
        run(*enter, "ip", "link", "set", tap, "up")
        self.do("ip", "link", "set", "eth0", "address", mac)
        self.do("ip", "link", "set", "eth0", "up")
        self.do("ip", "link", "set", "lo", "up")

    def do(self, *arguments: str, check: bool = True) -> str:
        """Run a command in the guest."""
        return run(*self.enter, *arguments, check=check)

    async def ado(self, *arguments: str) -> str:
        """Run a command in the guest while the agent goes on serving."""
        return await asyncio.to_thread(self.do, *arguments)

    async def dhcp(self, *, classless: bool = True, tries: int = 8) -> dict[str, str]:
        """Take an address; the environment that busybox udhcpc gave its script."""
        script, lease = self._folder / f"{self.name}.sh", self._folder / f"{self.name}.lease"
        script.write_text(_LEASE_SCRIPT)
        script.chmod(0o755)
        lease.unlink(missing_ok=True)
        options = ["-O", "staticroutes", "-O", "mtu"] if classless else ["-o", "-O", "router"]
        await self.ado(
            "env", f"LEASE_FILE={lease}", "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f",
            "-t", str(tries), "-T", "1", "-s", str(script), *options,
        )  # fmt: skip
        return dict(line.split("=", 1) for line in lease.read_text().splitlines() if "=" in line)

    def static(self, address: str, gateway: str) -> None:
        """Set an address by hand."""
        self.do("ip", "addr", "flush", "dev", "eth0")
        self.do("ip", "addr", "add", address, "dev", "eth0")
        self.do("ip", "route", "replace", "default", "via", gateway)

    async def get(self, path: str, *more: str) -> str:
        """Ask the metadata service."""
        url = f"http://169.254.169.254{path}"
        return await self.ado("curl", "-sS", "-f", "-m", "5", *more, url)

    def send(self, frame: bytes) -> None:
        """Put a raw frame on the guest's link."""
        code = (
            "import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW);"
            "s.bind(('eth0', 0)); s.send(bytes.fromhex(sys.argv[1]))"
        )
        self.do(sys.executable, "-c", code, frame.hex())

    def watch(self, *matches: str) -> None:
        """Count incoming frames by nft matches; `seen` tells how many."""
        rules = [f"add rule netdev watch in {match} counter" for match in matches]
        hook = "type filter hook ingress device eth0 priority 0;"
        lines = ["add table netdev watch", f"add chain netdev watch in {{ {hook} }}", *rules]
        self.do("nft", "; ".join(lines))

    def seen(self) -> list[int]:
        """Frames counted for each match of `watch`."""
        listing = self.do("nft", "list", "table", "netdev", "watch")
        return [int(number) for number in re.findall(r"counter packets (\d+)", listing)]

    def pings(self, address: str, *, source: str | None = None) -> bool:
        """Whether an address answers."""
        more = ["-I", source] if source else []
        arguments = [*self.enter, "busybox", "ping", "-c1", "-W1", *more]
        return (
            subprocess.run([*arguments, address], capture_output=True, check=False).returncode == 0
        )


class Host:
    """The host under test, and a way to make documents, guests and a wire."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manager = NetworkManager(folder / "state")
        self._names = itertools.count(1)
        self._generation = itertools.count(1)

    def port(self, nic: str, address: str, **more: Any) -> PortSpec:
        """A port with names made as the service makes them."""
        metadata = InstanceMetadata(
            instance_id=f"vm-{nic}",
            hostname=f"host-{nic}",
            ssh_public_keys=["ssh-ed25519 AAAA one@test"],
            user_data=f"#!/bin/sh\necho {nic}\n".encode(),
        )
        fields: dict[str, Any] = {
            "nic_id": nic, "vm_id": f"vm-{nic}", "tap": tap_name(nic), "mac": mac_for(nic),
            "address": address, "hostname": f"host-{nic}", "metadata": metadata,
        }  # fmt: skip
        return PortSpec(**{**fields, **more})

    def network(self, name: str, cidr: str = "10.70.0.0/24", **more: Any) -> NetworkSpec:
        """A NAT network; .1 is the gateway, .2 the DHCP server."""
        net = IPv4Network(cidr)
        fields: dict[str, Any] = {
            "id": name, "kind": "nat", "bridge": bridge_name(name), "cidr": cidr,
            "gateway": str(net[1]), "dhcp_address": str(net[2]), "domain": "lab.test",
        }  # fmt: skip
        return NetworkSpec(**{**fields, **more})

    async def apply(
        self,
        *networks: NetworkSpec,
        groups: Sequence[SecurityGroupSpec] = (),
        generation: int | None = None,
    ) -> NetworkReport:
        """Apply a document with the next generation."""
        return await self.manager.apply(
            NetworkDocument(
                generation=next(self._generation) if generation is None else generation,
                networks=list(networks),
                security_groups=list(groups),
            )
        )

    async def must_apply(
        self, *networks: NetworkSpec, groups: Sequence[SecurityGroupSpec] = ()
    ) -> None:
        """Apply a document that has to be taken."""
        report = await self.apply(*networks, groups=groups)
        assert report.applied, report.errors

    def guest(self, port: PortSpec) -> Guest:
        """A VM for a port; the agent puts its tap under the bridge."""
        return Guest(f"guest{next(self._names)}", port.tap, port.mac, self.folder)

    def outside(self, address: str, nic: str, nic_address: str | None) -> Guest:
        """A machine on the other end of the host's NIC `nic`."""
        machine = Guest(f"outside{next(self._names)}", nic, "0a:ff:ff:ff:ff:01", self.folder)
        machine.do("ip", "addr", "add", address, "dev", "eth0")
        if nic_address:
            run("ip", "addr", "add", nic_address, "dev", nic)
        return machine

    def plug(self, guest: Guest, network: NetworkSpec) -> None:
        """What libvirt does when the VM starts."""
        run("ip", "link", "set", guest.tap, "master", network.bridge)

    async def drops(self, port: PortSpec) -> int:
        """Packets of a port that anti-spoofing threw away."""
        return (await self._drops(port)).packets

    async def refused(self, port: PortSpec) -> int:
        """Packets of a port that its security groups threw away."""
        return (await self._drops(port)).refused_packets

    async def _drops(self, port: PortSpec) -> PortDrops:
        status = await self.manager.status()
        return next(drop for drop in status.drops if drop.nic_id == port.nic_id)

    def leftovers(self) -> dict[str, str]:
        """Everything of ours that is still there."""
        found = {
            "links": "\n".join(
                line
                for line in run("ip", "-br", "link").splitlines()
                if line.startswith(("anyb", "anys", "anye", "anyv", "anyx"))
            ),
            "namespaces": "\n".join(
                line for line in run("ip", "netns").splitlines() if line.startswith("any-")
            ),
            "nft": run("nft", "list", "ruleset"),
            "rules": "\n".join(
                line for line in run("ip", "rule").splitlines() if "any" in line or "fwmark" in line
            ),
            "run": "\n".join(str(path) for path in Path("/run/anyun-network").glob("**/*")),
            "state": "\n".join(str(path) for path in (self.folder / "state").glob("*")),
        }
        return {name: text for name, text in found.items() if text}


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Path]:
    """Moves the test into namespaces of its own, and back."""
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    with (
        open("/proc/self/ns/net", "rb") as net,  # noqa: PTH123
        open("/proc/self/ns/mnt", "rb") as mnt,  # noqa: PTH123
    ):
        where = Path.cwd()
        _call("unshare", _CLONE_NEWNS | _CLONE_NEWNET)
        try:
            _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
            _call("mount", b"tmpfs", b"/run", b"tmpfs", 0, None)
            run("ip", "link", "set", "lo", "up")
            yield tmp_path
            for name in run("ip", "netns").split():
                if not name.startswith("(id"):
                    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        finally:
            _call("setns", net.fileno(), _CLONE_NEWNET)
            _call("setns", mnt.fileno(), _CLONE_NEWNS)
            os.chdir(where)


@pytest.fixture
async def host(inside: Path) -> AsyncIterator[Host]:
    """A host with a started manager; everything is removed afterwards."""
    host = Host(inside)
    await host.manager.start()
    yield host
    await host.manager.remove_all()
    assert host.leftovers() == {}


Waiter = Callable[..., Awaitable[None]]


@pytest.fixture
def wait_until() -> Waiter:
    """`await wait_until(condition)`: wait for something to become true."""
    return until


@pytest.fixture
def vms(host: Host) -> Iterator[Vms]:
    """VMs to be, on the host; their voices end with the test."""
    vms = Vms(host)
    yield vms
    vms.close()
