"""Is this file a disk image that we can trust QEMU with?"""

from __future__ import annotations

from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.storage import qemu_img

LARGEST_VIRTUAL_BYTES = 64 * 1024**4
SMALLEST_BYTES = 512
FORMATS = {"qcow2", "vmdk", "vhdx", "vdi", "vpc"}
MAGIC = {
    b"QFI\xfb": "qcow2",
    b"KDMV": "vmdk",
    b"vhdxfile": "vhdx",
    b"conectix": "vpc",
}
VDI_MAGIC_OFFSET = 64
VDI_MAGIC = b"\x7f\x10\xda\xbe"
BOOT_SIGNATURE_OFFSET = 510
BOOT_SIGNATURE = b"\x55\xaa"


async def inspect(path: Path) -> qemu_img.Info:
    """What the image is. Raises CommandFailed for what is none or refers to other files.

    The format is told by the file's own first bytes and given to QEMU, so that the content
    of a raw image cannot pass for another format.
    """
    kind = detect_format(path)
    try:
        found = await qemu_img.info(str(path), expected_format=kind)
    except qemu_img.QemuImgFailed as error:
        raise CommandFailed("image.not_an_image", str(error), reason=str(error)) from error
    _refuse_hostile(found)
    return found


def detect_format(path: Path) -> str:
    """The image format by its magic bytes; raises CommandFailed for what is no disk image."""
    with path.open("rb") as file:
        head = file.read(1024)
    if len(head) < SMALLEST_BYTES:
        raise _not_an_image(f"only {len(head)} bytes")
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[VDI_MAGIC_OFFSET : VDI_MAGIC_OFFSET + 4] == VDI_MAGIC:
        return "vdi"
    if head[BOOT_SIGNATURE_OFFSET : BOOT_SIGNATURE_OFFSET + 2] == BOOT_SIGNATURE:
        return "raw"
    raise _not_an_image("neither a known format nor a disk with a boot sector")


def _refuse_hostile(found: qemu_img.Info) -> None:
    data = found.format_specific.data if found.format_specific else {}
    if found.backing_filename:
        raise _hostile(f"it refers to another file: {found.backing_filename}")
    if data.get("data-file"):
        raise _hostile(f"its data lies in another file: {data['data-file']}")
    if found.encrypted:
        raise _hostile("it is encrypted")
    if found.format == "vmdk" and len(_list(data.get("extents"))) > 1:
        raise _hostile("its data lies in several files")
    if found.virtual_size > LARGEST_VIRTUAL_BYTES:
        raise _hostile(f"its disk is absurdly large: {found.virtual_size} bytes")
    if found.virtual_size == 0:
        raise _not_an_image("its disk is empty")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _hostile(reason: str) -> CommandFailed:
    return CommandFailed("image.hostile", reason, reason=reason)


def _not_an_image(reason: str) -> CommandFailed:
    return CommandFailed("image.not_an_image", reason, reason=reason)
