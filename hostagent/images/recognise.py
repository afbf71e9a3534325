"""What a file is, told by its content alone: names and what others say of it do not count.

Sources: ECMA-119 (ISO 9660) and ECMA-167 (UDF) for discs, which are known by the volume
descriptors from sector 16 on; POSIX ustar for archives; RFC 1952, the .xz format and RFC 8878 for
what is packed; UEFI 2.10 section 5 for partition tables.
"""

from __future__ import annotations

from hostagent.images.headers import vhd_footer
from hostagent.images.refusals import hostile, not_an_image
from hostagent.images.window import Window

SMALLEST_BYTES = 512
MAGIC = {
    b"QFI\xfb": "qcow2",
    b"KDMV": "vmdk",
    b"vhdxfile": "vhdx",
    b"conectix": "vpc",
}
PACKED = {
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
VDI_MAGIC_OFFSET = 64
VDI_MAGIC = b"\x7f\x10\xda\xbe"
BOOT_SIGNATURE_OFFSET = 510
BOOT_SIGNATURE = b"\x55\xaa"
TAR_MAGIC_OFFSET = 257
TAR_MAGIC = b"ustar"
DISC_SECTOR_BYTES = 2048
DISC_MAGIC_OFFSET = 16 * DISC_SECTOR_BYTES + 1
DISC_MAGIC = (b"CD001", b"BEA01")
GPT_MAGIC = b"EFI PART"
GPT_OFFSETS = (512, 4096)
# What lies on a disk without partitions, by place.
FILE_SYSTEMS = ((1080, b"\x53\xef"), (0, b"XFSB"), (65600, b"_BHRfS_M"), (536, b"LVM2 001"))

ISO, OVA, RAW = "iso", "ova", "raw"


def packed_as(window: Window) -> str:
    """The program that packed the file; empty if none did."""
    head = window.read(0, 8)
    return next((name for magic, name in PACKED.items() if head.startswith(magic)), "")


def format_of(window: Window, kind: str = "auto") -> str:
    """The format of an image that is to be of the kind auto, root, data or iso.

    A disc with a boot sector is an ISO unless somebody says that it is a disk. Raises
    CommandFailed for what is no disk image, or not of that kind.
    """
    head = window.read(0, 1024)
    if len(head) < SMALLEST_BYTES:
        raise not_an_image(f"only {len(head)} bytes")
    is_disc = window.read(DISC_MAGIC_OFFSET, 5) in DISC_MAGIC
    found = _container(window, head)
    if kind == "iso":
        if found or not is_disc:
            raise not_an_image("it is no CD or DVD")
        return ISO
    if found:
        return found
    has_sectors = head[BOOT_SIGNATURE_OFFSET:][:2] == BOOT_SIGNATURE or _has_gpt(window)
    if is_disc and kind == "auto":
        return ISO
    if has_sectors or (kind != "root" and has_file_system(window)):
        return RAW
    if is_disc:
        raise not_an_image("it is a CD or DVD, not a disk")
    raise not_an_image("neither a known format nor a disk with a boot sector")


def has_file_system(window: Window) -> bool:
    """Whether a file system or LVM begins with the disk, without a partition table."""
    return any(
        window.read(place, len(magic)) == magic for place, magic in FILE_SYSTEMS
    ) and not _has_gpt(window)


def _container(window: Window, head: bytes) -> str:
    for magic, name in MAGIC.items():
        if head.startswith(magic):
            return name
    if head[VDI_MAGIC_OFFSET : VDI_MAGIC_OFFSET + 4] == VDI_MAGIC:
        return "vdi"
    if head[TAR_MAGIC_OFFSET : TAR_MAGIC_OFFSET + 5] == TAR_MAGIC:
        return OVA
    if vhd_footer(window):
        return "vpc"
    if head.lstrip().startswith(b"# Disk DescriptorFile"):
        raise hostile("its data lies in other files")
    return ""


def _has_gpt(window: Window) -> bool:
    return any(window.read(place, 8) == GPT_MAGIC for place in GPT_OFFSETS)
