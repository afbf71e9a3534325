"""Images on their way into a store, and from the store into the cache of a primary storage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from hostagent.images.finish import on_the_way
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import (
    AdoptFileParams,
    CachedImage,
    EnsureCachedParams,
    ImagePlace,
)
from hostagent.storage.driver import Progress
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import (
    free_bytes,
    image_facts_path,
    image_path,
    incoming_path,
    make_folder,
    no_space,
    remove,
)
from hostagent.storage.transfer import KEEP_FREE_BYTES, read_file, write_file


async def adopt_file(params: AdoptFileParams, context: CallContext) -> None:
    """Copy an image that lies on this machine."""
    source = Path(params.path)
    if not source.is_file():
        raise CommandFailed("image.url_failed", "no such file", url=str(source), reason="no file")
    size_bytes = source.stat().st_size
    await write_incoming(params.place, read_file(source), size_bytes, context.progress)


async def delete(place: ImagePlace, context: CallContext) -> None:
    """Delete an image and whatever of it is on its way."""
    disk = msgspec.structs.replace(place, is_iso=False)
    disc = msgspec.structs.replace(place, is_iso=True)
    paths = (*on_the_way(place), image_path(disk), image_path(disc), image_facts_path(place))
    for path in paths:
        if path.parent.exists():
            await asyncio.to_thread(remove, path)


async def ensure_cached(params: EnsureCachedParams, context: CallContext) -> None:
    """Have the image in the primary storage's cache: linked if it can be, copied if not."""
    driver = driver_for(params.storage)
    if await driver.has_image(params.image_id, is_iso=params.is_iso):
        return
    place = ImagePlace(image_id=params.image_id, store_path=params.store_path, is_iso=params.is_iso)
    source = image_path(place)
    if not source.exists():
        raise CommandFailed("image.missing", f"{source} does not exist")
    await driver.cache_image(params.image_id, source, context.progress)


async def drop_cached(params: CachedImage, context: CallContext) -> None:
    """Delete an image from a primary storage's cache; nothing may stand on it any more."""
    await driver_for(params.storage).drop_image(params.image_id)


async def write_incoming(
    place: ImagePlace, chunks: AsyncIterator[bytes], size_bytes: int, progress: Progress
) -> int:
    """Write an image that arrives; returns how many bytes came. Raises CommandFailed."""
    path = incoming_path(place)
    make_folder(path.parent)
    if size_bytes + KEEP_FREE_BYTES > free_bytes(path.parent):
        raise no_space(path.parent, size_bytes + KEEP_FREE_BYTES)
    remove(path)
    return await write_file(path, chunks, size_bytes, progress)
