"""Images made out of real machines while they run, and machines made out of those."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from appliance.client import JobFailed, wait
from appliance.protocol.requests import VolumeCreateImage
from appliance.protocol.resources import Image
from tests.system.conftest import Cloud
from tests.system.test_vm_life import LOGIN_WITHIN_S
from tests.system.test_volumes import MiB, checksum, disk, make, run, shell

pytestmark = pytest.mark.timeout(400)


async def ask_image(cloud: Cloud, volume_id: str, name: str) -> Any:
    (store,) = (await cloud.client.call("image_store.list")).items
    request = VolumeCreateImage(name=name, image_store_id=store.id)
    return await cloud.client.call("volume.create_image", request, id=volume_id)


async def image_of(cloud: Cloud, volume_id: str, name: str) -> Image:
    accepted = await ask_image(cloud, volume_id, name)
    await wait(cloud.client, accepted, timeout_s=120)
    return await cloud.client.call("image.get", id=accepted.resource_ids[0])


def content(cloud: Cloud, image: Image) -> bytes:
    """The first bytes of an image as a guest would see them; its file refers to no other."""
    host, path = cloud.lab.host, cloud.lab.state / "storage" / "image-store" / "images"
    file = str(path / f"{image.id}.qcow2")
    assert "backing" not in host.run("qemu-img", "info", file)
    raw = cloud.lab.folder / "raw"
    host.run("qemu-img", "convert", "-O", "raw", file, str(raw))
    return raw.read_bytes()[: 4 * MiB]


def jobs_of_qemu(cloud: Cloud, vm_id: str) -> str:
    return cloud.lab.host.run("virsh", "-q", "domjobinfo", f"anyun-{vm_id}")


async def test_a_machine_that_runs_becomes_an_image(cloud: Cloud) -> None:
    first = await cloud.create("one")
    here = await shell(cloud, first.id, "one")
    volume = await make(cloud, size_bytes=32 * MiB)
    accepted = await cloud.client.call("volume.attach", id=volume.id, vm_id=first.id)
    await wait(cloud.client, accepted, timeout_s=60)
    name = await disk(here, volume)
    await run(here, f"dd if=/dev/urandom of=/dev/{name} bs=1M count=4 conv=fsync 2>/dev/null")
    pattern = await checksum(here, f"/dev/{name}")
    disks = cloud.lab.host.run("virsh", "-q", "domblklist", f"anyun-{first.id}")

    # The guest goes on writing meanwhile, over the same place once the copy has begun.
    data = await image_of(cloud, volume.id, "data")
    assert (data.kind, data.source, data.virtual_size_bytes) == ("data", "volume", 32 * MiB)
    assert hashlib.sha256(content(cloud, data)).hexdigest() == pattern
    await run(here, f"dd if=/dev/zero of=/dev/{name} bs=1M count=4 conv=fsync 2>/dev/null")

    # The agent dies in the middle: the job ends well all the same, or nothing is left of it.
    root = first.volumes[0]
    accepted = await ask_image(cloud, root.id, "root")
    cloud.lab.kill_agent()
    cloud.lab.start_agent()
    await wait(cloud.client, accepted, timeout_s=120)
    image = await cloud.client.call("image.get", id=accepted.resource_ids[0])
    assert (image.kind, image.platform) == ("root", "linux")
    assert "backing" not in cloud.lab.host.run("virsh", "-q", "domblklist", f"anyun-{first.id}"), (
        "something was added to the machine's disk"
    )
    assert cloud.lab.host.run("virsh", "-q", "domblklist", f"anyun-{first.id}") == disks
    assert "None" in jobs_of_qemu(cloud, first.id)

    # A machine that is off, and an image that is no system.
    await wait(
        cloud.client,
        await cloud.client.call("vm.stop", id=first.id, force=True),
        timeout_s=60,
    )
    again = await image_of(cloud, volume.id, "zeros")
    assert content(cloud, again) == bytes(4 * MiB)
    await here.close()
    second = await cloud.create("two", image_id=image.id)
    await cloud.read_serial(second.id, b"two login:", LOGIN_WITHIN_S)


async def test_a_store_that_is_full(cloud: Cloud) -> None:
    first = await cloud.create("one", start=False)
    incoming = cloud.lab.state / "storage" / "image-store" / "incoming"
    incoming.mkdir(exist_ok=True)
    host = cloud.lab.host
    host.run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(incoming))
    try:
        accepted = await ask_image(cloud, first.volumes[0].id, "none")
        with pytest.raises(JobFailed) as caught:
            await wait(cloud.client, accepted, timeout_s=60)
    finally:
        host.run("umount", str(incoming))
    assert caught.value.error.code == "storage.no_space"
    assert [one.name for one in (await cloud.client.call("image.list")).items] == ["starter"]
    assert (await cloud.client.call("volume.get", id=first.volumes[0].id)).status == "ready"
