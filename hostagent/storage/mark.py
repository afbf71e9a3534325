"""The mark by which a host knows a storage again that others see as well.

A directory that is not mounted looks like an empty one. Were disks made there, they would fill the
host's own file system and be missing everywhere else. So the first host leaves a mark with the
storage's id, and no host works in a directory without it. That the mark of one host is seen by
another one also proves that they share the directory.
"""

from __future__ import annotations

import os
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef
from hostagent.storage.paths import sync_folder

MARK = ".anyun-storage"
LONGEST_BYTES = 64


def set_mark(storage: StorageRef) -> None:
    """Mark a directory as this storage; raises CommandFailed if it is another one's."""
    folder = Path(storage.path)
    found = _read(folder)
    if found is None:
        handle = os.open(folder / MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.write(handle, storage.storage_id.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(folder)
        return
    _refuse_other(storage, found)


def check_mark(storage: StorageRef) -> None:
    """Raises CommandFailed if the directory is not this storage."""
    found = _read(Path(storage.path))
    if found is None:
        raise CommandFailed(
            "storage.not_shared",
            f"{storage.path} does not have the mark of the storage",
            path=storage.path,
        )
    _refuse_other(storage, found)


def remove_mark(storage: StorageRef) -> None:
    """Take the mark away; does nothing if it is not this storage's."""
    if _read(Path(storage.path)) == storage.storage_id:
        (Path(storage.path) / MARK).unlink(missing_ok=True)


def _read(folder: Path) -> str | None:
    try:
        with (folder / MARK).open("rb") as file:
            return file.read(LONGEST_BYTES).decode("ascii", errors="replace").strip()
    except FileNotFoundError:
        return None


def _refuse_other(storage: StorageRef, found: str) -> None:
    if found != storage.storage_id:
        raise CommandFailed(
            "storage.other", f"{storage.path} is the storage {found}", path=storage.path, id=found
        )
