"""Volumes: qcow2 files, empty or overlays on cached images. One exists whole or not at all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CreateEmptyParams,
    CreateOverlayParams,
    ResizeParams,
    VolumeInfo,
    VolumeRef,
)
from hostagent.storage import qemu_img
from hostagent.storage.paths import (
    cache_path,
    free_bytes,
    make_folder,
    no_space,
    remove,
    sync_folder,
    volume_path,
)

CREATE_TIMEOUT_S = 60.0
RESIZE_TIMEOUT_S = 60.0
SMALLEST_FREE_BYTES = 16 * 1024**2


async def create_overlay(params: CreateOverlayParams) -> VolumeInfo:
    """Make a volume on the cached image; answers with what exists if it was made before."""
    path = volume_path(params.volume)
    if not path.exists():
        backing = cache_path(params.volume.primary_path, params.image_id)
        if not backing.exists():
            raise CommandFailed("image.not_cached", f"{backing} does not exist", path=str(backing))
        await _create(path, params.size_bytes, ["-F", "qcow2", "-b", str(backing)])
    return await info(params.volume)


async def create_empty(params: CreateEmptyParams) -> VolumeInfo:
    """Make an empty volume; answers with what exists if it was made before."""
    path = volume_path(params.volume)
    if not path.exists():
        await _create(path, params.size_bytes, [])
    return await info(params.volume)


async def resize(params: ResizeParams) -> VolumeInfo:
    """Make a volume larger; does nothing if it is as large.

    QEMU's lock keeps it from files that a machine has open. Raises CommandFailed.
    """
    found = await info(params.volume)
    refuse_shrinking(found, params.size_bytes)
    if found.size_bytes == params.size_bytes:
        return found
    arguments = ["resize", "-q", "-f", "qcow2", found.path, str(params.size_bytes)]
    try:
        await qemu_img.run(arguments, timeout_s=RESIZE_TIMEOUT_S)
    except qemu_img.QemuImgFailed as error:
        raise _explained(error, Path(found.path).parent) from error
    return await info(params.volume)


def refuse_shrinking(found: VolumeInfo, size_bytes: int) -> None:
    """Raises CommandFailed if a volume is larger than it shall be: its end would be lost."""
    if found.size_bytes > size_bytes:
        raise CommandFailed(
            "volume.would_shrink", f"{found.path} has {found.size_bytes} bytes, not {size_bytes}"
        )


async def delete(volume: VolumeRef) -> None:
    """Delete a volume; does nothing if it is gone."""
    path = volume_path(volume)
    if path.parent.exists():
        await asyncio.to_thread(remove, path)
        await asyncio.to_thread(path.with_suffix(".new").unlink, missing_ok=True)


async def info(volume: VolumeRef) -> VolumeInfo:
    """How large a volume is, and what it takes; also while a machine has it open."""
    path = volume_path(volume)
    if not path.exists():
        raise CommandFailed("volume.missing", f"{path} does not exist", path=str(path))
    try:
        found = await qemu_img.info(str(path), expected_format="qcow2", in_use=True)
    except qemu_img.QemuImgFailed as error:
        raise qemu_img.failed(error) from error
    return VolumeInfo(path=str(path), size_bytes=found.virtual_size, used_bytes=found.actual_size)


async def _create(path: Path, size_bytes: int, base: list[str]) -> None:
    """Make the file beside its place, and give it its name when it is whole."""
    make_folder(path.parent)
    if free_bytes(path.parent) < SMALLEST_FREE_BYTES:
        raise no_space(path.parent, SMALLEST_FREE_BYTES)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    arguments = ["create", "-q", "-f", "qcow2", *base, str(temporary), str(size_bytes)]
    try:
        await qemu_img.run(arguments, timeout_s=CREATE_TIMEOUT_S)
        await asyncio.to_thread(_publish, temporary, path)
    except qemu_img.QemuImgFailed as error:
        raise _explained(error, path.parent) from error
    finally:
        temporary.unlink(missing_ok=True)


def _explained(error: qemu_img.QemuImgFailed, folder: Path) -> CommandFailed:
    """A full disk is told with the numbers, anything else in the words of qemu-img."""
    if "No space left" in str(error):
        return no_space(folder, SMALLEST_FREE_BYTES)
    return qemu_img.failed(error)


def _publish(temporary: Path, path: Path) -> None:
    """Give a finished file its name, surviving a power cut."""
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.rename(path)
    sync_folder(path.parent)
