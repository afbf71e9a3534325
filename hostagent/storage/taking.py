"""Making volumes of disks that somebody else has made, without touching those."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from pathlib import Path

from msgspec.structs import replace

from hostagent.protocol.foreign import ForeignDisk
from hostagent.protocol.link import CommandFailed
from hostagent.storage import qemu_img
from hostagent.storage.driver import Progress
from hostagent.storage.paths import free_bytes, make_folder, no_space
from hostagent.storage.transfer import KEEP_FREE_BYTES, publish

MiB = 1024**2
LOOKS_WITHIN_S = 5.0


async def describe(disk: ForeignDisk) -> ForeignDisk:
    """A disk with what its file is; never raises, but says what is wrong with it."""
    if disk.problem:
        return disk
    try:
        async with asyncio.timeout(LOOKS_WITHIN_S):  # its file system may be one that hangs
            problem = await asyncio.to_thread(_file_problem, Path(disk.path))
    except TimeoutError:
        problem = "unreadable"
    if problem:
        return replace(disk, problem=problem)
    try:
        found = await qemu_img.info(disk.path, expected_format=disk.format, in_use=True)
    except qemu_img.QemuImgFailed:
        return replace(disk, problem="unreadable")
    return replace(
        disk,
        size_bytes=found.virtual_size,
        used_bytes=found.actual_size,
        backing=_below(disk.path, found.backing_filename),
        is_plain=_is_plain(found),
        problem="encrypted" if found.encrypted else "",
    )


def _below(path: str, backing: str | None) -> str:
    """A backing file's own path: a relative one begins where the file is that stands on it."""
    return os.path.normpath(Path(path).parent / backing) if backing else ""


def _file_problem(path: Path) -> str:
    if path.is_file():
        return ""
    return "not_a_file" if path.exists() else "missing"


async def take(source: Path, image_format: str, target: Path, report: Progress) -> None:
    """Have the content of `source` in the volume's file `target`, whole or not at all.

    `source` itself stays as it is. Raises CommandFailed if it is in use, or does not fit.
    """
    if target.exists():
        return
    try:
        # Without `in_use`, QEMU's locks refuse a file that something writes to.
        found = await qemu_img.info(str(source), expected_format=image_format)
    except qemu_img.QemuImgFailed as error:
        raise qemu_img.failed(error) from error
    if not stat.S_ISREG(source.stat().st_mode):
        raise CommandFailed("foreign.no_such_disk", f"{source} is no file", path=str(source))
    make_folder(target.parent)
    temporary = target.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    try:
        if not (_is_plain(found) and _link(source, temporary)):
            await _copy(source, image_format, temporary, found, report)
        await asyncio.to_thread(publish, temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


async def _copy(
    source: Path, image_format: str, target: Path, found: qemu_img.Info, report: Progress
) -> None:
    """Copy a disk with all that it stands on, as one qcow2 file of whole MiB."""
    needed_bytes = found.actual_size + KEEP_FREE_BYTES
    if free_bytes(target.parent) < needed_bytes:
        raise no_space(target.parent, needed_bytes)

    def on_percent(percent: float) -> None:
        report(int(found.virtual_size * percent / 100), found.virtual_size, "bytes")

    arguments = ["convert", "-p", "-f", image_format, "-O", "qcow2", str(source), str(target)]
    try:
        await qemu_img.run(arguments, timeout_s=qemu_img.CONVERT_TIMEOUT_S, on_percent=on_percent)
        size_bytes = -(-found.virtual_size // MiB) * MiB
        if size_bytes != found.virtual_size:
            resize = ["resize", "-q", "-f", "qcow2", str(target), str(size_bytes)]
            await qemu_img.run(resize, timeout_s=qemu_img.INFO_TIMEOUT_S)
    except qemu_img.QemuImgFailed as error:
        if "No space left" in str(error):
            raise no_space(target.parent, needed_bytes) from error
        raise qemu_img.failed(error) from error


def _link(source: Path, target: Path) -> bool:
    """Give the file a second name; False if that cannot be there."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        return False
    return True


def _is_plain(found: qemu_img.Info) -> bool:
    """Whether it is a qcow2 file of whole MiB that refers to no other."""
    data = found.format_specific.data if found.format_specific else {}
    return (
        found.format == "qcow2"
        and not found.backing_filename
        and not data.get("data-file")
        and not found.encrypted
        and found.virtual_size % MiB == 0
    )
