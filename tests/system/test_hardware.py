"""Hardware of real machines: what guests get more of while they run, firmware, TPM, SCSI disks."""

from __future__ import annotations

import asyncio
import re

import pytest

from appliance.client.client import ConsoleConnection
from appliance.protocol.errors import Conflict, NoResources
from tests.system.conftest import GUEST_MEMORY_BYTES, Cloud
from tests.system.test_volumes import do, run, shell

pytestmark = pytest.mark.timeout(300)
MiB = 1024**2
FIRMWARE_SPEAKS_WITHIN_S = 90
TAKES_UP_WITHIN_S = 90
TAKE_UP = "for part in {where}; do echo {what} > $part; done; true"


def domain(cloud: Cloud, vm_id: str, *words: str) -> str:
    """What virsh says of a machine."""
    return cloud.lab.host.run("virsh", "-q", words[0], f"anyun-{vm_id}", *words[1:])


def firmware_files(cloud: Cloud) -> list[str]:
    """What firmware and TPMs of all machines keep, below the folders of their machines."""
    found = cloud.lab.host.run("find", str(cloud.lab.state / "storage"), "-path", "*/firmware/*/*")
    return sorted(line.partition("/firmware/")[2].partition("/")[2] for line in found.splitlines())


async def test_a_guest_grows_while_it_runs_and_keeps_it(cloud: Cloud) -> None:
    room = {"max_cpu_count": 3, "max_memory_bytes": GUEST_MEMORY_BYTES + 256 * MiB}
    vm = await cloud.create(
        "one",
        hardware=room,
        root_bus="virtio_scsi",
        data_disks=[{"size_bytes": 64 * MiB, "bus": "virtio_scsi"}],
    )
    console = await shell(cloud, vm.id, "one")
    assert await cpus_of(console) == 1
    before = await memory_of(console)

    # Its disks are those of the SCSI controller, known by their serials; what it trims is given
    # back by the file.
    root, data = vm.volumes
    assert (root.bus, data.bus) == ("virtio_scsi", "virtio_scsi")
    seen = await run(
        console,
        "ls /sys/block; for d in sda sdb; do tail -c 20 /sys/block/$d/device/vpd_pg80; echo; done",
    )
    assert "vda" not in seen
    assert root.serial in seen
    assert data.serial in seen
    await run(console, "dd if=/dev/urandom of=/dev/sdb bs=1M count=48 conv=fsync 2>/dev/null")
    written = await size_on_disk(cloud, data.id)
    assert written >= 48 * MiB
    await run(console, "blkdiscard /dev/sdb; sync")
    assert await size_on_disk(cloud, data.id) < 8 * MiB

    # CPUs and memory come while it runs; claims follow.
    await do(cloud, "vm.resize", vm.id, cpu_count=3, memory_bytes=GUEST_MEMORY_BYTES + 128 * MiB)
    await takes_up(console, cpu_count=3, memory_bytes=before + 100 * MiB)
    (host,) = (await cloud.client.call("host.list")).items
    assert host.cpu_claimed == 3
    assert host.memory_claimed_bytes == GUEST_MEMORY_BYTES + 128 * MiB
    with pytest.raises(Conflict) as caught:
        await cloud.client.call("vm.resize", id=vm.id, cpu_count=4)
    assert caught.value.code == "vm.no_room_for_cpus"
    with pytest.raises(Conflict) as caught:
        await cloud.client.call("vm.resize", id=vm.id, cpu_count=1)
    assert caught.value.code == "vm.no_live_shrink"

    # A change of hardware waits for the next start, and says so.
    await cloud.client.call("vm.update_hardware", id=vm.id, cpu_mode="custom", cpu_model="Nehalem")
    assert (await cloud.vm(vm.id)).hardware.pending == ["cpu_mode", "cpu_model"]
    await console.close()
    await do(cloud, "vm.stop", vm.id, force=True)
    await do(cloud, "vm.resize", vm.id, cpu_count=2, memory_bytes=GUEST_MEMORY_BYTES)
    await do(cloud, "vm.start", vm.id)
    vm = await cloud.vm(vm.id)
    assert vm.hardware.pending == []
    assert "Nehalem" in domain(cloud, vm.id, "dumpxml")
    assert domain(cloud, vm.id, "vcpucount", "--live", "--current").strip() == "2"
    await do(cloud, "vm.stop", vm.id, force=True)


async def takes_up(console: ConsoleConnection, *, cpu_count: int, memory_bytes: int) -> None:
    """The guest puts to use what it got; it hears of that some time after its host gave it."""
    async with asyncio.timeout(TAKES_UP_WITHIN_S):
        while await cpus_of(console) < cpu_count or await memory_of(console) < memory_bytes:
            await run(
                console, TAKE_UP.format(where="/sys/devices/system/cpu/cpu[12]/online", what=1)
            )
            await run(
                console,
                TAKE_UP.format(where="/sys/devices/system/memory/memory*/state", what="online"),
            )
    assert await cpus_of(console) == cpu_count


async def cpus_of(console: ConsoleConnection) -> int:
    """CPUs that the guest's kernel uses."""
    found = re.search(r"cpus (\d+)", await run(console, "echo cpus $(nproc)"))
    assert found
    return int(found[1])


async def memory_of(console: ConsoleConnection) -> int:
    """Bytes of memory that the guest's kernel has."""
    seen = await run(console, "grep MemTotal /proc/meminfo")
    found = re.search(r"MemTotal: *(\d+) kB", seen)
    assert found, seen
    return int(found[1]) * 1024


async def size_on_disk(cloud: Cloud, volume_id: str) -> int:
    """What the file of a volume really takes, in bytes."""
    (path,) = (cloud.lab.state / "storage").rglob(f"{volume_id}.qcow2")
    return path.stat().st_blocks * 512


async def test_firmware_and_tpm_are_real_and_go_with_their_machine(cloud: Cloud) -> None:
    hardware = {"firmware": "uefi", "tpm": True, "boot_order": ["disk"]}
    vm = await cloud.create("uefi", hardware=hardware, memory_bytes=512 * MiB)
    # The starter image boots by BIOS alone: the firmware says that it found nothing to start.
    await cloud.read_serial(vm.id, b"BdsDxe: failed to load Boot0", FIRMWARE_SPEAKS_WITHIN_S)
    shown = domain(cloud, vm.id, "qemu-monitor-command", "--hmp", "info tpm")
    assert "tpm-crb" in shown
    files = firmware_files(cloud)
    assert "uefi.fd" in files
    assert any(name.startswith("tpm/tpm2/") for name in files)

    # They outlive a stop, are there again at the next start, also with secure boot.
    await do(cloud, "vm.stop", vm.id, force=True)
    kept = {name for name in firmware_files(cloud) if not name.endswith(".lock")}
    assert "uefi.fd" in kept
    await cloud.client.call("vm.update_hardware", id=vm.id, firmware="uefi_secure")
    await do(cloud, "vm.start", vm.id)
    xml = domain(cloud, vm.id, "dumpxml")
    assert "secure='yes'" in xml
    assert "<smm state='on'" in xml
    await cloud.read_serial(vm.id, b"BdsDxe", FIRMWARE_SPEAKS_WITHIN_S)
    assert kept <= set(firmware_files(cloud))

    # With the machine they go.
    await do(cloud, "vm.destroy", vm.id)
    assert firmware_files(cloud)
    await do(cloud, "vm.expunge", vm.id)
    assert firmware_files(cloud) == []
    assert not list((cloud.lab.folder / "host" / "var-lib-libvirt" / "swtpm").iterdir())

    # A host that emulates cannot give its own processor to machines, and says so.
    request = cloud.vm_request("own", hardware={"cpu_mode": "host_passthrough"})
    with pytest.raises(NoResources) as caught:
        await cloud.client.call("vm.create", **request)
    assert caught.value.code == "placement.no_hardware"
    assert caught.value.params["names"] == "kvm"
    (cluster,) = (await cloud.client.call("cluster.list")).items
    assert cluster.cpu_baseline is not None
    assert (cluster.cpu_baseline.accelerator, cluster.cpu_baseline.lacking) == ("tcg", [])
