"""What a machine's firmware and TPM have kept, as it goes along to another host or storage.

The folder of a TPM belongs to swtpm's user, who is not trusted with what root may read: links in it
are not followed, and only regular files are taken.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from hostagent.protocol.hardware import KeptFile
from hostagent.protocol.link import CommandFailed
from hostagent.storage.paths import sync_folder

MOST_BYTES = 8 * 1024**2  # UEFI keeps half a MiB, a TPM less; a frame of the link holds 16 MiB
LOCKS = frozenset({".lock"})  # swtpm makes it anew
PART = ".part"
WRITING_MODE = 0o700


def take(folder: Path) -> list[KeptFile]:
    """All that lies in a machine's folder, each folder before what is in it; empty if there is
    none. Raises CommandFailed if it is too much.
    """
    found: list[KeptFile] = []
    size_bytes = 0
    if not folder.exists():
        return found
    for place, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        inside = Path(place).relative_to(folder)
        found += [
            _entry(inside / name, os.lstat(name, dir_fd=handle), None)
            for name in sorted(folders)
            if stat.S_ISDIR(os.lstat(name, dir_fd=handle).st_mode)
        ]
        for name in sorted(set(files) - LOCKS):
            entry = _file(inside / name, name, handle, MOST_BYTES - size_bytes)
            if entry is not None:
                found.append(entry)
                size_bytes += len(entry.data or b"")
    return found


def put(folder: Path, kept: Sequence[KeptFile], mode: int) -> None:
    """Have exactly this in a machine's folder, surviving a power cut; nothing means no folder.

    Raises CommandFailed for names that lead out of it, and for owners that this host lacks.
    """
    part = folder.with_name(folder.name + PART)
    _remove(part)
    if kept:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.parent.chmod(mode)
        part.mkdir(mode=WRITING_MODE)
        for entry in kept:
            _write(part, entry)
        # From the bottom up: what a folder's owner may do to it begins when it is filled.
        for entry in reversed(kept):
            _give(part / entry.path, entry)
        part.chmod(mode)
        sync_folder(part)
    _remove(folder)
    if kept:
        part.rename(folder)
    if folder.parent.exists():
        sync_folder(folder.parent)


def _entry(path: Path, status: os.stat_result, data: bytes | None) -> KeptFile:
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError as error:
        reason = f"{path} belongs to {status.st_uid}:{status.st_gid}, who have no names"
        raise CommandFailed("domain.state_owner", reason, owner=status.st_uid) from error
    mode = stat.S_IMODE(status.st_mode)
    return KeptFile(path=str(path), data=data, mode=mode, owner=owner, group=group)


def _file(path: Path, name: str, folder: int, most_bytes: int) -> KeptFile | None:
    """A regular file; None for anything else, which nobody of ours has made."""
    if not stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            return None
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise CommandFailed("domain.state_too_large", f"{path} and others", size_bytes=MOST_BYTES)
    return _entry(path, status, data)


def _write(root: Path, entry: KeptFile) -> None:
    path = PurePosixPath(entry.path)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise CommandFailed("agent.bad_parameters", f"{entry.path!r} leads out of its folder")
    place = root / path
    if entry.data is None:
        place.mkdir(mode=WRITING_MODE)
        return
    with place.open("xb") as file:
        file.write(entry.data)
        file.flush()
        os.fsync(file.fileno())


def _give(path: Path, entry: KeptFile) -> None:
    try:
        shutil.chown(path, entry.owner, entry.group)
    except LookupError as error:
        reason = f"there is no user {entry.owner} or group {entry.group}"
        raise CommandFailed("domain.state_owner", reason, owner=entry.owner) from error
    path.chmod(entry.mode)
    if entry.data is None:
        sync_folder(path)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
