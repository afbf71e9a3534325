"""bench migrate: a machine moves there and back through the API, and by libvirt alone.

The same guest in the same run, with its disks on the hosts' own storage, busy writing. How long it
is not heard is measured from outside: by the answers that its peer gets, and by what the guest
itself sends. Ours goes over TLS, libvirt's own over plain TCP. Prints progress and, as its last
line, one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.lab.cloud import ROOT
from tests.lab.host import LabHost
from tests.lab.pair import LabPair
from tests.lab.ssh import make_key
from tests.system.conftest import set_up
from tests.system.moving import Moving

PROBE = str(ROOT / "tests" / "bench" / "gaps.py")
# The guest sends on its own, and writes to its memory and its disk.
LIVELY = """\
(ping -i 0.02 {world} >/dev/null 2>&1 </dev/null &)
cat >/tmp/busy <<'END'
while :; do
  dd if=/dev/urandom of=/tmp/noise bs=64k count=16 2>/dev/null
  dd if=/tmp/noise of=/dev/vdb bs=64k conv=fsync 2>/dev/null
  sleep 1
done
END
(sh /tmp/busy >/dev/null 2>&1 </dev/null &)
exit 0
"""
LISTENING = 'listen_tls = 0\nlisten_tcp = 1\nauth_tcp = "none"\nlisten_addr = "{address}"\n'


async def heard(moving: Moving, work: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Do something, and say how long it took and for how long the guest was not heard."""
    process = await asyncio.create_subprocess_exec(
        *moving.lab.wire.command(sys.executable, PROBE, moving.shell.address),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await asyncio.sleep(1)
    began = time.monotonic()
    await work()
    seconds = time.monotonic() - began
    await asyncio.sleep(2)
    output, _ = await process.communicate(b"\n")
    found = json.loads(output)
    if not found["answers"]:
        raise RuntimeError(
            "The guest is not heard any more. Emulated ones may die when they move "
            "(docs/migration.md): measure again."
        )
    return {"seconds": seconds} | found


async def ours(moving: Moving) -> None:
    """By the API."""
    job = await moving.ended(await moving.begin())
    assert job.state == "succeeded", job.error


class Bare:
    """libvirt alone, between the same hosts: agents and service are ended, their rules gone."""

    def __init__(self, moving: Moving, disks: list[tuple[Path, str]]) -> None:
        self._hosts = moving.lab.hosts
        self._addresses = moving.lab.addresses
        self._name = f"anyun-{moving.vm_id}"
        self._disks = disks

    async def prepare(self, moving: Moving) -> None:
        """Let libvirtd listen, and let the guest pass."""
        await asyncio.to_thread(moving.lab.kill_service)
        for agent in (moving.lab.agent, moving.lab.second_agent):
            assert agent is not None
            agent.terminate()
            await asyncio.to_thread(agent.wait)
        for host, address in zip(self._hosts, self._addresses, strict=True):
            await asyncio.to_thread(_listen, host, address)

    async def move(self, here: int) -> None:
        """What our job does, by hand: disks, migration, and the old disks go."""
        source, target = self._hosts[here], self._hosts[1 - here]
        for path, base in self._disks:
            backing = ["-F", "qcow2", "-b", base] if base else []
            size = str(await asyncio.to_thread(_size_of, source, path))
            await _run(target, "qemu-img", "create", "-q", "-f", "qcow2", *backing, str(path), size)
        await _run(
            source, "virsh", "migrate", "--live", "--p2p", "--persistent", "--undefinesource",
            "--copy-storage-inc", "--auto-converge", self._name,
            f"qemu+tcp://{self._addresses[1 - here]}/system",
            "--migrateuri", f"tcp://{self._addresses[1 - here]}",
            "--disks-uri", f"tcp://{self._addresses[1 - here]}:49300",
        )  # fmt: skip
        await _run(source, "rm", *(str(path) for path, _ in self._disks))


def _size_of(host: LabHost, path: Path) -> int:
    said = host.run("qemu-img", "info", "-U", "--output=json", str(path))
    return json.loads(said)["virtual-size"]


def _listen(host: LabHost, address: str) -> None:
    conf = host.folder / "etc-libvirt" / "libvirtd.conf"
    conf.write_text(conf.read_text() + LISTENING.format(address=address))
    host.stop_libvirtd()
    host.libvirtd = host.spawn("libvirtd", "-l", log=host.folder / "libvirtd.log")
    host._await_libvirtd()
    host.run("nft", "flush", "ruleset")


async def _run(host: LabHost, *command: str) -> str:
    return await asyncio.to_thread(host.run, *command, timeout_s=120)


async def measure(rounds: int) -> dict[str, Any]:
    """Ours there and back, then libvirt's."""
    mine, bare = [], []
    async with LabPair(23) as lab:
        cloud = await set_up(lab)
        moving = Moving(cloud, lab, make_key(lab.folder))
        await moving.prepare()
        await moving.shell.run(LIVELY.format(world=lab.wire.address))
        await ours(moving)
        await ours(moving)  # the image is in both caches from here on
        for number in range(1, 2 * rounds + 1):
            mine.append(await heard(moving, lambda: ours(moving)))
            print(f"ours {number}: {mine[-1]}", flush=True)
        here, _ = await moving.sides()
        reference = Bare(moving, await _disks(moving))
        await cloud.client.close()
        await reference.prepare(moving)
        for number in range(1, 2 * rounds + 1):
            bare.append(await heard(moving, lambda at=here: reference.move(at)))
            here = 1 - here
            print(f"libvirt alone {number}: {bare[-1]}", flush=True)
    return {
        "name": "migrate",
        "machine": f"{platform.machine()} {os.cpu_count()} cpus",
        "seconds": _median(mine, "seconds"),
        "reference_s": _median(bare, "seconds"),
        "downtime_ms": _median(mine, "peer_ms"),
        "reference_downtime_ms": _median(bare, "peer_ms"),
        "guest_downtime_ms": _median(mine, "guest_ms"),
        "reference_guest_downtime_ms": _median(bare, "guest_ms"),
    }


async def _disks(moving: Moving) -> list[tuple[Path, str]]:
    """The machine's files, and what each stands on."""
    vm = await moving.vm()
    folder = moving.lab.state / "storage" / "primary-storage"
    base = str(folder / "cache" / f"{vm.image_id}.qcow2")
    return [
        (folder / "volumes" / f"{disk.id}.qcow2", base if disk.kind == "root" else "")
        for disk in vm.volumes
    ]


def _median(found: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(one[name] for one in found), 2)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="there and back so often")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.rounds))))


if __name__ == "__main__":
    main()
