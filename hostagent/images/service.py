"""Images on their way into a store, and from the store into the cache of a primary storage."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator, Callable
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
from hostagent.storage.paths import (
    cache_path,
    free_bytes,
    image_path,
    incoming_path,
    make_folder,
    no_space,
    remove,
    sync_folder,
)

CHUNK_BYTES = 1024**2
KEEP_FREE_BYTES = 64 * 1024**2
FILE_MODE = 0o644  # QEMU's user reads the backing file

Progress = Callable[[int, int, str], None]


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

    async def chunks() -> AsyncIterator[bytes]:
        with source.open("rb") as file:
            while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield data

    await write_incoming(params.place, chunks(), source.stat().st_size, context.progress)


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
    await asyncio.to_thread(_publish, ready, final)
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
    target = cache_path(params.primary_path, params.image_id)
    if target.exists():
        return
    source = image_path(ImagePlace(image_id=params.image_id, store_path=params.store_path))
    if not source.exists():
        raise CommandFailed("image.missing", f"{source} does not exist")
    make_folder(target.parent)
    temporary = target.with_suffix(".new")
    remove(temporary)
    try:
        os.link(source, temporary)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
            raise
        await _copy(source, temporary, context.progress)
    await asyncio.to_thread(_publish, temporary, target)


async def drop_cached(params: CachedImage, context: CallContext) -> None:
    """Delete an image from a primary storage's cache; nothing may stand on it any more."""
    path = cache_path(params.primary_path, params.image_id)
    if path.parent.exists():
        await asyncio.to_thread(remove, path)


async def write_incoming(
    place: ImagePlace, chunks: AsyncIterator[bytes], size_bytes: int, progress: Progress
) -> int:
    """Write an image that arrives; returns how many bytes came. Raises CommandFailed."""
    path = incoming_path(place)
    make_folder(path.parent)
    if size_bytes + KEEP_FREE_BYTES > free_bytes(path.parent):
        raise no_space(path.parent, size_bytes + KEEP_FREE_BYTES)
    remove(path)
    return await _write(path, chunks, size_bytes, progress)


async def _write(
    path: Path, chunks: AsyncIterator[bytes], size_bytes: int, progress: Progress
) -> int:
    received = 0
    try:
        with path.open("xb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
                received += len(chunk)
                progress(received, size_bytes, "bytes")
            await asyncio.to_thread(_flush, file.fileno())
    except OSError as error:
        remove(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            needed_bytes = max(size_bytes, received + CHUNK_BYTES) + KEEP_FREE_BYTES
            raise no_space(path.parent, needed_bytes) from error
        raise
    return received


async def _copy(source: Path, target: Path, progress: Progress) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        with source.open("rb") as file:
            while data := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield data

    size_bytes = source.stat().st_size
    if size_bytes + KEEP_FREE_BYTES > free_bytes(target.parent):
        raise no_space(target.parent, size_bytes + KEEP_FREE_BYTES)
    await _write(target, chunks(), size_bytes, progress)


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


def _publish(temporary: Path, final: Path) -> None:
    temporary.chmod(FILE_MODE)
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(final)
    sync_folder(final.parent)


def _flush(handle: int) -> None:
    os.fsync(handle)


def _silent(done: int, total: int, unit: str) -> None:
    """The service counts the bytes that it sends itself."""
