"""Images made out of volumes: everything that a disk stands on, in one file of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hostagent.images import finish, guess
from hostagent.images.window import Window
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import ExportVolumeParams, ImageInfo, ImagePlace
from hostagent.storage import qemu_img
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import incoming_path, make_folder, no_space, remove


async def export_volume(params: ExportVolumeParams, context: CallContext) -> ImageInfo:
    """Make an image of a volume that nobody writes to; raises CommandFailed.

    QEMU's locks refuse a volume that a machine has open. Answers with what was made before.
    """
    if (before := await asyncio.to_thread(finish.made_before, params.place)) is not None:
        return before
    driver = driver_for(params.volume.storage)
    found = await driver.info(params.volume)
    ready = ready_path(params.place)
    try:
        await qemu_img.run(
            ["convert", "-p", *driver.qemu_words(params.volume), "-O", "qcow2", str(ready)],
            timeout_s=qemu_img.CONVERT_TIMEOUT_S,
            on_percent=lambda percent: context.progress(int(percent), 100, "percent"),
        )
        return await settle(ready, params.place)
    except qemu_img.QemuImgFailed as error:
        raise _explained(error, ready, found.path, found.used_bytes) from error
    finally:
        remove(ready)


def ready_path(place: ImagePlace) -> Path:
    """Where the image is made, with nothing there."""
    path = incoming_path(place).with_suffix(".qcow2")
    make_folder(path.parent)
    remove(path)
    return path


async def settle(ready: Path, place: ImagePlace) -> ImageInfo:
    """Give a qcow2 file that is ours its place as an image; returns what it is."""
    ready.chmod(finish.FILE_MODE)  # QEMU made it for itself alone
    found = await qemu_img.info(str(ready), expected_format="qcow2")
    head = await finish.head_of(Window.whole(ready), "qcow2", ready.with_suffix(".head"))
    seen = guess.of_disk(head)
    digest = await finish.sha256_of(ready, finish.silent)
    info = ImageInfo(
        format="qcow2",
        size_bytes=ready.stat().st_size,
        virtual_size_bytes=found.virtual_size,
        sha256=digest,
        stored_sha256=digest,
        platform=seen.platform,
        firmware=seen.firmware,
    )
    await asyncio.to_thread(finish.put_in_place, place, ready, info)
    return info


def _explained(
    error: qemu_img.QemuImgFailed, ready: Path, source: str, used_bytes: int
) -> CommandFailed:
    if "No space left" in str(error):
        return no_space(ready.parent, used_bytes)
    if "lock" in str(error):
        return CommandFailed("volume.in_use", str(error), path=source, vm="")
    return qemu_img.failed(error)
