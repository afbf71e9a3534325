"""The domain XML of machines with hardware of their own, compared with files beside the tests."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hostagent.libvirt.machine_xml import dimm
from hostagent.libvirt.xml import build, disk_xml
from hostagent.protocol.domain import DiskSpec
from hostagent.protocol.hardware import Cell, CpuSpec, HardwareSpec, Pin, Topology
from hostagent.protocol.storage import StorageRef, VolumeRef
from tests.conftest import Golden
from tests.golden.test_domain_xml import VM_ID, sources, spec

GiB = 1024**3
MACHINES = {
    "uefi": HardwareSpec(firmware="uefi"),
    "uefi_secure_tpm": HardwareSpec(firmware="uefi_secure", tpm=True),
    "boot_order": HardwareSpec(boot_order=("cdrom", "network", "disk")),
    "cpu_none": HardwareSpec(cpu=CpuSpec(mode="none")),
    "cpu_none_nested": HardwareSpec(cpu=CpuSpec(mode="none", nested=True)),
    "cpu_host_model": HardwareSpec(cpu=CpuSpec(mode="host_model")),
    "cpu_host_model_nested": HardwareSpec(cpu=CpuSpec(mode="host_model", nested=True)),
    "cpu_host_passthrough": HardwareSpec(cpu=CpuSpec(mode="host_passthrough")),
    "cpu_host_passthrough_nested": HardwareSpec(cpu=CpuSpec(mode="host_passthrough", nested=True)),
    "cpu_custom": HardwareSpec(cpu=CpuSpec(mode="custom", model="Nehalem")),
    "cpu_baseline": HardwareSpec(
        cpu=CpuSpec(
            mode="custom", model="Haswell", features={"aes": True, "hle": False, "vmx": True}
        )
    ),
    "cpu_baseline_nested": HardwareSpec(
        cpu=CpuSpec(mode="custom", model="Haswell", features={"vmx": True}, nested=True)
    ),
    "topology": HardwareSpec(topology=Topology(sockets=1, cores=1, threads=2)),
    "pins": HardwareSpec(pins=[Pin(cpu=0, host_cpus=[0, 1, 2, 3, 8]), Pin(cpu=1, host_cpus=[5])]),
    "numa": HardwareSpec(
        cells=[
            Cell(cpus=[0], memory_bytes=256 * 1024**2, host_node=0),
            Cell(cpus=[1], memory_bytes=256 * 1024**2, host_node=1),
        ]
    ),
    "room_to_grow": HardwareSpec(max_cpu_count=8, max_memory_bytes=4 * GiB),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine(golden: Golden, name: str) -> None:
    """Under KVM, except where emulation makes a difference."""
    machine = replace(spec("kvm"), hardware=MACHINES[name])
    golden.check(f"domain/hardware/{name}.xml", build(machine, sources()))


@pytest.mark.parametrize("name", ["cpu_none_nested", "cpu_custom", "room_to_grow"])
def test_an_emulated_machine(golden: Golden, name: str) -> None:
    machine = replace(spec("tcg"), hardware=MACHINES[name])
    golden.check(f"domain/hardware/emulated_{name}.xml", build(machine, sources()))


def test_a_disk_of_the_scsi_controller(golden: Golden) -> None:
    volume = VolumeRef(volume_id=VM_ID, storage=StorageRef(storage_id="s", path="/p"))
    disk = DiskSpec(volume=volume, bus="virtio_scsi", position=2, serial="abc")
    golden.check("domain/hardware/scsi_disk.xml", disk_xml(disk, sources()[0]))


def test_a_piece_of_memory(golden: Golden) -> None:
    golden.check("domain/hardware/dimm.xml", dimm(256 * 1024**2))
