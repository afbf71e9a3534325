"""Storages that are directories: volumes are qcow2 files, empty or overlays on cached images.

A volume exists whole or not at all: its file is made beside its place, and named when it is whole.
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CheckPathParams,
    CheckPathResult,
    ReleaseParams,
    VolumeInfo,
    VolumeRef,
)
from hostagent.storage import qemu_img
from hostagent.storage.driver import (
    Capabilities,
    DiskSource,
    Driver,
    Progress,
    refuse_shrinking,
)
from hostagent.storage.nodes import chain_of, delete_all
from hostagent.storage.paths import (
    cache_mode,
    cache_path,
    check_path,
    free_bytes,
    make_folder,
    no_space,
    release,
    remove,
    volume_path,
)
from hostagent.storage.transfer import copy_file, publish

CREATE_TIMEOUT_S = 60.0
RESIZE_TIMEOUT_S = 60.0
SMALLEST_FREE_BYTES = 16 * 1024**2
IMAGE_MODE = 0o644  # QEMU's user reads the backing file


class FileDriver(Driver):
    """A directory, whatever holds it."""

    @property
    def folder(self) -> Path:
        """The directory."""
        return Path(self.storage.path)

    async def check(self) -> CheckPathResult:
        """Make the directory if need be, and really write into it."""
        return await asyncio.to_thread(check_path, CheckPathParams(path=self.storage.path))

    async def release(self) -> None:
        """Our own empty folders in it go, anything else stays."""
        await asyncio.to_thread(release, ReleaseParams(path=self.storage.path))

    async def create_empty(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Make a file that grows as it is written to."""
        path = volume_path(volume)
        if not path.exists():
            await _create(path, size_bytes, [])
        return await self.info(volume)

    async def create_overlay(self, volume: VolumeRef, image_id: str, size_bytes: int) -> VolumeInfo:
        """Make a file that stands on the cached image."""
        path = volume_path(volume)
        if not path.exists():
            backing = cache_path(self.storage, image_id)
            if not backing.exists():
                raise CommandFailed(
                    "image.not_cached", f"{backing} does not exist", path=str(backing)
                )
            await _create(path, size_bytes, ["-F", "qcow2", "-b", str(backing)])
        return await self.info(volume)

    async def resize(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Make it larger; QEMU's lock keeps this from files that a machine has open."""
        found = await self.info(volume)
        refuse_shrinking(found, size_bytes)
        if found.size_bytes == size_bytes:
            return found
        arguments = ["resize", "-q", "-f", "qcow2", found.path, str(size_bytes)]
        try:
            await qemu_img.run(arguments, timeout_s=RESIZE_TIMEOUT_S)
        except qemu_img.QemuImgFailed as error:
            raise _explained(error, Path(found.path).parent) from error
        return await self.info(volume)

    async def delete(self, volume: VolumeRef) -> None:
        """Delete all its files, also those of its snapshots and what was not finished."""
        await asyncio.to_thread(delete_all, volume)

    async def info(self, volume: VolumeRef) -> VolumeInfo:
        """What qemu-img says of the file."""
        path = _existing(volume)
        try:
            found = await qemu_img.info(str(path), expected_format="qcow2", in_use=True)
        except qemu_img.QemuImgFailed as error:
            raise qemu_img.failed(error) from error
        return VolumeInfo(
            path=str(path), size_bytes=found.virtual_size, used_bytes=found.actual_size
        )

    async def has_image(self, image_id: str, *, is_iso: bool = False) -> bool:
        """Whether its file is there."""
        return cache_path(self.storage, image_id, is_iso=is_iso).exists()

    async def cache_image(self, image_id: str, source: Path, report: Progress) -> None:
        """Have it linked if it can be, copied if not."""
        target = cache_path(self.storage, image_id, is_iso=source.suffix == ".iso")
        make_folder(target.parent)
        temporary = target.with_suffix(".new")
        remove(temporary)
        try:
            os.link(source, temporary)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
                raise
            await copy_file(source, temporary, report)
        await asyncio.to_thread(publish, temporary, target, IMAGE_MODE)

    async def drop_image(self, image_id: str) -> None:
        """Delete its file."""
        for is_iso in (False, True):
            path = cache_path(self.storage, image_id, is_iso=is_iso)
            if path.parent.exists():
                await asyncio.to_thread(remove, path)

    async def source_of(self, volume: VolumeRef) -> DiskSource:
        """Its file; whatever that stands on must be there, too."""
        path = _existing(volume)
        chain_of(path)
        return DiskSource(str(path), cache_mode(path))

    def path_of(self, volume: VolumeRef) -> str:
        """Its file."""
        return str(volume_path(volume))


class LocalDriver(FileDriver):
    """A directory of this host alone."""

    capabilities = Capabilities(is_shared=False, has_files=True)


class SharedDriver(FileDriver):
    """A directory that all hosts see, however the administrator has mounted it."""

    capabilities = Capabilities(is_shared=True, has_files=True)


def _existing(volume: VolumeRef) -> Path:
    path = volume_path(volume)
    if not path.exists():
        raise CommandFailed("volume.missing", f"{path} does not exist", path=str(path))
    return path


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
        await asyncio.to_thread(publish, temporary, path)
    except qemu_img.QemuImgFailed as error:
        raise _explained(error, path.parent) from error
    finally:
        temporary.unlink(missing_ok=True)


def _explained(error: qemu_img.QemuImgFailed, folder: Path) -> CommandFailed:
    """A full disk is told with the numbers, anything else in the words of qemu-img."""
    if "No space left" in str(error):
        return no_space(folder, SMALLEST_FREE_BYTES)
    return qemu_img.failed(error)
