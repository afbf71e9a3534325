"""Images on their way into a store, and from the store into the cache of a primary storage."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from hostagent.images.inspect import inspect
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import (
    AdoptFileParams,
    CachedImage,
    EnsureCachedParams,
    FinishParams,
    ImageInfo,
    ImagePlace,
    ReceiveParams,
)
from hostagent.protocol.streams import StreamBroken
from hostagent.storage import qemu_img
from hostagent.storage.driver import Progress
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import (
    free_bytes,
    image_path,
    incoming_path,
    make_folder,
    no_space,
    remove,
)
from hostagent.storage.transfer import KEEP_FREE_BYTES, publish, read_file, write_file

FILE_MODE = 0o644  # QEMU's user reads the backing file


async def receive(params: ReceiveParams, context: CallContext) -> None:
    """Take the bytes of an image from a stream of the link."""
    stream = context.peer.stream(params.stream_id)

    async def chunks() -> AsyncIterator[bytes]:
        while data := await stream.read():
            yield data

    try:
        received = await write_incoming(params.place, chunks(), params.size_bytes, _silent)
    except StreamBroken as error:
        remove(incoming_path(params.place))
        raise CommandFailed("image.receive_broken", str(error)) from error
    finally:
        stream.close()
    if received != params.size_bytes:
        remove(incoming_path(params.place))
        raise CommandFailed(
            "image.truncated",
            f"{received} of {params.size_bytes} bytes",
            received_bytes=received,
            expected_bytes=params.size_bytes,
        )


async def adopt_file(params: AdoptFileParams, context: CallContext) -> None:
    """Copy an image that lies on this machine."""
    source = Path(params.path)
    if not source.is_file():
        raise CommandFailed("image.url_failed", "no such file", url=str(source), reason="no file")
    size_bytes = source.stat().st_size
    await write_incoming(params.place, read_file(source), size_bytes, context.progress)


async def finish(params: FinishParams, context: CallContext) -> ImageInfo:
    """Check what arrived, keep it as qcow2, and give it its place in the store."""
    incoming, final = incoming_path(params.place), image_path(params.place)
    if not incoming.exists() and final.exists():
        return await _info_of(final, "qcow2", await asyncio.to_thread(sha256_of, final))
    if not incoming.exists():
        raise CommandFailed("image.missing", f"{incoming} does not exist")
    digest = await asyncio.to_thread(sha256_of, incoming)
    if params.sha256 and digest != params.sha256:
        raise CommandFailed(
            "image.checksum", "checksum differs", expected=params.sha256, found=digest
        )
    found = await inspect(incoming)
    make_folder(final.parent)
    ready = incoming.with_suffix(".qcow2")
    if found.format == "qcow2":
        incoming.rename(ready)
    else:
        await _convert(incoming, found.format, ready, context.progress)
    await asyncio.to_thread(publish, ready, final, FILE_MODE)
    remove(incoming)
    return await _info_of(final, found.format, digest)


async def delete(place: ImagePlace, context: CallContext) -> None:
    """Delete an image and whatever of it is on its way."""
    for path in (
        incoming_path(place),
        incoming_path(place).with_suffix(".qcow2"),
        image_path(place),
    ):
        if path.parent.exists():
            await asyncio.to_thread(remove, path)


async def ensure_cached(params: EnsureCachedParams, context: CallContext) -> None:
    """Have the image in the primary storage's cache: linked if it can be, copied if not."""
    driver = driver_for(params.storage)
    if await driver.has_image(params.image_id):
        return
    source = image_path(ImagePlace(image_id=params.image_id, store_path=params.store_path))
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


async def _convert(source: Path, kind: str, target: Path, progress: Progress) -> None:
    remove(target)
    try:
        await qemu_img.run(
            ["convert", "-p", "-f", kind, "-O", "qcow2", str(source), str(target)],
            timeout_s=qemu_img.CONVERT_TIMEOUT_S,
            on_percent=lambda percent: progress(int(percent), 100, "percent"),
        )
    except qemu_img.QemuImgFailed as error:
        remove(target)
        if "No space left" in str(error):
            raise no_space(target.parent, source.stat().st_size) from error
        raise CommandFailed("image.not_an_image", str(error), reason=str(error)) from error


async def _info_of(path: Path, kind: str, digest: str) -> ImageInfo:
    found = await qemu_img.info(str(path), expected_format="qcow2")
    return ImageInfo(
        format=kind,
        size_bytes=path.stat().st_size,
        virtual_size_bytes=found.virtual_size,
        sha256=digest,
    )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _silent(done: int, total: int, unit: str) -> None:
    """The service counts the bytes that it sends itself."""
