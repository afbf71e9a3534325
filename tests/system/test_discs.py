"""Discs in real machines: they come and go under the guest's eyes, and machines boot from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.client import JobFailed, wait
from appliance.client.setup import send_content
from appliance.protocol.errors import Conflict
from tests.system.conftest import Cloud
from tests.system.disc import CONTENT, SAYS, write_disc
from tests.system.test_vm_life import LOGIN_WITHIN_S
from tests.system.test_volumes import run, shell

pytestmark = pytest.mark.timeout(300)
MiB = 1024**2


async def upload(cloud: Cloud, folder: Path) -> str:
    """The disc as an image of the cloud; returns its id."""
    path = folder / "test.iso"
    write_disc(path)
    accepted = await cloud.client.call(
        "image.create",
        name="test-disc",
        image_store_id=cloud.flow.step("image_store").request["id"],
        source="upload",
        size_bytes=path.stat().st_size,
    )
    await send_content(cloud.client, accepted.resource_ids[0], path, lambda *_: None)
    await wait(cloud.client, accepted, timeout_s=60)
    return accepted.resource_ids[0]


async def test_discs_come_and_go_and_machines_boot_from_them(cloud: Cloud, tmp_path: Path) -> None:
    call = cloud.client.call
    vm = await cloud.create("reader")
    disc_id = await upload(cloud, tmp_path)
    assert (await call("image.get", id=disc_id)).kind == "iso"
    console = await shell(cloud, vm.id, "reader")

    # It comes while the guest runs.
    await cloud.do("vm.attach_iso", vm.id, image_id=disc_id)
    await run(console, "mount -t iso9660 -o ro /dev/sr0 /mnt")
    assert CONTENT.decode().strip() in await run(console, "cat /mnt/hello")

    # While the guest reads it, it goes only by force; while it is in, its image stays.
    with pytest.raises(JobFailed) as failed:
        await cloud.do("vm.detach_iso", vm.id)
    assert "domain.tray_locked" in str(failed.value.__dict__) or "locked" in str(failed.value)
    with pytest.raises(Conflict) as caught:
        await call("image.delete", id=disc_id)
    assert (caught.value.code, caught.value.params["vms"]) == ("image.in_drives", "reader")
    await cloud.do("vm.detach_iso", vm.id, force=True)
    assert "No medium" in await run(console, "umount /mnt; head -c 1 /dev/sr0 2>&1; true")
    await cloud.do("vm.attach_iso", vm.id, image_id=disc_id, slot=1)
    await run(console, "mount -t iso9660 -o ro /dev/sr1 /mnt; umount /mnt")
    await cloud.do("vm.detach_iso", vm.id)
    await console.close()

    # A machine with an empty root disk boots from it, and finds it again at its next start.
    request = cloud.vm_request("installed", iso_id=disc_id, root_disk_bytes=64 * MiB)
    del request["image_id"]
    accepted = await call("vm.create", **request)
    await wait(cloud.client, accepted, timeout_s=60)
    new = accepted.resource_ids[0]
    await cloud.read_serial(new, SAYS, LOGIN_WITHIN_S)
    await cloud.do("vm.stop", new, force=True)
    await cloud.do("vm.start", new)
    await cloud.read_serial(new, SAYS, LOGIN_WITHIN_S)
    await cloud.do("vm.detach_iso", new)
    await cloud.do("vm.reboot", new, force=True)
    for vm_id in (vm.id, new):
        await cloud.do("vm.destroy", vm_id)
        await cloud.do("vm.expunge", vm_id)
    assert set(cloud.leftovers().values()) == {""}
