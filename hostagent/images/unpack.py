"""Images that come packed: unpacked by the system's own programs, in a cage, with limits.

A bomb is a small file that unpacks to what no disk holds. So the result may be so much larger than
the file and no larger, and zeros take no room: they become holes.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
from pathlib import Path
from typing import BinaryIO

from hostagent.images.refusals import hostile, not_an_image
from hostagent.images.window import Window
from hostagent.storage.cage import Cage
from hostagent.storage.driver import Progress
from hostagent.storage.paths import no_space, remove

CHUNK_BYTES = 1024**2
MEMORY_BYTES = 1024**3
LARGEST_BYTES = 4 * 1024**4
ALWAYS_ALLOWED_BYTES = 4 * 1024**3
LARGEST_RATIO = 2000  # 1032 is the most that gzip does; images with empty room reach hundreds
PROGRAMS = {
    "gzip": ("gzip", "-dc"),
    "xz": ("xz", "-dc", "--threads=1"),
    "zstd": ("zstd", "-dcq", "--long=31"),
}
_ZEROS = bytes(CHUNK_BYTES)


async def unpack(window: Window, program: str, target: Path, progress: Progress) -> Window:
    """Unpack into the file `target`; raises CommandFailed for bombs, and for what is damaged."""
    limit = min(LARGEST_BYTES, ALWAYS_ALLOWED_BYTES + LARGEST_RATIO * window.size_bytes)
    remove(target)
    try:
        size_bytes = await _run(window, program, target, limit, progress)
    except OSError as error:
        remove(target)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(target.parent, window.size_bytes) from error
        raise
    except BaseException:
        remove(target)
        raise
    return Window(path=target, size_bytes=size_bytes)


async def _run(window: Window, program: str, target: Path, limit: int, progress: Progress) -> int:
    words = await Cage().around(PROGRAMS[program])
    with window.path.open("rb") as packed, target.open("xb") as unpacked:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            preexec_fn=_limit,
            limit=CHUNK_BYTES,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feeding = asyncio.create_task(_feed(window, packed, process.stdin, progress))
        complaining = asyncio.create_task(process.stderr.read())
        try:
            size_bytes = await _collect(process.stdout, unpacked, limit)
            complaint = (await complaining).decode(errors="replace").strip()
            if await process.wait() != 0:
                raise not_an_image(complaint.splitlines()[0] if complaint else "it is damaged")
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            feeding.cancel()
            complaining.cancel()
            await asyncio.gather(feeding, complaining, return_exceptions=True)
    return size_bytes


async def _feed(
    window: Window, packed: BinaryIO, pipe: asyncio.StreamWriter, progress: Progress
) -> None:
    packed.seek(window.offset)
    left = window.size_bytes
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended, and says why
        while left > 0 and (chunk := await asyncio.to_thread(packed.read, min(CHUNK_BYTES, left))):
            pipe.write(chunk)
            await pipe.drain()
            left -= len(chunk)
            progress(window.size_bytes - left, window.size_bytes, "bytes")
        pipe.close()


async def _collect(pipe: asyncio.StreamReader, unpacked: BinaryIO, limit: int) -> int:
    size_bytes = 0
    while chunk := await pipe.read(CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > limit:
            raise hostile(f"it unpacks to more than {limit} bytes")
        if chunk == _ZEROS[: len(chunk)]:
            unpacked.seek(len(chunk), os.SEEK_CUR)
        else:
            await asyncio.to_thread(unpacked.write, chunk)
    unpacked.truncate(size_bytes)
    return size_bytes


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
