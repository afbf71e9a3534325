"""Images that go from the host of their store to another one, through the service."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from hostagent.images.finish import sha256_of
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import CacheFromParams, ImagePlace, StoredImage
from hostagent.protocol.streams import Stream, StreamBroken
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import (
    checked_id,
    free_bytes,
    image_path,
    make_folder,
    no_space,
    remove,
)
from hostagent.storage.transfer import KEEP_FREE_BYTES, write_file

SPOOL = Path("/var/lib/anyun/spool")


async def describe(place: ImagePlace) -> StoredImage:
    """Size and SHA-256 of an image's file."""
    source = image_path(place)
    if not source.exists():
        raise CommandFailed("image.missing", f"{source} does not exist")
    digest = await sha256_of(source, _silent)
    return StoredImage(size_bytes=source.stat().st_size, sha256=digest)


async def cache_from(params: CacheFromParams, context: CallContext) -> None:
    """Take an image from a stream into the cache of a primary storage, if it is not there.

    Nothing is kept of one that does not have the expected SHA-256.
    """
    stream = context.peer.stream(params.stream_id)
    driver = driver_for(params.storage)
    suffix = ".iso" if params.is_iso else ".qcow2"
    file = SPOOL / f"{checked_id(params.image_id)}{suffix}"
    try:
        if not await driver.has_image(params.image_id, is_iso=params.is_iso):
            await _receive(params, stream, file, context)
            await driver.cache_image(params.image_id, file, context.progress)
    finally:
        stream.close("no more is taken")  # a sender that has not ended must not wait for ever
        await asyncio.to_thread(remove, file)


async def _receive(
    params: CacheFromParams, stream: Stream, file: Path, context: CallContext
) -> None:
    make_folder(file.parent)
    await asyncio.to_thread(remove, file)
    if params.size_bytes + KEEP_FREE_BYTES > free_bytes(file.parent):
        raise no_space(file.parent, params.size_bytes + KEEP_FREE_BYTES)
    digest = hashlib.sha256()

    async def chunks() -> AsyncIterator[bytes]:
        while data := await stream.read():
            digest.update(data)
            yield data

    try:
        received = await write_file(file, chunks(), params.size_bytes, context.progress)
    except StreamBroken as error:
        raise CommandFailed("image.receive_broken", str(error)) from error
    if received != params.size_bytes:
        raise CommandFailed(
            "image.truncated",
            f"{received} of {params.size_bytes} bytes",
            received_bytes=received,
            expected_bytes=params.size_bytes,
        )
    # What came is right, and so is what is on the disk.
    for found in (digest.hexdigest(), await sha256_of(file, _silent)):
        if found != params.sha256:
            raise CommandFailed(
                "image.checksum", "checksum differs", expected=params.sha256, found=found
            )


def _silent(done: int, total: int, unit: str) -> None:
    """What is checked again is not told as progress."""
