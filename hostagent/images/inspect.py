"""Is this a disk image that we can trust QEMU with?"""

from __future__ import annotations

from hostagent.images import headers
from hostagent.images.refusals import hostile, not_an_image, refuse_absurd_size
from hostagent.images.window import Window
from hostagent.storage import qemu_img
from hostagent.storage.cage import Cage

CHECKED_FORMATS = ("qcow2", "vmdk", "vdi")  # those of which qemu-img finds what is missing
CHECK_TIMEOUT_S = 600.0
CHECK_CPU_S = 300


async def inspect(window: Window, kind: str) -> tuple[qemu_img.Info, bool]:
    """What the image of the format `kind` is, and whether it can be kept as it is.

    Raises CommandFailed for what is none, is damaged, or refers to other files. QEMU is told the
    format, so that the content of a raw image cannot pass for another one.
    """
    is_plain = headers.check(window, kind)
    cage = Cage(reads=[window.path])
    try:
        found = await qemu_img.info_of(window.words(kind), cage=cage)
        _refuse_hostile(found)
    except qemu_img.QemuImgFailed as error:
        raise not_an_image(explained(error, window)) from error
    if kind in CHECKED_FORMATS:
        await _check(window, kind, cage)
    return found, is_plain


def explained(error: qemu_img.QemuImgFailed, window: Window) -> str:
    """What qemu-img said, without the place where the image lies."""
    lines = str(error).splitlines()
    return lines[-1].replace(str(window.path), "it") if lines else "it is damaged"


async def _check(window: Window, kind: str, cage: Cage) -> None:
    try:
        await qemu_img.run(
            ["check", *window.words(kind)],
            timeout_s=CHECK_TIMEOUT_S,
            cpu_s=CHECK_CPU_S,
            cage=cage,
            fine_codes=(0, 3),  # 3: room that nothing uses, which does no harm
        )
    except qemu_img.QemuImgFailed as error:
        raise not_an_image("it is damaged, or its end is missing") from error


def _refuse_hostile(found: qemu_img.Info) -> None:
    """What the headers have been asked before, asked once more of QEMU."""
    data = found.format_specific.data if found.format_specific else {}
    if found.backing_filename:
        raise hostile(f"it refers to another file: {found.backing_filename}")
    if data.get("data-file"):
        raise hostile(f"its data lies in another file: {data['data-file']}")
    if found.encrypted:
        raise hostile("it is encrypted")
    extents = data.get("extents")
    if found.format == "vmdk" and isinstance(extents, list) and len(extents) > 1:
        raise hostile("its data lies in several files")
    refuse_absurd_size(found.virtual_size)
