"""Images of all formats that people bring become the same disk; discs stay as they are."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import uuid
from pathlib import Path

import pytest

from hostagent.protocol.storage import ImagePlace
from hostagent.storage.paths import image_path
from tests.unit.hostagent.images.samples import (
    DISK_BYTES,
    IMAGE,
    MiB,
    archive,
    converted,
    description,
    iso,
    raw_disk,
    run,
    take,
)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_disk(tmp_path / "disk.raw")


def same_disk(store: Path, raw: Path) -> bool:
    kept = image_path(ImagePlace(image_id=IMAGE, store_path=str(store)))
    words = ["qemu-img", "compare", "-f", "qcow2", "-F", "raw", str(kept), str(raw)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


FORMATS = [
    ("qcow2", "qcow2"),
    ("qcow2", "qcow2", "-o", "compat=0.10"),
    ("qcow2", "qcow2", "-c", "-o", "compression_type=zstd"),
    ("vmdk", "vmdk"),
    ("vmdk", "vmdk", "-o", "subformat=streamOptimized"),
    ("vpc", "vpc", "-o", "force_size=on"),
    ("vpc", "vpc", "-o", "subformat=fixed,force_size=on"),
    ("vhdx", "vhdx"),
    ("vdi", "vdi"),
    ("vdi", "vdi", "-o", "static=on"),
]


@pytest.mark.parametrize(("kind", "tool", "options"), [(k, t, o) for k, t, *o in FORMATS])
async def test_a_disk_in_any_format(
    raw: Path, tmp_path: Path, kind: str, tool: str, options: list[str]
) -> None:
    image = converted(raw, tool, *options)
    info = await take(image, tmp_path / "store")
    assert (info.format, info.kind, info.virtual_size_bytes) == (kind, "root", DISK_BYTES)
    assert (info.platform, info.firmware) == ("linux", "bios")
    assert info.sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    kept = image_path(ImagePlace(image_id=IMAGE, store_path=str(tmp_path / "store")))
    assert info.stored_sha256 == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert same_disk(tmp_path / "store", raw)
    assert sorted(item.name for item in kept.parent.iterdir()) == [f"{IMAGE}.json", kept.name]
    assert not list((tmp_path / "store" / "incoming").iterdir())


@pytest.mark.parametrize("tool", ["gzip", "xz", "zstd"])
async def test_a_disk_that_is_packed(raw: Path, tmp_path: Path, tool: str) -> None:
    packed = tmp_path / "packed"
    with raw.open("rb") as source, packed.open("wb") as target:
        subprocess.run([tool, "-c"], check=True, stdin=source, stdout=target)
    info = await take(packed, tmp_path / "store")
    assert (info.format, info.virtual_size_bytes) == ("raw", DISK_BYTES)
    assert info.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()
    assert same_disk(tmp_path / "store", raw)


@pytest.mark.parametrize("packing", ["", "gzip"])
async def test_an_appliance(raw: Path, tmp_path: Path, packing: str) -> None:
    disk = converted(raw, "vmdk", "-o", "subformat=streamOptimized")
    content, told = disk.read_bytes(), {"firmware": "efi", "secure": "true"}
    if packing:
        content = subprocess.run(["gzip", "-c", disk], check=True, capture_output=True).stdout
        told |= {"file": 'ovf:compression="gzip"'}
    text = description(os="1", system="Microsoft Windows Server 2022", **told)
    ova = archive(tmp_path / "x.ova", ("x.ovf", text), ("disk.vmdk", content))
    info = await take(ova, tmp_path / "store")
    assert (info.format, info.platform, info.firmware) == ("ova", "windows", "uefi_secure")
    assert info.virtual_size_bytes == DISK_BYTES
    assert same_disk(tmp_path / "store", raw)


async def test_a_disc_stays_as_it_is(tmp_path: Path) -> None:
    disc = iso(tmp_path / "x.img", b"CCCOMA_X64FRE_EN-US_DV9")
    info = await take(disc, tmp_path / "store")
    size_bytes = disc.stat().st_size
    assert (info.format, info.kind, info.platform) == ("iso", "iso", "windows")
    assert (info.size_bytes, info.virtual_size_bytes) == (size_bytes, size_bytes)
    kept = image_path(ImagePlace(image_id=IMAGE, store_path=str(tmp_path / "store"), is_iso=True))
    assert kept.read_bytes() == disc.read_bytes()
    assert kept.name == f"{IMAGE}.iso"


async def test_a_disc_that_boots_from_a_stick_is_a_disk_if_somebody_says_so(tmp_path: Path) -> None:
    disc = iso(tmp_path / "hybrid.iso", b"DEBIAN", boot_sector=bytes(510) + b"\x55\xaa")
    assert (await take(disc, tmp_path / "one")).kind == "iso"
    assert (await take(disc, tmp_path / "two", "root")).format == "raw"


async def test_a_disk_without_partitions_holds_data(tmp_path: Path) -> None:
    disk = tmp_path / "data"
    with disk.open("wb") as file:
        file.truncate(4 * MiB)
    run("mkfs.ext4", "-q", "-F", disk)
    assert (await take(disk, tmp_path / "store")).kind == "data"


def gpt(*types: str, boot_code: bytes = b"") -> bytes:
    """The first sectors of a disk with partitions of these types."""
    head = bytearray(64 * 1024)
    head[: len(boot_code)] = boot_code
    head[446 + 4], head[510:512] = 0xEE, b"\x55\xaa"
    head[512:520] = b"EFI PART"
    struct.pack_into("<QII", head, 512 + 72, 2, 128, 128)
    for number, kind in enumerate(types):
        place = 1024 + 128 * number
        head[place : place + 16] = uuid.UUID(kind).bytes_le
    return bytes(head)


EFI = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
MICROSOFT = "e3c9e316-0b5c-4db8-817d-f92df00215ae"


@pytest.mark.parametrize(
    ("head", "platform", "firmware"),
    [
        (gpt(EFI, LINUX), "linux", "uefi"),
        (gpt(EFI, LINUX, boot_code=b"GRUB"), "linux", "bios"),
        (gpt(EFI, MICROSOFT), "windows", "uefi"),
        (gpt(LINUX), "linux", ""),
    ],
)
async def test_what_the_partitions_tell(
    tmp_path: Path, head: bytes, platform: str, firmware: str
) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(head.ljust(4 * MiB, b"\0"))
    info = await take(converted(disk, "qcow2"), tmp_path / "store")
    assert (info.platform, info.firmware) == (platform, firmware)
