"""Data disks in real guests: they see, write, and keep them; and never two write to one."""

from __future__ import annotations

import re
import subprocess
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from appliance.client import JobFailed, wait
from appliance.client.client import ConsoleConnection
from appliance.protocol.errors import Conflict
from appliance.protocol.resources import Volume
from tests.system.conftest import Cloud
from tests.system.test_vm_life import LOGIN_WITHIN_S, log_in, read_until

pytestmark = pytest.mark.timeout(400)
MiB = 1024**2


async def shell(cloud: Cloud, vm_id: str, name: str) -> ConsoleConnection:
    """A console at the prompt of a guest that has come up."""
    await cloud.read_serial(vm_id, f"{name} login:".encode(), LOGIN_WITHIN_S)
    console = await cloud.client.open_console(vm_id, kind="serial")
    await log_in(console)
    return console


async def run(console: ConsoleConnection, command: str) -> str:
    """What a command in the guest prints; it must succeed."""
    await console.send(f"{command}; echo =$?=\r".encode())
    seen = (await read_until(console, b"=\r\n", 60)).decode(errors="replace")
    while not (ended := re.search(r"=(\d+)=\r\n", seen)):
        seen += (await read_until(console, b"=\r\n", 60)).decode(errors="replace")
    assert ended[1] == "0", seen
    return seen


async def disk(console: ConsoleConnection, volume: Volume) -> str:
    """The guest's name of the disk with the volume's serial; empty if it has none."""
    for _ in range(3):  # what the kernel says may come in between
        found = await run(console, f"grep -l {volume.serial} /sys/block/vd*/serial; true")
        if names := re.findall(r"/sys/block/(vd\w)/serial\r\n", found):
            return names[0]
    return ""


async def checksum(console: ConsoleConnection, path: str) -> str:
    seen = await run(console, f"dd if={path} bs=1M count=4 2>/dev/null | sha256sum")
    found = re.search(r"[0-9a-f]{64}", seen)
    assert found, seen
    return found[0]


async def make(cloud: Cloud, **fields: Any) -> Volume:
    accepted = await cloud.client.call("volume.create", name="data", **fields)
    await wait(cloud.client, accepted, timeout_s=60)
    return await cloud.client.call("volume.get", id=accepted.resource_ids[0])


async def do(cloud: Cloud, operation: str, ref: str, **fields: Any) -> None:
    """An operation to its end; raises JobFailed."""
    await wait(cloud.client, await cloud.client.call(operation, id=ref, **fields), timeout_s=120)


def tuned(cloud: Cloud, vm_id: str, name: str) -> dict[str, int]:
    """The limits of a disk as libvirt has them."""
    shown = cloud.lab.host.run("virsh", "-q", "blkdeviotune", f"anyun-{vm_id}", name)
    return {key: int(value) for key, value in re.findall(r"(\w+) *: *(\d+)\b", shown)}


async def test_a_disk_goes_from_guest_to_guest_with_its_content(cloud: Cloud) -> None:
    call, host = cloud.client.call, cloud.lab.host
    first, second = await cloud.create("one"), await cloud.create("two")
    here, there = await shell(cloud, first.id, "one"), await shell(cloud, second.id, "two")
    volume = await make(cloud, size_bytes=64 * MiB)
    assert volume.status == "not_made"

    # It comes while the guest runs, which knows it by its serial.
    await do(cloud, "volume.attach", volume.id, vm_id=first.id)
    name = await disk(here, volume)
    assert name == "vdb"
    await run(here, f"dd if=/dev/urandom of=/dev/{name} bs=1M count=4 conv=fsync 2>/dev/null")
    pattern = await checksum(here, f"/dev/{name}")

    # It grows, and gets limits, under the guest's eyes.
    await do(cloud, "volume.resize", volume.id, size_bytes=96 * MiB)
    assert f"{96 * MiB // 512}\r\n" in await run(here, f"cat /sys/block/{name}/size")
    root = first.volumes[0]
    await do(cloud, "volume.resize", root.id, size_bytes=root.size_bytes // MiB * MiB + 64 * MiB)
    limits = {"read_iops": 500, "write_bytes_s": 20 * MiB}
    await do(cloud, "volume.set_limits", volume.id, **limits)
    found = tuned(cloud, first.id, "vdb")
    assert (found["read_iops_sec"], found["write_bytes_sec"]) == (500, 20 * MiB)
    assert (found["write_iops_sec"], found["read_bytes_sec"]) == (0, 0)

    # A second writer is impossible: the service, the agent and QEMU each refuse it.
    with pytest.raises(Conflict) as caught:
        await call("volume.attach", id=volume.id, vm_id=second.id)
    assert caught.value.code == "volume.attached"
    xml = ET.fromstring(host.run("virsh", "dumpxml", f"anyun-{first.id}"))
    path = next(
        source.attrib["file"]
        for source in xml.iterfind("devices/disk/source")
        if volume.id in source.attrib["file"]
    )
    arguments = ("vdc", "--driver", "qemu", "--subdriver", "qcow2", "--targetbus", "virtio")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        host.run("virsh", "attach-disk", f"anyun-{second.id}", path, *arguments)
    assert "lock" in refused.value.stderr
    with pytest.raises(subprocess.CalledProcessError):
        host.run("qemu-img", "resize", path, "128M")

    # It leaves, and comes to another guest with its content. The service dies on the way.
    await do(cloud, "volume.detach", volume.id)
    assert await disk(here, volume) == ""
    accepted = await call("volume.attach", id=volume.id, vm_id=second.id)
    cloud.lab.kill_service()
    await cloud.lab.start_service()
    await wait(cloud.client, accepted, timeout_s=90)
    there = await cloud.client.open_console(second.id, kind="serial")
    await log_in(there)
    name = await disk(there, volume)
    assert await checksum(there, f"/dev/{name}") == pattern
    assert f"{96 * MiB // 512}\r\n" in await run(there, f"cat /sys/block/{name}/size")
    assert tuned(cloud, second.id, "vdb")["read_iops_sec"] == 500
    await there.close()

    # It stays when its machine goes, and is there for one that starts with it.
    await do(cloud, "vm.destroy", second.id)
    await do(cloud, "vm.expunge", second.id)
    kept = await call("volume.get", id=volume.id)
    assert (kept.vm_id, kept.status) == (None, "ready")
    await do(cloud, "vm.stop", first.id, force=True)
    await do(cloud, "volume.attach", volume.id, vm_id=first.id)
    await do(cloud, "volume.resize", volume.id, size_bytes=128 * MiB)
    await do(cloud, "vm.start", first.id)
    here = await shell(cloud, first.id, "one")
    name = await disk(here, volume)
    assert await checksum(here, f"/dev/{name}") == pattern
    assert f"{128 * MiB // 512}\r\n" in await run(here, f"cat /sys/block/{name}/size")
    size = root.size_bytes // MiB * MiB + 64 * MiB
    assert f"{size // 512}\r\n" in await run(here, "cat /sys/block/vda/size")
    await here.close()
    await do(cloud, "volume.detach", volume.id)

    # It goes by way of the recycle bin.
    await do(cloud, "volume.delete", volume.id)
    assert host.run("ls", path).strip() == path
    await do(cloud, "volume.expunge", volume.id)
    with pytest.raises(subprocess.CalledProcessError):
        host.run("ls", path)
    assert (await call("ledger.check")).differences == []


async def test_a_full_disk_leaves_nothing_half_made(cloud: Cloud) -> None:
    vm = await cloud.create("web", start=False)
    host = cloud.lab.host
    found = host.run("find", str(cloud.lab.state), "-name", f"{vm.volumes[0].id}.qcow2")
    folder = found.strip().rpartition("/")[0]
    host.run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder)
    volume = await make(cloud, size_bytes=1024 * MiB)
    try:
        accepted = await cloud.client.call("volume.attach", id=volume.id, vm_id=vm.id)
        with pytest.raises(JobFailed) as caught:
            await wait(cloud.client, accepted, timeout_s=60)
        assert caught.value.error.code == "storage.no_space"
        assert caught.value.error.params["available_bytes"] <= 8 * MiB
        assert host.run("find", folder, "-type", "f").strip() == ""
    finally:
        host.run("umount", folder)
    again = await cloud.client.call("volume.get", id=volume.id)
    assert (again.status, again.vm_id, again.host_id) == ("not_made", None, None)
    await do(cloud, "volume.attach", volume.id, vm_id=vm.id)
    assert (await cloud.client.call("ledger.check")).differences == []
