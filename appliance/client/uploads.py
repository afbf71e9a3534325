"""Sending a file as the content of an image, over as many connections as it takes.

The appliance is asked how much it has, and the file goes on from there: after a lost connection,
after a pause, and in another client, too. The file's SHA-256 is computed while it is read and told
at the end, so the appliance knows that it has this very file.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from appliance.protocol.errors import ApiError, Conflict, Unavailable
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageUpload
from appliance.protocol.uploads import CHECKSUM, COMPLETE, NO, OFFSET, YES

if TYPE_CHECKING:
    from appliance.client.client import Client

Progress = Callable[[int, int], None]

CHUNK_BYTES = 1024**2
PATIENCE_S = 120.0
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0
AGAIN = ("image.wrong_offset", "image.truncated", "image.receive_broken")


class ImageUploader:
    """One file for one image. `run` may be cancelled at any time, and called again later.

    Parameters: `on_progress` is told (sent, total) in bytes; `patience_s` is how long an appliance
    may be away without any byte getting through.
    """

    def __init__(
        self,
        client: Client,
        image_id: str,
        path: Path,
        on_progress: Progress | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._client = client
        self._image_id = image_id
        self._path = path
        self._on_progress = on_progress
        self._patience_s = patience_s
        self._stamp = _stamp(path)
        self._digest = hashlib.sha256()
        self._hashed = 0
        self._moved_at = 0.0
        self._attempt = 0

    async def run(self) -> Accepted | None:
        """Send what is missing; returns the job that goes on, or None if all was there before.

        Raises ApiError as the appliance refused, Unavailable if it stays away, Conflict if the
        file has changed, OSError if it cannot be read.
        """
        self._moved_at = time.monotonic()
        delay_s = FIRST_DELAY_S
        while True:
            before = self._moved_at
            try:
                return await self._try()
            except ApiError as error:
                if not _may_pass(error) or time.monotonic() - self._moved_at > self._patience_s:
                    raise
            delay_s = FIRST_DELAY_S if self._moved_at > before else delay_s * 2
            await asyncio.sleep(min(delay_s, LONGEST_DELAY_S))

    async def _try(self) -> Accepted | None:
        self._attempt += 1
        size_bytes = self._stamp[0]
        found: ImageUpload = await self._client.call("image.upload_status", id=self._image_id)
        if not found.is_waiting:
            return None
        if found.size_bytes != size_bytes:
            raise Conflict("client.file_changed", name=self._path.name)
        offset = found.received_bytes if found.received_bytes <= size_bytes else 0
        with self._path.open("rb") as file:
            await self._hash_up_to(file, offset)
            if offset < size_bytes:
                await self._client.put_content(
                    self._image_id,
                    {OFFSET: str(offset), COMPLETE: NO},
                    size_bytes - offset,
                    self._chunks(file),
                )
        self._refuse_changed()
        last = {OFFSET: str(size_bytes), COMPLETE: YES, CHECKSUM: self._digest.hexdigest()}
        return await self._client.put_content(self._image_id, last, 0, b"")

    async def _chunks(self, file: BinaryIO) -> AsyncIterator[bytes]:
        attempt = self._attempt
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            if attempt != self._attempt:
                return  # the connection is lost, and a new one has begun
            self._add(chunk)
            yield chunk
            self._moved_at = time.monotonic()
            self._tell()

    async def _hash_up_to(self, file: BinaryIO, offset: int) -> None:
        """Know the sum of what the appliance has already."""
        if self._hashed > offset:  # some of it got lost
            self._digest, self._hashed = hashlib.sha256(), 0
        self._refuse_changed()
        file.seek(self._hashed)
        while self._hashed < offset:
            most = min(CHUNK_BYTES, offset - self._hashed)
            chunk = await asyncio.to_thread(file.read, most)
            if not chunk:
                raise Conflict("client.file_changed", name=self._path.name)
            self._add(chunk)
        self._tell()

    def _add(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._hashed += len(chunk)

    def _refuse_changed(self) -> None:
        if _stamp(self._path) != self._stamp:
            raise Conflict("client.file_changed", name=self._path.name)

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._hashed, self._stamp[0])


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file does."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _may_pass(error: ApiError) -> bool:
    return isinstance(error, Unavailable) or error.code in AGAIN
