"""From a file that came from somewhere to an image in its store.

Whatever arrives is looked at first: unpacked if it is packed, recognised, judged, converted to
qcow2 (a disc stays as it is), and given its name when it is whole and on the disk. Each step may
die: what came is kept until the image is in place, so finishing begins anew.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import msgspec

from hostagent.images import guess, ova, recognise
from hostagent.images.inspect import explained, inspect
from hostagent.images.refusals import not_an_image
from hostagent.images.unpack import unpack
from hostagent.images.window import Window
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import FinishParams, ImageInfo, ImagePlace
from hostagent.storage import qemu_img
from hostagent.storage.cage import Cage, give_to_nobody, take_back
from hostagent.storage.driver import Progress
from hostagent.storage.paths import (
    image_facts_path,
    image_path,
    incoming_path,
    make_folder,
    no_space,
    remove,
)
from hostagent.storage.transfer import publish

FILE_MODE = 0o644  # QEMU's user reads the backing file
HASH_CHUNK_BYTES = 8 * 1024**2
CREATE_TIMEOUT_S = 60.0
METADATA_SHARE = 64  # qcow2 takes far less than this share of a disk for its tables
METADATA_BYTES = 64 * 1024**2
SUFFIXES = (".part", ".unpacked", ".disk", ".head", ".qcow2")


def on_the_way(place: ImagePlace) -> list[Path]:
    """All files that there may be of an image before it is in place."""
    return [incoming_path(place).with_suffix(suffix) for suffix in SUFFIXES]


async def finish(params: FinishParams, context: CallContext) -> ImageInfo:
    """Check what arrived and give it its place in the store; raises CommandFailed.

    Answers with what was found before if it was done before.
    """
    place, incoming = params.place, incoming_path(params.place)
    if not incoming.exists():
        before = await asyncio.to_thread(made_before, place)
        if before is None:
            raise CommandFailed("image.missing", f"{incoming} does not exist")
        return before
    incoming.chmod(FILE_MODE)  # who looks at it in a cage is nobody
    digest = await sha256_of(incoming, context.progress)
    if params.sha256 and digest != params.sha256:
        raise CommandFailed(
            "image.checksum", "checksum differs", expected=params.sha256, found=digest
        )
    try:
        info = await _settle(params, digest, context.progress)
    except BaseException:
        _tidy(place, keep=incoming)
        raise
    _tidy(place)
    return info


def _tidy(place: ImagePlace, keep: Path | None = None) -> None:
    """Remove what was made on the way; what came is kept if it is needed once more."""
    for path in on_the_way(place):
        if path != keep:
            remove(path)


async def _settle(params: FinishParams, digest: str, progress: Progress) -> ImageInfo:
    incoming = incoming_path(params.place)
    window = Window.whole(incoming)
    if packing := recognise.packed_as(window):
        window = await unpack(window, packing, incoming.with_suffix(".unpacked"), progress)
    kind, hints, told = recognise.format_of(window, params.kind), guess.Guess(), ""
    if kind == recognise.OVA:
        appliance = await asyncio.to_thread(ova.read, window)
        window, told = appliance.disk, "ova"
        hints = guess.Guess(appliance.platform, appliance.firmware)
        if appliance.is_gzip:
            window = await unpack(window, "gzip", incoming.with_suffix(".disk"), progress)
        kind = recognise.format_of(window, "root")
        if kind == recognise.OVA:
            raise not_an_image("it is an archive within an archive")
    if kind == recognise.ISO:
        return await _keep_disc(params.place, window, digest)
    return await _keep_disk(params, window, kind, told or kind, digest, hints, progress)


async def _keep_disc(place: ImagePlace, window: Window, digest: str) -> ImageInfo:
    place = msgspec.structs.replace(place, is_iso=True)
    descriptor = window.read(recognise.DISC_MAGIC_OFFSET - 1, recognise.DISC_SECTOR_BYTES)
    found = guess.of_disc(descriptor)
    is_as_it_came = window.path == incoming_path(place)
    info = ImageInfo(
        format="iso",
        size_bytes=window.size_bytes,
        virtual_size_bytes=window.size_bytes,
        sha256=digest,
        stored_sha256=digest if is_as_it_came else await sha256_of(window.path, silent),
        kind="iso",
        platform=found.platform,
    )
    await asyncio.to_thread(put_in_place, place, window.path, info)
    return info


async def _keep_disk(
    params: FinishParams,
    window: Window,
    kind: str,
    told: str,
    digest: str,
    hints: guess.Guess,
    progress: Progress,
) -> ImageInfo:
    incoming = incoming_path(params.place)
    found, is_plain = await inspect(window, kind)
    seen = guess.of_disk(await head_of(window, kind, incoming.with_suffix(".head")))
    is_bare = kind == recognise.RAW and recognise.has_file_system(window)
    if is_plain and window == Window.whole(window.path):
        ready = window.path
    else:
        ready = incoming.with_suffix(".qcow2")
        await _convert(window, kind, found.virtual_size, ready, progress)
    is_as_it_came = ready == incoming
    info = ImageInfo(
        format=told,
        size_bytes=ready.stat().st_size,
        virtual_size_bytes=found.virtual_size,
        sha256=digest,
        stored_sha256=digest if is_as_it_came else await sha256_of(ready, silent),
        kind=params.kind if params.kind != "auto" else "data" if is_bare else "root",
        platform=hints.platform or seen.platform,
        firmware=hints.firmware or seen.firmware,
    )
    await asyncio.to_thread(put_in_place, params.place, ready, info)
    return info


async def head_of(window: Window, kind: str, target: Path) -> bytes:
    """The first sectors as a guest sees them."""
    if kind == recognise.RAW:
        return window.read(0, guess.HEAD_BYTES)
    target.write_bytes(b"")
    await give_to_nobody(target)
    try:
        await qemu_img.run(
            [
                *("dd", "-O", "raw", f"bs={guess.HEAD_BYTES}", "count=1", f"of={target}"),
                *_dd_source(window, kind),
            ],
            timeout_s=qemu_img.INFO_TIMEOUT_S,
            cpu_s=20,
            largest_file_bytes=METADATA_BYTES,
            cage=Cage(reads=[window.path], writes=[target]),
        )
        return target.read_bytes()[: guess.HEAD_BYTES]
    except qemu_img.QemuImgFailed as error:
        raise not_an_image(explained(error, window)) from error
    finally:
        remove(target)


def _dd_source(window: Window, kind: str) -> list[str]:
    words = window.words(kind)
    return ["-f", kind, f"if={words[2]}"] if words[0] == "-f" else [f"if={words[0]}"]


async def _convert(
    window: Window, kind: str, virtual_size_bytes: int, target: Path, progress: Progress
) -> None:
    remove(target)
    limit = virtual_size_bytes + virtual_size_bytes // METADATA_SHARE + METADATA_BYTES
    try:
        await qemu_img.run(
            ["create", "-q", "-f", "qcow2", str(target), str(virtual_size_bytes)],
            timeout_s=CREATE_TIMEOUT_S,
        )
        await give_to_nobody(target)
        await qemu_img.run(
            [
                *("convert", "-p", "-n", "--target-is-zero", *window.words(kind)),
                *("-O", "qcow2", str(target)),
            ],
            timeout_s=qemu_img.CONVERT_TIMEOUT_S,
            largest_file_bytes=limit,
            cage=Cage(reads=[window.path], writes=[target]),
            on_percent=lambda percent: progress(int(percent), 100, "percent"),
        )
    except qemu_img.QemuImgFailed as error:
        remove(target)
        if "No space left" in str(error):
            raise no_space(target.parent, window.size_bytes) from error
        raise not_an_image(explained(error, window)) from error
    await take_back(target)


def made_before(place: ImagePlace) -> ImageInfo | None:
    """What was found of an image that is in place; None if it is not."""
    facts = image_facts_path(place)
    if not facts.exists():
        return None
    info = msgspec.json.decode(facts.read_bytes(), type=ImageInfo)
    final = image_path(msgspec.structs.replace(place, is_iso=info.kind == "iso"))
    return info if final.exists() else None


def put_in_place(place: ImagePlace, ready: Path, info: ImageInfo) -> None:
    """Keep the image in the store, with what was found of it beside it."""
    final, facts = image_path(place), image_facts_path(place)
    make_folder(final.parent)
    temporary = facts.with_suffix(".json.new")
    temporary.write_bytes(msgspec.json.encode(info))
    publish(temporary, facts, FILE_MODE)
    publish(ready, final, FILE_MODE)


async def sha256_of(path: Path, progress: Progress) -> str:
    """SHA-256 of a file, hex."""
    digest, size_bytes, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, HASH_CHUNK_BYTES):
            await asyncio.to_thread(digest.update, chunk)
            done += len(chunk)
            progress(done, size_bytes, "bytes")
    return digest.hexdigest()


def silent(done: int, total: int, unit: str) -> None:
    """For what is over in a moment."""
