"""The domain XML of typical machines, compared with files kept beside the tests."""

from __future__ import annotations

from appliance.protocol.volumes import serial_of
from hostagent.libvirt.xml import (
    build,
    disk_element,
    disk_xml,
    disks_of,
    vm_id_of,
)
from hostagent.protocol.domain import DiskLimits, DiskSpec, DomainSpec, NicSpec
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage.driver import DiskSource
from tests.conftest import Golden

VM_ID = "01a206dc-e382-7311-a163-2d756d9b5f5d"
STORAGE = StorageRef(storage_id="s", path="/p")


def spec(accelerator: str, nics: int = 1, disks: int = 1, name: str = "web-1") -> DomainSpec:
    return DomainSpec(
        vm_id=VM_ID,
        name=name,
        cpu_count=2,
        memory_bytes=512 * 1024**2,
        accelerator=accelerator,
        disks=[
            DiskSpec(volume=VolumeRef(volume_id=VM_ID, storage=STORAGE), position=place)
            for place in range(disks)
        ],
        nics=[
            NicSpec(nic_id=str(n), mac=f"0a:00:00:00:00:0{n}", bridge="anyb0", tap=f"anyt{n}")
            for n in range(nics)
        ],
    )


def sources(count: int = 1) -> list[DiskSource]:
    return [DiskSource(f"/p/volumes/{n}.qcow2", "none") for n in range(count)]


def test_an_emulated_machine(golden: Golden) -> None:
    golden.check("domain/emulated.xml", build(spec("tcg"), sources()))


def test_a_kvm_machine_with_two_nics_and_disks(golden: Golden) -> None:
    golden.check("domain/kvm.xml", build(spec("kvm", nics=2, disks=2), sources(2)))


def test_a_data_disk_with_limits_and_a_serial(golden: Golden) -> None:
    limits = DiskLimits(read_iops=500, write_bytes_s=20 * 1024**2)
    volume = VolumeRef(volume_id=VM_ID, storage=STORAGE)
    disk = DiskSpec(volume=volume, position=3, serial=serial_of(VM_ID), limits=limits)
    xml = disk_xml(disk, sources()[0])
    golden.check("domain/data_disk.xml", xml)
    machine = f"<domain><devices>{xml}</devices></domain>"
    assert disks_of(machine) == {"/p/volumes/0.qcow2": "vdd"}
    found = disk_element(machine, "/p/volumes/0.qcow2")
    assert found is not None
    assert "vdd" in found
    assert disk_element(machine, "/p/volumes/1.qcow2") is None


def test_names_of_people_cannot_break_the_document(golden: Golden) -> None:
    xml = build(spec("tcg", nics=0, name="<&\"'>\x00\x1b 云主机"), sources())
    golden.check("domain/odd_name.xml", xml)
    assert vm_id_of(xml) == VM_ID


def test_domains_of_others_are_not_ours() -> None:
    assert vm_id_of("<domain><name>x</name></domain>") is None
