"""Images that come from a client, in as many pieces as it takes.

What has come lies in one file that only grows; its length is how far the upload is. So a link, an
agent or a service may end at any time: what is on the disk stays, and the next piece goes on there.
Whether it is the right content is seen at the end, by its checksum.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import ImagePlace, Received, ReceiveParams
from hostagent.protocol.streams import Stream, StreamBroken
from hostagent.storage.paths import free_bytes, incoming_path, make_folder, no_space
from hostagent.storage.transfer import KEEP_FREE_BYTES

T = TypeVar("T")

WRITE_BYTES = 1024**2
SYNC_EVERY_BYTES = 64 * 1024**2
FILE_MODE = 0o644

_locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()


async def receive(params: ReceiveParams, context: CallContext) -> Received:
    """Take the next bytes of an image from a stream of the link; raises CommandFailed."""
    stream = context.peer.stream(params.stream_id)
    path = incoming_path(params.place)
    lock = _locks.setdefault(path, asyncio.Lock())
    problem: str | None = "refused"
    try:
        async with lock:  # until the piece before has really ended
            found = await _append(path, params, stream)
        problem = None
        return found
    except StreamBroken as error:
        raise CommandFailed("image.receive_broken", str(error)) from error
    finally:
        stream.close(problem)


async def received(place: ImagePlace, context: CallContext) -> Received:
    """How much of an image has come so far."""
    return Received(size_bytes=_length(incoming_path(place)))


async def _append(path: Path, params: ReceiveParams, stream: Stream) -> Received:
    make_folder(path.parent)
    length = _length(path)
    if params.offset_bytes not in (0, length):
        raise CommandFailed(
            "image.wrong_offset", f"{length} bytes are there", received_bytes=length
        )
    needed_bytes = max(params.size_bytes, params.left_bytes) + KEEP_FREE_BYTES
    if needed_bytes > free_bytes(path.parent):
        raise no_space(path.parent, needed_bytes)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        os.ftruncate(handle, params.offset_bytes)
        length = await _Writer(handle, params.offset_bytes).take(stream)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(path.parent, needed_bytes) from error
        raise
    finally:
        os.close(handle)
    came, expected = length - params.offset_bytes, params.size_bytes
    if came != expected:
        raise CommandFailed(
            "image.truncated",
            f"{came} of {expected} bytes",
            received_bytes=came,
            expected_bytes=expected,
        )
    return Received(size_bytes=length)


class _Writer:
    """Adds what comes to a file, in large pieces, and sees to it that they reach the disk."""

    def __init__(self, handle: int, length: int) -> None:
        self._handle = handle
        self._length = length
        self._synced = length
        self._syncing: asyncio.Task[None] | None = None

    async def take(self, stream: Stream) -> int:
        """Write until the stream ends; returns how long the file is now."""
        pieces, waiting = [], 0
        try:
            while data := await stream.read():
                pieces.append(data)
                waiting += len(data)
                if waiting >= WRITE_BYTES:
                    full, pieces, waiting = pieces, [], 0  # written once, also if cancelled here
                    await self._write(full)
        finally:
            await self._write(pieces)
            if self._syncing is not None:
                await _to_the_end(self._syncing)
            await _in_thread(lambda: os.fsync(self._handle))
        return self._length

    async def _write(self, pieces: list[bytes]) -> None:
        if pieces:
            await _in_thread(lambda: self._put(pieces))
        if self._length - self._synced >= SYNC_EVERY_BYTES:
            if self._syncing is not None:
                await _to_the_end(self._syncing)  # no more than so much is under way
            self._synced = self._length
            self._syncing = asyncio.create_task(asyncio.to_thread(os.fdatasync, self._handle))

    def _put(self, pieces: list[bytes]) -> None:
        content = memoryview(b"".join(pieces))
        while content:
            written = os.pwrite(self._handle, content, self._length)
            self._length += written
            content = content[written:]


async def _in_thread(work: Callable[[], T]) -> T:
    return await _to_the_end(asyncio.create_task(asyncio.to_thread(work)))


async def _to_the_end(task: asyncio.Task[T]) -> T:
    """Wait for work in a thread, which goes on even if who waits is cancelled."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
