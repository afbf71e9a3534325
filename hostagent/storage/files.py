"""Storages that are directories: volumes are qcow2 files, empty or overlays on cached images.

A volume exists whole or not at all: its file is made beside its place, and named when it is whole.
The directory may lie on another machine, so everything that touches it may hang.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

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
from hostagent.storage.guard import guarded
from hostagent.storage.mark import check_mark, remove_mark, set_mark
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
    sync_folder,
    touch_folder,
    volume_path,
)
from hostagent.storage.transfer import copy_file, name_new, publish

CREATE_TIMEOUT_S = 60.0
RESIZE_TIMEOUT_S = 60.0
RETIRED = "retired"
SMALLEST_FREE_BYTES = 16 * 1024**2
IMAGE_MODE = 0o644  # QEMU's user reads the backing file

T = TypeVar("T")


class FileDriver(Driver):
    """A directory, whatever holds it."""

    async def check(self, *, is_new: bool = False) -> CheckPathResult:
        """Make the directory if need be, and really write into it."""
        params = CheckPathParams(path=self.storage.path)
        return await self._guarded(lambda: check_path(params))

    async def release(self, *, is_gone: bool = False) -> None:
        """Our own empty folders in it go, anything else stays."""
        if is_gone:
            params = ReleaseParams(path=self.storage.path)
            await self._guarded(lambda: release(params))

    async def create_empty(self, volume: VolumeRef, size_bytes: int) -> VolumeInfo:
        """Make a file that grows as it is written to."""
        await self._ready()
        path = volume_path(volume)
        if not await self._exists(path):
            await self._create(path, size_bytes, [])
        return await self.info(volume)

    async def create_overlay(self, volume: VolumeRef, image_id: str, size_bytes: int) -> VolumeInfo:
        """Make a file that stands on the cached image."""
        await self._ready()
        path = volume_path(volume)
        if not await self._exists(path):
            backing = await self._cached(image_id)
            await self._create(path, size_bytes, ["-F", "qcow2", "-b", str(backing)])
        return await self.info(volume)

    async def copy_image(
        self, volume: VolumeRef, image_id: str, size_bytes: int, report: Progress
    ) -> VolumeInfo:
        """Write the cached image into a file of its own."""
        await self._ready()
        path = volume_path(volume)
        if not await self._exists(path):
            source = await self._cached(image_id)

            async def fill(new: Path) -> None:
                # "writeback": it is really on the disk when this ends.
                how = ["-p", "-t", "writeback", "-f", "qcow2", "-O", "qcow2"]
                await qemu_img.run(
                    ["convert", *how, str(source), str(new)],
                    timeout_s=qemu_img.CONVERT_TIMEOUT_S,
                    on_percent=lambda share: report(int(share), 100, "percent"),
                )
                arguments = ["resize", "-q", "-f", "qcow2", str(new), str(size_bytes)]
                await qemu_img.run(arguments, timeout_s=RESIZE_TIMEOUT_S)

            await self._make(path, fill)
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
        await self._ready()
        await self._guarded(lambda: delete_all(volume))

    async def is_retired(self, volume: VolumeRef) -> bool:
        """By which name its file is there: a directory that is empty says nothing."""
        if await self._exists(volume_path(volume)):
            return False
        if not await self._exists(_retired(volume)):
            await self._existing(volume)
        return True

    async def retire(self, volume: VolumeRef) -> None:
        """Give its file a name that nobody opens."""
        if not await self.is_retired(volume):
            await self._guarded(lambda: _retire(volume))

    async def info(self, volume: VolumeRef) -> VolumeInfo:
        """What qemu-img says of the file."""
        path = await self._existing(volume)
        try:
            found = await qemu_img.info(str(path), expected_format="qcow2", in_use=True)
        except qemu_img.QemuImgFailed as error:
            raise qemu_img.failed(error) from error
        return VolumeInfo(
            path=str(path), size_bytes=found.virtual_size, used_bytes=found.actual_size
        )

    async def has_image(self, image_id: str, *, is_iso: bool = False) -> bool:
        """Whether its file is there."""
        await self._ready()
        return await self._exists(cache_path(self.storage, image_id, is_iso=is_iso))

    async def cache_image(self, image_id: str, source: Path, report: Progress) -> None:
        """Have it linked if it can be, copied if not."""
        await self._ready()
        target = cache_path(self.storage, image_id, is_iso=source.suffix == ".iso")
        temporary = target.with_suffix(".new")
        if not await self._guarded(lambda: _linked(source, temporary)):
            await copy_file(source, temporary, report)
        await self._guarded(lambda: publish(temporary, target, IMAGE_MODE))

    async def drop_image(self, image_id: str) -> None:
        """Delete its file."""
        await self._ready()
        for is_iso in (False, True):
            path = cache_path(self.storage, image_id, is_iso=is_iso)
            await self._guarded(partial(remove, path))

    async def disc_of(self, image_id: str) -> DiskSource:
        """Its file."""
        path = await self._cached(image_id, is_iso=True)
        return DiskSource(str(path), cache="", format="raw")

    async def source_of(self, volume: VolumeRef) -> DiskSource:
        """Its file; whatever that stands on must be there, too."""
        path = await self._existing(volume)
        await self._guarded(lambda: chain_of(path))
        return DiskSource(str(path), await self._guarded(lambda: cache_mode(path)))

    async def await_closed(self, volume: VolumeRef) -> None:
        """Files have locks, and QEMU respects them."""

    def path_of(self, volume: VolumeRef) -> str:
        """Its file."""
        return str(volume_path(volume))

    async def see_anew(self) -> None:
        """A directory of this host alone is always seen as it is."""
        await self._ready()

    async def _ready(self) -> None:
        """Raises CommandFailed if the directory must not be worked in now."""

    async def _guarded(self, work: Callable[[], T]) -> T:
        return await guarded(self.storage.path, work)

    async def _exists(self, path: Path) -> bool:
        return await self._guarded(path.exists)

    async def _existing(self, volume: VolumeRef) -> Path:
        path = await self._guarded(lambda: volume_path(volume))
        if not await self._exists(path):
            await self._ready()
            raise CommandFailed("volume.missing", f"{path} does not exist", path=str(path))
        return path

    async def _cached(self, image_id: str, *, is_iso: bool = False) -> Path:
        path = cache_path(self.storage, image_id, is_iso=is_iso)
        if not await self._exists(path):
            raise CommandFailed("image.not_cached", f"{path} does not exist", path=str(path))
        return path

    async def _create(self, path: Path, size_bytes: int, base: list[str]) -> None:
        async def fill(new: Path) -> None:
            arguments = ["create", "-q", "-f", "qcow2", *base, str(new), str(size_bytes)]
            await qemu_img.run(arguments, timeout_s=CREATE_TIMEOUT_S)

        await self._make(path, fill)

    async def _make(self, path: Path, fill: Callable[[Path], Awaitable[None]]) -> None:
        """Make the file beside its place, and give it its name when it is whole.

        Of two hosts that make one volume only one names its file; the other finds it there.
        """
        temporary = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.new")
        await self._guarded(lambda: _make_room(path.parent))
        try:
            await fill(temporary)
            await self._guarded(lambda: name_new(temporary, path))
        except qemu_img.QemuImgFailed as error:
            raise _explained(error, path.parent) from error
        finally:
            await self._guarded(lambda: temporary.unlink(missing_ok=True))


class LocalDriver(FileDriver):
    """A directory of this host alone."""

    capabilities = Capabilities(is_shared=False, has_files=True)


class SharedDriver(FileDriver):
    """A directory that all hosts see, however the administrator has mounted it.

    It is used only where it has its mark, so not while it is not mounted.
    """

    capabilities = Capabilities(is_shared=True, has_files=True)

    async def check(self, *, is_new: bool = False) -> CheckPathResult:
        """Find the mark, or set it if the storage is new, and really write beside it."""

        def look() -> CheckPathResult:
            if not is_new:
                check_mark(self.storage)
            found = check_path(CheckPathParams(path=self.storage.path))
            if is_new:
                set_mark(self.storage)
            return found

        return await self._guarded(look)

    async def see_anew(self) -> None:
        """Clients of network file systems remember names for a while, also that there is no file
        of a name. Whoever changes a directory himself is told whether others have changed it.
        """
        await self._ready()
        await self._guarded(lambda: touch_folder(Path(self.storage.path) / "volumes"))

    async def source_of(self, volume: VolumeRef) -> DiskSource:
        """Which of two files is the head must not be told by what is remembered."""
        if volume.fallback is not None:
            await self.see_anew()
        return await super().source_of(volume)

    async def release(self, *, is_gone: bool = False) -> None:
        """The mark goes with the storage."""
        if is_gone:
            await self._guarded(lambda: remove_mark(self.storage))
        await super().release(is_gone=is_gone)

    async def _ready(self) -> None:
        """Nothing is made in a directory that only looks like the storage."""
        await self._guarded(lambda: check_mark(self.storage))


def _retire(volume: VolumeRef) -> None:
    path = volume_path(volume)
    try:
        path.replace(_retired(volume))
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandFailed(
            "path.not_writable", f"{path}: {reason}", path=str(path), reason=reason
        ) from error
    sync_folder(path.parent)


def _retired(volume: VolumeRef) -> Path:
    return volume_path(volume).with_name(f"{volume.volume_id}.{RETIRED}")


def _make_room(folder: Path) -> None:
    """Make the folder; raises CommandFailed if nothing fits in."""
    make_folder(folder)
    if free_bytes(folder) < SMALLEST_FREE_BYTES:
        raise no_space(folder, SMALLEST_FREE_BYTES)


def _linked(source: Path, target: Path) -> bool:
    """Link a file if that can be done."""
    make_folder(target.parent)
    remove(target)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        return False
    return True


def _explained(error: qemu_img.QemuImgFailed, folder: Path) -> CommandFailed:
    """A full disk is told with the numbers, anything else in the words of qemu-img."""
    if "No space left" in str(error):
        return no_space(folder, SMALLEST_FREE_BYTES)
    return qemu_img.failed(error)
