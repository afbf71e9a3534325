"""Disks of real guests that move to another storage while the guest writes to them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import PurePath
from typing import Any

import pytest

from appliance.client import JobFailed, wait
from appliance.client.client import ConsoleConnection
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.resources import PrimaryStorage, Vm, Volume
from tests.system.conftest import Cloud
from tests.system.test_snapshots import open_file, restart
from tests.system.test_vm_life import log_in
from tests.system.test_volumes import disk, do, run, shell

pytestmark = pytest.mark.timeout(400)
MiB = 1024**2
BLOCK = 64 * 1024
BLOCKS = 600


async def write_on(console: ConsoleConnection, name: str) -> None:
    """Write random blocks to a disk until `stop` is there; what each holds is noted."""
    await run(console, "rm -rf /run/s /run/stop; mkdir -p /run/s")
    await run(
        console,
        "(i=0; while [ ! -e /run/stop ]; do "
        f"dd if=/dev/urandom of=/run/b bs={BLOCK} count=1 2>/dev/null; "
        f"dd if=/run/b of=/dev/{name} bs={BLOCK} seek=$i conv=notrunc,fsync 2>/dev/null; "
        f"sha256sum < /run/b > /run/s/$i; i=$(( (i + 1) % {BLOCKS} )); done; "
        "touch /run/stopped) >/dev/null 2>&1 & true",
    )


async def verify(console: ConsoleConnection, name: str) -> int:
    """End the writing, and compare all that was written; returns how many blocks."""
    await run(console, "touch /run/stop; while [ ! -e /run/stopped ]; do sleep 0.1; done")
    await run(console, "rm /run/stopped; sync; echo 3 > /proc/sys/vm/drop_caches")
    seen = await run(
        console,
        "bad=0; n=0; for f in /run/s/*; do "
        f"dd if=/dev/{name} bs={BLOCK} skip=${{f##*/}} count=1 2>/dev/null | sha256sum > /run/c; "
        "cmp -s /run/c $f || bad=$((bad+1)); n=$((n+1)); done; echo blocks $n bad $bad",
    )
    found = re.search(r"blocks (\d+) bad (\d+)\r\n", seen)
    assert found, seen
    assert found[2] == "0", seen
    return int(found[1])


async def fill(console: ConsoleConnection, name: str) -> str:
    """New content at the beginning of a disk, flushed; returns its checksum."""
    await run(console, f"dd if=/dev/urandom of=/run/b bs={BLOCK} count=9 2>/dev/null")
    await run(console, f"dd if=/run/b of=/dev/{name} conv=fsync 2>/dev/null")
    found = re.search(r"[0-9a-f]{64}", await run(console, "sha256sum < /run/b"))
    assert found
    return found[0]


async def first_blocks(console: ConsoleConnection, name: str) -> str:
    """The checksum of what `fill` has written, as the disk has it."""
    await run(console, "echo 3 > /proc/sys/vm/drop_caches")
    return await run(console, f"dd if=/dev/{name} bs={BLOCK} count=9 2>/dev/null | sha256sum")


async def held_up(cloud: Cloud, volume: Volume, storage: PrimaryStorage, here: PurePath) -> None:
    """A move that comes as far as the machine's change, and no further."""
    cloud.lab.host.run("mkdir", "-p", str(here / f"{volume.id}.retired" / "in the way"))
    accepted = await cloud.client.call("volume.move", id=volume.id, primary_storage_id=storage.id)
    with pytest.raises(JobFailed):
        await wait(cloud.client, accepted, timeout_s=90)
    assert (await cloud.client.call("volume.get", id=volume.id)).status == "moving"
    assert volume.vm_id is not None
    await cloud.vm_becomes(volume.vm_id, lambda one: one.state == "paused", 30)
    with pytest.raises(Conflict) as caught:
        await cloud.client.call("vm.resume", id=volume.vm_id)
    assert caught.value.code == "vm.disk_moves"


async def freed(cloud: Cloud, volume: Volume, here: PurePath) -> None:
    """Nothing is in the way any more, and what was left is cleaned up."""
    cloud.lab.host.run("rm", "-r", str(here / f"{volume.id}.retired"))
    async with asyncio.timeout(60):
        while works := [item async for item in cloud.client.iterate("cleanup.list")]:
            for item in works:
                with contextlib.suppress(ApiError):  # it is being tried, or done
                    await cloud.client.call("cleanup.retry", id=item.id)
            await asyncio.sleep(0.5)


async def move(cloud: Cloud, volume: Volume, storage: PrimaryStorage) -> Volume:
    await do(cloud, "volume.move", volume.id, primary_storage_id=storage.id)
    return await cloud.client.call("volume.get", id=volume.id)


def files(cloud: Cloud, volume: Volume, *folders: PurePath) -> list[str]:
    """All that is left of a volume in these folders."""
    listed = "\n".join(cloud.lab.host.run("ls", str(folder)) for folder in folders)
    return [name for name in listed.split() if name.startswith(volume.id)]


async def test_a_guest_writes_while_its_disk_moves(cloud: Cloud) -> None:
    call, host = cloud.client.call, cloud.lab.host
    vm: Vm = await cloud.create("mover", data_disks=[{"size_bytes": 64 * MiB}])
    root, data = vm.volumes
    local = await call("primary_storage.get", id=root.primary_storage_id or "")
    path = str(cloud.lab.folder / "shared")
    place: dict[str, Any] = {"cluster_id": vm.cluster_id, "kind": "shared", "path": path}
    shared = await call("primary_storage.create", name="shared", **place)
    here, there = PurePath(local.path) / "volumes", PurePath(path) / "volumes"
    console = await shell(cloud, vm.id, "mover")
    name = await disk(console, data)
    await run(console, "echo before > /root/state; sync")

    # Both disks go; the guest's writes go along, and nothing is left behind.
    await write_on(console, name)
    moved = await move(cloud, data, shared)
    assert (moved.primary_storage_id, moved.host_id) == (shared.id, None)
    await move(cloud, root, shared)
    assert await verify(console, name) > 0
    assert {PurePath(open_file(cloud, vm, one)).parent for one in ("vda", name)} == {there}
    assert files(cloud, data, here) == []
    assert files(cloud, root, here) == []
    assert (await cloud.vm(vm.id)).state == "running"

    # The agent dies meanwhile, then the service: the job goes on.
    await write_on(console, name)
    accepted = await call("volume.move", id=data.id, primary_storage_id=local.id)
    cloud.lab.kill_agent()
    cloud.lab.start_agent()
    await wait(cloud.client, accepted, timeout_s=90)
    with host.frozen_libvirtd():
        accepted = await call("volume.move", id=data.id, primary_storage_id=shared.id)
        cloud.lab.kill_service()
    await cloud.lab.start_service()
    await wait(cloud.client, accepted, timeout_s=90)
    await console.close()
    console = await cloud.client.open_console(vm.id, kind="serial")
    await log_in(console)
    assert await verify(console, name) > 0
    assert PurePath(open_file(cloud, vm, name)).parent == there
    assert len(files(cloud, data, here, there)) == 1

    # The machine dies meanwhile: one whole disk, with all that the guest had flushed.
    wanted = await fill(console, name)
    await console.close()
    accepted = await call("volume.move", id=data.id, primary_storage_id=local.id)
    host.run("virsh", "destroy", f"anyun-{vm.id}")
    with contextlib.suppress(JobFailed):  # it may have moved before
        await wait(cloud.client, accepted, timeout_s=90)
    await cloud.vm_becomes(vm.id, lambda one: one.state == "stopped", 30)
    data = await call("volume.get", id=data.id)
    assert data.status == "ready"
    assert len(files(cloud, data, here, there)) == 1
    console = await restart(cloud, vm, "mover")
    assert wanted in await first_blocks(console, name)
    assert "before\r\n" in await run(console, "cat /root/state")
    await console.close()

    # Off, both go back.
    await do(cloud, "vm.stop", vm.id, force=True)
    for volume in (root, data):
        if (await call("volume.get", id=volume.id)).primary_storage_id != local.id:
            asked = {"primary_storage_id": local.id, "host_id": vm.host_id}
            await do(cloud, "volume.move", volume.id, **asked)
    assert files(cloud, root, there) == []
    console = await restart(cloud, vm, "mover")
    assert wanted in await first_blocks(console, name)

    # The old copy cannot be renamed: the machine stands still with both copies equal. If it dies,
    # the old one counts; if the way is free again, it goes on with the new one.
    wanted = await fill(console, name)
    await console.close()
    await held_up(cloud, data, shared, here)
    host.run("virsh", "destroy", f"anyun-{vm.id}")
    await cloud.vm_becomes(vm.id, lambda one: one.state == "stopped", 30)
    await freed(cloud, data, here)
    assert (await call("volume.get", id=data.id)).primary_storage_id == local.id
    assert files(cloud, data, here, there) == [f"{data.id}.qcow2"]
    console = await restart(cloud, vm, "mover")
    assert wanted in await first_blocks(console, name)
    await held_up(cloud, data, shared, here)
    await freed(cloud, data, here)
    await cloud.vm_becomes(vm.id, lambda one: one.state == "running", 30)
    assert (await call("volume.get", id=data.id)).primary_storage_id == shared.id
    assert files(cloud, data, here, there) == [f"{data.id}.qcow2"]
    assert wanted in await first_blocks(console, name)
    await console.close()
    assert (await call("ledger.check")).differences == []
