"""Writing large files, with progress and with numbers when a disk is full."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

from hostagent.storage.driver import Progress
from hostagent.storage.paths import free_bytes, no_space, remove, sync_folder

CHUNK_BYTES = 1024**2
KEEP_FREE_BYTES = 64 * 1024**2


async def write_file(
    path: Path, chunks: AsyncIterator[bytes], size_bytes: int, progress: Progress
) -> int:
    """Write a new file and have it on the disk; returns how many bytes came.

    A file that fails is removed. Raises CommandFailed if the disk is full.
    """
    received = 0
    try:
        with path.open("xb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
                received += len(chunk)
                progress(received, size_bytes, "bytes")
            await asyncio.to_thread(os.fsync, file.fileno())
    except OSError as error:
        remove(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            needed_bytes = max(size_bytes, received + CHUNK_BYTES) + KEEP_FREE_BYTES
            raise no_space(path.parent, needed_bytes) from error
        raise
    return received


async def copy_file(source: Path, target: Path, progress: Progress) -> None:
    """Copy a file; raises CommandFailed if it does not fit."""
    size_bytes = source.stat().st_size
    if size_bytes + KEEP_FREE_BYTES > free_bytes(target.parent):
        raise no_space(target.parent, size_bytes + KEEP_FREE_BYTES)
    await write_file(target, read_file(source), size_bytes, progress)


async def read_file(source: Path) -> AsyncIterator[bytes]:
    """The content of a file, piece by piece."""
    with source.open("rb") as file:
        while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield data


def name_new(temporary: Path, final: Path) -> None:
    """Give a finished file a name that nothing has; if something has it, that stays.

    Renaming would replace what another host has made of it meanwhile.
    """
    _flush(temporary)
    with contextlib.suppress(FileExistsError):
        os.link(temporary, final)
    temporary.unlink()
    sync_folder(final.parent)


def publish(temporary: Path, final: Path, mode: int | None = None) -> None:
    """Give a finished file its name, surviving a power cut."""
    if mode is not None:
        temporary.chmod(mode)
    _flush(temporary)
    temporary.replace(final)
    sync_folder(final.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
