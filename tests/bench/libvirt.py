"""bench libvirt: N machines from create to running, through the API and by libvirt alone.

Both do the same disk and domain work on the same test host, in turn, in the same run. Prints
progress and, as its last line, one JSON object.
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
from typing import Any

from appliance.client import wait
from hostagent.protocol.network import bridge_name
from tests.lab.cloud import ROOT, LabCloud
from tests.system.conftest import GUEST_MEMORY_BYTES, Cloud, set_up


async def ours(cloud: Cloud, count: int) -> float:
    """Seconds from the request to the last machine running."""
    began = time.monotonic()
    accepted = await cloud.client.call("vm.create", **cloud.vm_request("bench", count=count))
    await wait(cloud.client, accepted, timeout_s=300)
    seconds = time.monotonic() - began
    await asyncio.gather(*(_remove(cloud, vm_id) for vm_id in accepted.resource_ids))
    return seconds


async def _remove(cloud: Cloud, vm_id: str) -> None:
    await cloud.do("vm.destroy", vm_id)
    await cloud.do("vm.expunge", vm_id)


async def reference(cloud: Cloud, count: int) -> float:
    """Seconds that libvirt alone takes for the same."""
    folder = cloud.lab.folder / "reference"
    folder.mkdir(exist_ok=True, mode=0o711)
    image_id = cloud.flow.step("image").request["id"]
    cache = cloud.lab.state / "storage" / "primary-storage" / "cache" / f"{image_id}.qcow2"
    bridge = bridge_name(cloud.flow.step("network").request["id"])
    script = str(ROOT / "tests" / "lab" / "libvirt_reference.py")
    output = await asyncio.to_thread(
        cloud.lab.host.run,
        *("env", f"PYTHONPATH={ROOT}", sys.executable, script),
        *(str(cache), str(folder), bridge, str(count), str(GUEST_MEMORY_BYTES)),
        timeout_s=300,
    )
    return float(output.split()[-1])


async def compare(cloud: Cloud, count: int, rounds: int) -> dict[str, float]:
    """Alternate both, so that a change of the machine's speed hits both."""
    mine, bare = [], []
    await ours(cloud, 1)  # the image is in the cache from here on
    for _ in range(rounds):
        mine.append(await ours(cloud, count))
        bare.append(await reference(cloud, count))
        print(
            f"{count} machines: ours {mine[-1]:.2f} s, libvirt alone {bare[-1]:.2f} s", flush=True
        )
    return {
        "ours_s": round(statistics.median(mine), 3),
        "reference_s": round(statistics.median(bare), 3),
        "ratio": round(statistics.median(a / b for a, b in zip(mine, bare, strict=True)), 3),
    }


async def measure(count: int, rounds: int) -> dict[str, Any]:
    """On a cloud of its own."""
    async with LabCloud(12) as lab:
        cloud = await set_up(lab)
        found = await compare(cloud, count, rounds)
        await cloud.client.close()
    machine = f"{platform.machine()} {os.cpu_count()} cpus"
    return {"name": "libvirt", "machine": machine, "vms": count} | found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="machines at once")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.count, options.rounds))))


if __name__ == "__main__":
    main()
