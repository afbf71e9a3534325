"""What of a foreign domain's hardware can be ours: firmware with its variables, and buses."""

from __future__ import annotations

from pathlib import Path

import libvirt
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from appliance.protocol.ids import new_id
from hostagent.libvirt import foreign_hardware
from hostagent.libvirt.foreign_hardware import (
    bus_of,
    firmware_of,
    firmware_problem,
    take_variables,
)
from hostagent.libvirt.xml import disk_xml
from hostagent.protocol.domain import DiskSpec
from hostagent.protocol.foreign import TakeFirmwareParams
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage.driver import DiskSource

SIZE = 528 * 1024


@pytest.fixture
def ovmf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Firmware files of the right sizes."""
    folder = tmp_path / "ovmf"
    folder.mkdir()
    files = {}
    for name in ("uefi", "uefi_secure"):
        code, variables = folder / f"{name}.code", folder / f"{name}.vars"
        code.write_bytes(b"code")
        variables.write_bytes(bytes(SIZE))
        files[name] = (str(code), str(variables))
    monkeypatch.setattr(foreign_hardware, "FIRMWARE", files)
    return folder


def domain(os: str, devices: str = "") -> etree._Element:
    return etree.fromstring(f"<domain><os>{os}</os><devices>{devices}</devices></domain>")


def test_firmware_is_told_by_what_the_domain_says(ovmf: Path) -> None:
    kept = ovmf / "kept.fd"
    kept.write_bytes(b"\1" * SIZE)
    loader = "<loader readonly='yes' type='pflash'>/x.fd</loader>"
    secure = "<loader readonly='yes' secure='yes' type='pflash'>/x.fd</loader>"
    nvram = f"<nvram>{kept}</nvram>"
    assert firmware_of(domain("<type>hvm</type>")) == "bios"
    for os, found in (
        (loader + nvram, "uefi"),
        (secure + nvram, "uefi_secure"),
        (loader, "uefi"),  # never started
    ):
        assert (firmware_of(domain(os)), firmware_problem(domain(os))) == (found, "")
    chosen = etree.fromstring("<domain><os firmware='efi'/></domain>")
    assert (firmware_of(chosen), firmware_problem(chosen)) == ("uefi", "")
    rom = "<loader type='rom'>/usr/share/ovmf/OVMF.fd</loader>"
    assert firmware_problem(domain(rom)) == "uefi"
    assert firmware_problem(domain(loader + nvram.replace("<nvram>", "<nvram format='qcow2'>")))
    kept.write_bytes(bytes(128 * 1024))
    assert firmware_problem(domain(loader + nvram)) == "uefi", "variables of another size"
    (ovmf / "uefi.code").unlink()
    assert firmware_problem(domain(loader)) == "no_firmware"


def test_variables_are_copied_once_and_stay_where_they_were(ovmf: Path, tmp_path: Path) -> None:
    kept = ovmf / "kept.fd"
    kept.write_bytes(b"\1" * SIZE)
    os = f"<loader type='pflash'>/x.fd</loader><nvram>{kept}</nvram>"
    volume = VolumeRef(volume_id=new_id(), storage=StorageRef(storage_id="s", path=str(tmp_path)))
    params = TakeFirmwareParams(domain_id=new_id(), volume=volume)
    take_variables(domain(os), params)
    target = tmp_path / "firmware" / params.domain_id / "uefi.fd"
    assert target.read_bytes() == kept.read_bytes()
    target.write_bytes(b"\2" * SIZE)
    take_variables(domain(os), params)
    assert target.read_bytes() == b"\2" * SIZE, "it is there already"
    kept.write_bytes(b"short")
    with pytest.raises(CommandFailed) as caught:
        take_variables(domain(os), params)
    assert caught.value.code == "foreign.firmware"


@pytest.mark.parametrize(
    ("bus", "model", "ours"),
    [
        ("virtio", "", "virtio"),
        ("sata", "", "sata"),
        ("ide", "", "sata"),
        ("scsi", "virtio-scsi", "virtio_scsi"),
        ("scsi", "lsilogic", ""),
        ("usb", "", ""),
    ],
)
def test_a_disk_stays_on_a_bus_that_its_guest_knows(bus: str, model: str, ours: str) -> None:
    controller = f"<controller type='scsi' index='1' model='{model}'/>" if model else ""
    disk = (
        f"<disk><source file='/a'/><target dev='sda' bus='{bus}'/>"
        "<address type='drive' controller='1' bus='0' target='0' unit='0'/></disk>"
    )
    root = domain("<type>hvm</type>", controller + disk)
    assert bus_of(root.find("devices/disk"), root) == ours


def test_libvirt_understands_disks_on_sata() -> None:
    """Nine of them, beside the CD drives, which have the first controller."""
    disks = ""
    for position in range(9):
        volume = VolumeRef(volume_id=new_id(), storage=StorageRef(storage_id="s", path="/srv"))
        spec = DiskSpec(volume=volume, position=position, bus="sata", serial="x")
        disks += disk_xml(spec, DiskSource(f"/srv/{position}", "none"))
    connection = libvirt.open("test:///default")
    try:
        made = connection.defineXML(
            "<domain type='test'><name>sata</name><memory>65536</memory>"
            f"<os><type>hvm</type></os><devices>{disks}</devices></domain>"
        )
        found = etree.fromstring(made.XMLDesc())
        made.undefine()
    finally:
        connection.close()
    places = [
        (one.get("controller"), one.get("unit")) for one in found.iterfind("devices/disk/address")
    ]
    assert places == [(str(1 + n // 6), str(n % 6)) for n in range(9)]
    indexes = {one.get("index") for one in found.iterfind("devices/controller[@type='sata']")}
    assert {"1", "2"} <= indexes
