"""Disks of real guests that move to another storage while the guest writes to them."""

from __future__ import annotations

import contextlib
import re
from pathlib import PurePath
from typing import Any

import pytest

from appliance.client import JobFailed, wait
from appliance.client.client import ConsoleConnection
from appliance.protocol.resources import PrimaryStorage, Vm, Volume
from tests.system.conftest import Cloud
from tests.system.test_snapshots import open_file, restart
from tests.system.test_vm_life import log_in
from tests.system.test_volumes import disk, do, run, shell

pytestmark = pytest.mark.timeout(400)
MiB = 1024**2
SHARED = "/srv/anyun/move-here"
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
        "touch /run/stopped) >/dev/null 2>&1 &",
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
    place: dict[str, Any] = {"cluster_id": vm.cluster_id, "kind": "shared", "path": SHARED}
    shared = await call("primary_storage.create", name="shared", **place)
    here, there = PurePath(local.path) / "volumes", PurePath(SHARED) / "volumes"
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
    console = await cloud.client.open_console(vm.id, kind="serial")
    await log_in(console)
    assert await verify(console, name) > 0
    assert PurePath(open_file(cloud, vm, name)).parent == there
    assert len(files(cloud, data, here, there)) == 1

    # The machine dies meanwhile: one whole disk, with all that the guest had flushed.
    await run(console, f"dd if=/dev/urandom of=/run/b bs={BLOCK} count=9 2>/dev/null")
    await run(console, f"dd if=/run/b of=/dev/{name} conv=fsync 2>/dev/null")
    wanted = re.search(r"[0-9a-f]{64}", await run(console, "sha256sum < /run/b"))
    assert wanted
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
    seen = await run(console, f"dd if=/dev/{name} bs={BLOCK} count=9 2>/dev/null | sha256sum")
    assert wanted[0] in seen
    assert "before\r\n" in await run(console, "cat /root/state")
    await console.close()

    # Off, both go back.
    await do(cloud, "vm.stop", vm.id, force=True)
    for volume in (root, data):
        if (await call("volume.get", id=volume.id)).primary_storage_id != local.id:
            await move(cloud, volume, local)
    assert files(cloud, root, there) == []
    console = await restart(cloud, vm, "mover")
    assert wanted[0] in await run(
        console, f"dd if=/dev/{name} bs={BLOCK} count=9 2>/dev/null | sha256sum"
    )
    assert (await call("ledger.check")).differences == []
