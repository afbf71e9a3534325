"""What this host was told of its storages, kept in memory for those who work on them.

Some of it is secret, so only root may read it.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef, StorageSpec
from hostagent.storage.paths import checked_id

FOLDER = Path("/run/anyun/storages")


def folder_of(storage: StorageRef) -> Path:
    """Where files about a storage lie."""
    return FOLDER / checked_id(storage.storage_id)


def keep_spec(spec: StorageSpec) -> Path:
    """Keep what a storage needs; returns the folder with it."""
    folder = folder_of(spec.storage)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    write_private(folder / "spec.json", msgspec.json.encode(spec))
    return folder


def spec_of(storage: StorageRef) -> StorageSpec:
    """What was kept; raises CommandFailed if this host was not told of the storage yet."""
    try:
        content = (folder_of(storage) / "spec.json").read_bytes()
    except FileNotFoundError:
        raise CommandFailed(
            "storage.not_told", f"nothing is known of {storage.storage_id}", path=storage.source
        ) from None
    return msgspec.json.decode(content, type=StorageSpec)


def forget_spec(storage: StorageRef) -> None:
    """Remove all that was kept; does nothing if it is gone."""
    folder = folder_of(storage)
    if folder.exists():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only root may read, whole or not at all."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)
    temporary.replace(path)
