"""Part of `bench storage`: live snapshots at growing depth, through the API and by libvirt alone.

Both take one of a data disk of the same running guest, without asking the guest to stand still.
Ours is counted from the request to the end of the job, libvirt's is its call alone.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from appliance.client import wait
from appliance.protocol.resources import Vm, Volume
from tests.lab.cloud import ROOT
from tests.system.conftest import Cloud

MiB = 1024**2
DEPTH = 10  # snapshots that a disk stands on at the end of a round
MOST_ROUNDS = 4  # each takes two disks of the guest, which has eight
SCRIPT = str(ROOT / "tests" / "lab" / "snapshot_reference.py")


async def measure(cloud: Cloud, rounds: int) -> dict[str, Any]:
    """Median seconds of a snapshot with which a disk stands on one, and on ten."""
    rounds = min(rounds, MOST_ROUNDS)
    disks = [{"size_bytes": 64 * MiB} for _ in range(2 * rounds)]
    vm = await cloud.create("snapshots", data_disks=disks)
    await cloud.read_serial(vm.id, b"login:", 120)
    mine: list[list[float]] = []
    bare: list[list[float]] = []
    for number in range(rounds):
        own, other = vm.volumes[1 + 2 * number : 3 + 2 * number]
        mine.append(await _ours(cloud, own))
        bare.append(await _reference(cloud, vm, other))
        print(
            f"snapshots at depth 1 and {DEPTH}: ours {mine[-1][0]:.3f} and {mine[-1][-1]:.3f} s, "
            f"libvirt alone {bare[-1][0]:.3f} and {bare[-1][-1]:.3f} s",
            flush=True,
        )
    await cloud.do("vm.destroy", vm.id)
    await cloud.do("vm.expunge", vm.id)
    return {
        "snapshot_s": _median(mine, 0),
        "snapshot_depth10_s": _median(mine, DEPTH - 1),
        "snapshot_reference_s": _median(bare, 0),
        "snapshot_reference_depth10_s": _median(bare, DEPTH - 1),
    }


async def _ours(cloud: Cloud, volume: Volume) -> list[float]:
    """Seconds of each, one after the other."""
    found = []
    for number in range(DEPTH):
        fields = {"volume_id": volume.id, "name": f"s{number}", "quiesce": False}
        began = time.monotonic()
        await wait(cloud.client, await cloud.client.call("snapshot.create", **fields), timeout_s=60)
        found.append(time.monotonic() - began)
    return found


async def _reference(cloud: Cloud, vm: Vm, volume: Volume) -> list[float]:
    """The same by libvirt, behind the service's back: the disk is not used any more after that."""
    folder = cloud.lab.folder / "reference"
    folder.mkdir(exist_ok=True, mode=0o711)
    host, domain = cloud.lab.host, f"anyun-{vm.id}"
    listed = await asyncio.to_thread(host.run, "virsh", "-q", "domblklist", domain)
    (disk,) = (line.split()[0] for line in listed.splitlines() if f"/{volume.id}." in line)
    output = await asyncio.to_thread(
        host.run,
        *("env", f"PYTHONPATH={ROOT}", sys.executable, SCRIPT),
        *(domain, disk, str(folder), str(DEPTH)),
        timeout_s=120,
    )
    return json.loads(output)


def _median(rounds: list[list[float]], at: int) -> float:
    return round(statistics.median(one[at] for one in rounds), 3)
