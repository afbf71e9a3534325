"""Random sequences on the disk of a real guest: after each step it finds what it wrote.

ANYUN_DISKS_SEED=N repeats a sequence.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from appliance.client import JobFailed, wait
from appliance.client.client import ConsoleConnection
from appliance.protocol.resources import Vm, Volume
from tests.lab.cloud import LabCloud
from tests.system.conftest import Cloud, set_up
from tests.system.test_snapshots import device, restart, take, tree
from tests.system.test_volumes import checksum, disk, do, run, shell

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
MiB = 1024**2
STEPS = 16
BLOCKS = 4  # of a MiB each, written one by one and checked together
MOST_REVERTS = 2  # the guest boots anew for each
SMALL_BYTES = 1280 * MiB  # a storage has a GiB at least


@dataclass
class Guest:
    """A machine with a data disk, and what must be on that."""

    cloud: Cloud
    vm: Vm
    volume: Volume
    console: ConsoleConnection
    name: str  # what the guest calls the disk
    holds: str = ""
    size_bytes: int = 0
    snapshots: dict[str, tuple[str, int]] = field(default_factory=dict)
    reverts: int = 0
    taken: int = 0

    async def step(self, verb: str, dice: random.Random) -> None:
        """Do one thing."""
        match verb:
            case "write":
                await self.write(dice.randrange(BLOCKS))
            case "snapshot":
                self.taken += 1
                self.snapshots[f"s{self.taken}"] = self.holds, self.size_bytes
                await take(self.cloud, self.volume, f"s{self.taken}")
            case "grow":
                self.size_bytes += MiB
                ref = self.volume.id
                await do(self.cloud, "volume.resize", ref, size_bytes=self.size_bytes)
            case "delete":
                chosen = dice.choice(sorted(self.snapshots))
                del self.snapshots[chosen]
                await do(self.cloud, "snapshot.delete", await self._id(chosen))
            case _:
                await self.revert(dice.choice(sorted(self.snapshots)))

    def verbs(self) -> list[str]:
        """What can be done now."""
        found = ["write", "write", "snapshot", "grow"]
        if self.snapshots:
            found += ["delete", "delete"]
            found += ["revert", "revert"] * (self.reverts < MOST_REVERTS)
        return found

    async def write(self, block: int, mib: int = 1) -> None:
        """The guest writes to its disk."""
        where = f"of=/dev/{self.name} bs=1M seek={block} count={mib} conv=fsync,notrunc"
        await run(self.console, f"dd if=/dev/urandom {where} 2>/dev/null")
        self.holds = await self.reads()

    async def reads(self) -> str:
        """What the guest finds on the disk itself, not what it remembers of it."""
        await run(self.console, "echo 3 > /proc/sys/vm/drop_caches")
        return await checksum(self.console, f"/dev/{self.name}")

    async def revert(self, chosen: str) -> None:
        """Go back while the machine is off."""
        self.reverts += 1
        self.holds, self.size_bytes = self.snapshots[chosen]
        await self.console.close()
        await do(self.cloud, "vm.stop", self.vm.id, force=True)
        await do(self.cloud, "snapshot.revert", await self._id(chosen))
        self.console = await restart(self.cloud, self.vm, self.vm.name)

    async def check(self) -> None:
        """All is as it must be."""
        assert await self.reads() == self.holds
        size = await run(self.console, f"cat /sys/block/{self.name}/size")
        assert f"\r\n{self.size_bytes // 512}\r\n" in size, size
        there = await tree(self.cloud, self.volume)
        kept = {name for name, one in there.items() if one.status == "ready"}
        assert kept == self.snapshots.keys()
        assert self.cache_mode() == "writeback, direct"

    def cache_mode(self) -> str:
        """How QEMU says that it writes to the disk."""
        domain = f"anyun-{self.vm.id}"
        command = ("virsh", "qemu-monitor-command", domain, "--hmp", "info block")
        blocks = self.cloud.lab.host.run(*command).split("\r\n\r\n")
        path = device(self.cloud, self.vm, self.name)
        (mine,) = (text for text in blocks if path in text)
        return mine.partition("Cache mode:")[2].splitlines()[0].strip()

    async def _id(self, name: str) -> str:
        return (await tree(self.cloud, self.volume))[name].id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guest() -> AsyncIterator[Guest]:
    async with LabCloud(3) as lab:
        cloud = await set_up(lab)
        vm = await cloud.create("one", data_disks=[{"size_bytes": 64 * MiB}])
        console = await shell(cloud, vm.id, "one")
        name = await disk(console, vm.volumes[1])
        made = Guest(cloud, vm, vm.volumes[1], console, name, size_bytes=64 * MiB)
        yield made
        await made.console.close()
        await cloud.client.close()


async def test_random_sequences_lose_nothing(guest: Guest) -> None:
    seed = int(os.environ.get("ANYUN_DISKS_SEED") or secrets.randbits(32))
    dice, done = random.Random(seed), []
    print(f"ANYUN_DISKS_SEED={seed}", flush=True)
    await guest.write(0, BLOCKS)
    for _ in range(STEPS):
        done.append(dice.choice(guest.verbs()))
        print(done[-1], flush=True)
        await guest.step(done[-1], dice)
        await guest.check()
    for name in sorted(guest.snapshots):
        del guest.snapshots[name]
        await do(guest.cloud, "snapshot.delete", (await tree(guest.cloud, guest.volume))[name].id)
    await guest.check()
    assert (await guest.cloud.client.call("ledger.check")).differences == []


async def test_a_full_disk_in_the_middle_of_a_merge_loses_nothing(guest: Guest) -> None:
    """What is merged under a running guest does not fit, and does when there is room again."""
    cloud, host = guest.cloud, guest.cloud.lab.host
    folder = cloud.lab.folder / "small"
    image = cloud.lab.folder / "small.img"
    folder.mkdir(mode=0o711)
    host.run("truncate", "-s", str(SMALL_BYTES), str(image))
    host.run("mkfs.ext4", "-q", "-m", "0", str(image))
    host.run("mount", "-o", "loop", str(image), str(folder))
    (cluster,) = (await cloud.client.call("cluster.list")).items
    storage = await cloud.client.call(
        "primary_storage.create", name="small", path=str(folder), cluster_id=cluster.id
    )
    accepted = await cloud.client.call(
        "volume.create",
        name="small",
        size_bytes=64 * MiB,
        vm_id=guest.vm.id,
        primary_storage_id=storage.id,
    )
    await wait(cloud.client, accepted, timeout_s=60)
    volume = await cloud.client.call("volume.get", id=accepted.resource_ids[0])
    small = Guest(cloud, guest.vm, volume, guest.console, await disk(guest.console, volume))
    small.size_bytes = 64 * MiB
    await small.write(0, 24)
    await small.step("snapshot", random.Random(0))
    await small.write(2, 40)
    ballast = folder / "ballast"
    free_kib = int(host.run("df", "--output=avail", str(folder)).split()[-1])
    host.run("fallocate", "-l", f"{free_kib - 8 * 1024}K", str(ballast))
    snapshot_id = (await tree(cloud, volume))["s1"].id
    with pytest.raises(JobFailed) as failed:
        await do(cloud, "snapshot.delete", snapshot_id)
    assert failed.value.error.code == "storage.no_space"
    assert await small.reads() == small.holds
    assert (await cloud.vm(guest.vm.id)).state == "running"
    host.run("rm", str(ballast))
    small.snapshots.clear()
    await do(cloud, "snapshot.delete", snapshot_id)
    await small.check()
    assert (await cloud.client.call("ledger.check")).differences == []
