"""Snapshots of real guests: what they wrote is there again, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import re
from xml.etree import ElementTree as ET

import pytest

from appliance.client import JobFailed, wait
from appliance.client.client import ConsoleConnection
from appliance.protocol.errors import Conflict
from appliance.protocol.resources import Vm, Volume
from appliance.protocol.snapshots import Snapshot
from tests.system.conftest import Cloud
from tests.system.test_vm_life import log_in
from tests.system.test_volumes import checksum, disk, do, run, shell

pytestmark = pytest.mark.timeout(400)
MiB = 1024**2


async def write(console: ConsoleConnection, name: str) -> str:
    """New random content for the disk; returns its checksum."""
    await run(console, f"dd if=/dev/urandom of=/dev/{name} bs=1M count=4 conv=fsync 2>/dev/null")
    return await checksum(console, f"/dev/{name}")


async def take(cloud: Cloud, volume: Volume, name: str) -> str:
    accepted = await cloud.client.call("snapshot.create", volume_id=volume.id, name=name)
    await wait(cloud.client, accepted, timeout_s=60)
    return accepted.resource_ids[0]


async def tree(cloud: Cloud, volume: Volume) -> dict[str, Snapshot]:
    """A volume's snapshots by name; its files are as they should be."""
    chain = await cloud.client.call("volume.check_chain", id=volume.id)
    assert chain.is_sound, chain
    assert chain.strangers == []
    items = cloud.client.iterate("snapshot.list", filter=f"volume_id = {volume.id}")
    return {item.name: item async for item in items}


def open_file(cloud: Cloud, vm: Vm, name: str) -> str:
    """The file that a disk of the machine is written to, as libvirt says."""
    listed = cloud.lab.host.run("virsh", "-q", "domblklist", f"anyun-{vm.id}")
    return next(line.split()[1] for line in listed.splitlines() if line.split()[0] == name)


def device(cloud: Cloud, vm: Vm, name: str) -> str:
    """QEMU's path of a disk of the machine."""
    xml = ET.fromstring(cloud.lab.host.run("virsh", "dumpxml", f"anyun-{vm.id}"))
    (alias,) = (
        disk.find("alias")
        for disk in xml.iterfind("devices/disk")
        if disk.find(f"target[@dev='{name}']") is not None
    )
    assert alias is not None
    return f"/machine/peripheral/{alias.attrib['name']}/virtio-backend"


async def restart(cloud: Cloud, vm: Vm, name: str) -> ConsoleConnection:
    await do(cloud, "vm.start", vm.id)
    return await shell(cloud, vm.id, name)


async def test_guests_have_again_what_they_had(cloud: Cloud) -> None:
    call = cloud.client.call
    vm = await cloud.create("one", data_disks=[{"size_bytes": 64 * MiB}])
    root, data = vm.volumes
    console = await shell(cloud, vm.id, "one")
    name = await disk(console, data)

    # Both disks at one instant, while the guest writes.
    first = await write(console, name)
    await run(console, "echo first > /root/state; sync")
    accepted = await call("vm.create_snapshot", id=vm.id, name="first")
    await wait(cloud.client, accepted, timeout_s=60)
    taken = [(await tree(cloud, one))["first"] for one in (root, data)]
    assert len({one.group_id for one in taken}) == 1
    assert all(one.is_quiesced for one in taken)
    second = await write(console, name)
    await run(console, "echo second > /root/state; sync")

    # A deleted one is merged under the running guest; its agent dies meanwhile.
    await take(cloud, data, "second")
    third = await write(console, name)
    accepted = await call("snapshot.delete", id=(await tree(cloud, data))["second"].id)
    cloud.lab.kill_agent()
    cloud.lab.start_agent()
    await wait(cloud.client, accepted, timeout_s=90)
    console = await cloud.client.open_console(vm.id, kind="serial")
    await log_in(console)
    assert await checksum(console, f"/dev/{name}") == third
    for words in ("third", "fourth"):
        await take(cloud, data, words)
    fourth = await write(console, name)
    await do(cloud, "snapshot.delete", (await tree(cloud, data))["third"].id)
    assert (await tree(cloud, data)).keys() == {"first", "fourth"}
    assert await checksum(console, f"/dev/{name}") == fourth
    assert (await cloud.vm(vm.id)).state == "running"

    # Back to the first one, keeping what is there.
    revert = {"snapshot_id": (await tree(cloud, data))["first"].id, "save_as": "late"}
    with pytest.raises(Conflict) as caught:
        await call("vm.revert_snapshot", id=vm.id, **revert)
    assert caught.value.code == "snapshot.vm_runs"
    await console.close()
    await do(cloud, "vm.stop", vm.id, force=True)
    await do(cloud, "vm.revert_snapshot", vm.id, **revert)
    console = await restart(cloud, vm, "one")
    assert await checksum(console, f"/dev/{name}") == first
    assert "first\r\n" in await run(console, "cat /root/state")

    # A volume of a snapshot comes to the running guest; it is a disk of its own.
    late = (await tree(cloud, data))["late"]
    accepted = await call("volume.create", name="copy", snapshot_id=late.id, vm_id=vm.id)
    await wait(cloud.client, accepted, timeout_s=60)
    copy = await call("volume.get", id=accepted.resource_ids[0])
    assert await checksum(console, f"/dev/{await disk(console, copy)}") == fourth
    assert fourth != third != second != first
    # So does one of an image of that snapshot.
    (store,) = (await call("image_store.list")).items
    image = {"id": data.id, "name": "late", "image_store_id": store.id}
    accepted = await call("volume.create_image", **image, snapshot_id=late.id)
    await wait(cloud.client, accepted, timeout_s=60)
    image_id = accepted.resource_ids[0]
    accepted = await call("volume.create", name="of-image", image_id=image_id, vm_id=vm.id)
    await wait(cloud.client, accepted, timeout_s=60)
    of_image = await call("volume.get", id=accepted.resource_ids[0])
    assert await checksum(console, f"/dev/{await disk(console, of_image)}") == fourth
    # And a machine starts from the root disk as it was.
    (of_root,) = [one for one in (await tree(cloud, root)).values() if one.name == "late"]
    other = await cloud.create("other", image_id=None, snapshot_id=of_root.id)
    guest = await shell(cloud, other.id, "other")
    assert "second\r\n" in await run(guest, "cat /root/state")
    await guest.close()
    await do(cloud, "vm.destroy", other.id)
    await do(cloud, "vm.expunge", other.id)

    # All are deleted under the running guest, which notices nothing.
    for volume in (root, data):
        for item in (await tree(cloud, volume)).values():
            await do(cloud, "snapshot.delete", item.id)
        chain = await call("volume.check_chain", id=volume.id)
        assert (chain.is_sound, len(chain.files)) == (True, 1)
    assert await checksum(console, f"/dev/{name}") == first
    assert "first\r\n" in await run(console, "cat /root/state; echo last > /root/state; sync")
    assert (await call("ledger.check")).differences == []

    # Service and machine die when QEMU has a new file and no row says that it was taken.
    host, before = cloud.lab.host, open_file(cloud, vm, name)
    with host.frozen_libvirtd():
        accepted = await call("snapshot.create", volume_id=data.id, name="dying", quiesce=False)
        head = f"{data.id}.{accepted.resource_ids[0]}.qcow2"
        async with asyncio.timeout(10):
            while head not in host.run("ls", before.rpartition("/")[0]):
                await asyncio.sleep(0.1)
        cloud.lab.kill_service()
    async with asyncio.timeout(10):
        while not open_file(cloud, vm, name).endswith(head):
            await asyncio.sleep(0.1)
    written = f'qemu-io -d {device(cloud, vm, name)} "write -P 77 0 1M"'
    host.run("virsh", "qemu-monitor-command", f"anyun-{vm.id}", "--hmp", written)
    host.run("virsh", "destroy", f"anyun-{vm.id}")
    await cloud.lab.start_service()
    await wait(cloud.client, accepted, timeout_s=90)
    await cloud.vm_becomes(vm.id, lambda one: one.state == "stopped", 30)
    console = await restart(cloud, vm, "one")
    assert "last\r\n" in await run(console, "cat /root/state")
    seen = await run(console, f"dd if=/dev/{name} bs=1M count=1 2>/dev/null | tr -d M | wc -c")
    assert re.search(r"(?m)^0\r$", seen), seen
    assert await tree(cloud, data)

    # Damaged by hand: named, and nothing is made worse.
    await console.close()
    await do(cloud, "vm.stop", vm.id, force=True)
    chain = await call("volume.check_chain", id=data.id)
    lost = next(file.path for file in chain.files if file.snapshot_id is not None)
    host.run("mv", lost, f"{lost}.away")
    chain = await call("volume.check_chain", id=data.id)
    assert [(one.path, one.problem) for one in chain.files if one.problem] == [(lost, "missing")]
    for operation, fields in (
        ("vm.start", {"id": vm.id}),
        ("snapshot.create", {"volume_id": data.id, "name": "x"}),
        ("snapshot.delete", {"id": chain.files[1].snapshot_id}),
    ):
        with pytest.raises(JobFailed) as failed:
            await wait(cloud.client, await call(operation, **fields), timeout_s=60)
        assert failed.value.error.code == "volume.chain_damaged", operation
        assert failed.value.error.params["path"] == lost
    host.run("mv", f"{lost}.away", lost)
    await do(cloud, "snapshot.delete", chain.files[1].snapshot_id or "")
    assert await tree(cloud, data) == {}
