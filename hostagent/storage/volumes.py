"""Volumes: qcow2 overlays on cached images. A volume exists whole or not at all."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import CreateOverlayParams, VolumeInfo, VolumeRef
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
SMALLEST_FREE_BYTES = 16 * 1024**2


async def create_overlay(params: CreateOverlayParams) -> VolumeInfo:
    """Make a volume on the cached image; answers with what exists if it was made before."""
    path = volume_path(params.volume)
    if not path.exists():
        await _create(params, path)
    return await info(params.volume)


async def delete(volume: VolumeRef) -> None:
    """Delete a volume; does nothing if it is gone."""
    path = volume_path(volume)
    if path.parent.exists():
        await asyncio.to_thread(remove, path)
        await asyncio.to_thread(path.with_suffix(".new").unlink, missing_ok=True)


async def info(volume: VolumeRef) -> VolumeInfo:
    """How large a volume is, and what it takes."""
    path = volume_path(volume)
    if not path.exists():
        raise CommandFailed("volume.missing", f"{path} does not exist", path=str(path))
    try:
        found = await qemu_img.info(str(path), expected_format="qcow2")
    except qemu_img.QemuImgFailed as error:
        raise qemu_img.failed(error) from error
    return VolumeInfo(path=str(path), size_bytes=found.virtual_size, used_bytes=found.actual_size)


async def _create(params: CreateOverlayParams, path: Path) -> None:
    backing = cache_path(params.volume.primary_path, params.image_id)
    if not backing.exists():
        raise CommandFailed("image.not_cached", f"{backing} does not exist", path=str(backing))
    make_folder(path.parent)
    if free_bytes(path.parent) < SMALLEST_FREE_BYTES:
        raise no_space(path.parent, SMALLEST_FREE_BYTES)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    arguments = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(backing)]
    try:
        await qemu_img.run(
            [*arguments, str(temporary), str(params.size_bytes)], timeout_s=CREATE_TIMEOUT_S
        )
        await asyncio.to_thread(_publish, temporary, path)
    except qemu_img.QemuImgFailed as error:
        if "No space left" in str(error):
            raise no_space(path.parent, SMALLEST_FREE_BYTES) from error
        raise qemu_img.failed(error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> None:
    """Give a finished file its name, surviving a power cut."""
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.rename(path)
    sync_folder(path.parent)
