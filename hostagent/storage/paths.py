"""Where files lie below a storage's directory, and whether a directory can hold them."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import uuid
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CheckPathParams,
    CheckPathResult,
    ImagePlace,
    ReleaseParams,
    StorageRef,
    VolumeRef,
)

PROBE_BYTES = 4096
# Others may pass through, so that the QEMU user reaches its disks; only root may look or write.
FOLDER_MODE = 0o711
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEAD = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")


def checked_id(text: str) -> str:
    """An id is part of a file name: anything but a UUID is refused."""
    if not _ID.fullmatch(text):
        raise CommandFailed("agent.bad_parameters", f"{text!r} is no id")
    return text


def checked_head(text: str) -> str:
    """The name of a volume's file is part of a file name, too."""
    if not _HEAD.fullmatch(text):
        raise CommandFailed("agent.bad_parameters", f"{text!r} names no file of a volume")
    return text


def volume_path(volume: VolumeRef) -> Path:
    """The file of a volume that is written to."""
    path = node_path(volume, volume.head)
    if volume.fallback is not None and not path.exists():
        return node_path(volume, volume.fallback)
    return path


def node_path(volume: VolumeRef, node: str) -> Path:
    """One of the files of a volume."""
    name = checked_id(volume.volume_id)
    if node:
        name = f"{name}.{checked_head(node)}"
    return Path(volume.storage.path) / "volumes" / f"{name}.qcow2"


def cache_path(storage: StorageRef, image_id: str, *, is_iso: bool = False) -> Path:
    """The file of an image in the cache of a primary storage."""
    suffix = ".iso" if is_iso else ".qcow2"
    return Path(storage.path) / "cache" / f"{checked_id(image_id)}{suffix}"


def image_path(place: ImagePlace) -> Path:
    """The file of an image in its store: a disk as qcow2, a disc as it came."""
    suffix = ".iso" if place.is_iso else ".qcow2"
    return Path(place.store_path) / "images" / f"{checked_id(place.image_id)}{suffix}"


def image_facts_path(place: ImagePlace) -> Path:
    """What was found when the image came, beside it."""
    return Path(place.store_path) / "images" / f"{checked_id(place.image_id)}.json"


def incoming_path(place: ImagePlace) -> Path:
    """Where an image lies until it has been checked."""
    return Path(place.store_path) / "incoming" / f"{checked_id(place.image_id)}.part"


def make_folder(path: Path) -> list[Path]:
    """Make a directory (and those above) that QEMU can pass through.

    Returns the directories that were made, the innermost first.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder.chmod(FOLDER_MODE)
    return missing


def free_bytes(path: Path) -> int:
    """What ordinary users may still write on the file system of `path`."""
    stat = os.statvfs(path)
    return stat.f_bavail * stat.f_frsize


def remove(path: Path) -> None:
    """Delete a file for good; does nothing if it is gone."""
    path.unlink(missing_ok=True)
    if path.parent.exists():
        sync_folder(path.parent)


def touch_folder(path: Path) -> None:
    """Change a directory and change it back; does nothing if it is not there."""
    probe = path / f".seen-{uuid.uuid4().hex}"
    try:
        handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(path, PROBE_BYTES) from error
        raise
    os.close(handle)
    probe.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Have the names in a directory on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def no_space(path: Path, needed_bytes: int) -> CommandFailed:
    """The error for a full disk, with the numbers."""
    available_bytes = free_bytes(path if path.exists() else path.parent)
    return CommandFailed(
        "storage.no_space",
        f"{path}: {needed_bytes} bytes needed, {available_bytes} available",
        path=str(path),
        needed_bytes=needed_bytes,
        available_bytes=available_bytes,
    )


def check_path(params: CheckPathParams) -> CheckPathResult:
    """Make the directory if need be and really write into it; raises CommandFailed."""
    path = Path(params.path)
    probe = path / f".anyun-probe-{uuid.uuid4().hex}"
    made: list[Path] = []
    try:
        made = make_folder(path)
        _write_probe(probe, b"\0" * PROBE_BYTES, os.O_SYNC)
        direct = _supports_direct_io(probe)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(path, PROBE_BYTES) from error
        reason = error.strerror or str(error)
        raise CommandFailed(
            "path.not_writable", f"{path}: {reason}", path=str(path), reason=reason
        ) from error
    finally:
        if path.is_dir():
            probe.unlink(missing_ok=True)
    result = _describe(path, supports_direct_io=direct)
    if not params.keep:
        for folder in made:
            folder.rmdir()
    return result


def _describe(path: Path, *, supports_direct_io: bool) -> CheckPathResult:
    stat = os.statvfs(path)
    return CheckPathResult(
        total_bytes=stat.f_blocks * stat.f_frsize,
        available_bytes=stat.f_bavail * stat.f_frsize,
        file_system=file_system_of(path),
        supports_direct_io=supports_direct_io,
    )


OUR_FOLDERS = ("cache", "volumes", "images", "incoming")


def release(params: ReleaseParams) -> None:
    """Remove our empty folders below a storage's directory, and the directory if it is empty and
    nothing is mounted there.
    """
    root = Path(params.path)
    for folder in (*(root / name for name in OUR_FOLDERS), root):
        with contextlib.suppress(FileNotFoundError):
            if not any(folder.iterdir()) and not folder.is_mount():
                folder.rmdir()


def file_system_of(path: Path) -> str:
    """The kind of file system that holds `path`, as /proc/mounts names it."""
    best, kind = "", ""
    real = str(path.resolve())
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, this_kind, *_ = line.split()
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, this_kind
    return kind


def cache_mode(path: Path) -> str:
    """libvirt's cache mode for a disk: past the page cache where the file system allows it."""
    return "none" if _supports_direct_io(path) else "writeback"


def _write_probe(path: Path, content: bytes, flags: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags, 0o600)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)


def _supports_direct_io(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECT))
    except OSError as error:
        if error.errno == errno.EINVAL:
            return False
        raise
    return True
