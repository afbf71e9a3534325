"""Volumes that are copied whole to another storage, between whatever kinds.

The copy shares nothing with what its source stands on. It is on its disk and was compared before
anybody hears that it is there; until then the source alone counts.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.moves import TransferParams
from hostagent.protocol.storage import VolumeInfo
from hostagent.storage import qemu_img
from hostagent.storage.driver import Driver, Progress
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import free_bytes, no_space

SMALLEST_FREE_BYTES = 16 * 1024**2


class Transfers:
    """Copies volumes; an attempt that is still at work when it is repeated is waited for."""

    def __init__(self) -> None:
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def transfer(self, params: TransferParams, context: CallContext) -> VolumeInfo:
        """Have the same volume in another place; raises CommandFailed.

        QEMU's locks keep this from a file that a machine writes to; where a storage has none, it
        is asked who has the volume open.
        """
        async with self._turns[params.source.volume_id]:
            return await _transfer(params, context.progress)


async def _transfer(params: TransferParams, report: Progress) -> VolumeInfo:
    source, target = driver_for(params.source.storage), driver_for(params.target.storage)
    refuse_same_place(source, target, params)
    await source.source_of(params.source)  # all that it stands on is there
    await source.await_closed(params.source)
    await make_anew(target, params)
    read, written = source.qemu_words(params.source), target.qemu_words(params.target)
    (_, read_format, read_name), (_, written_format, written_name) = read, written
    # "writeback": what was written is really on the disk when this ends. The default is not.
    convert = ["convert", "-p", "-n", "-t", "writeback", "-f", read_format, "-O", written_format]
    await _run([*convert, read_name, written_name], params, target, lambda p: _tell(report, p))
    compare = ["compare", "-p", "-f", read_format, "-F", written_format]
    await _run(
        [*compare, read_name, written_name], params, target, lambda p: _tell(report, 100 + p)
    )
    return await target.info(params.target)


async def make_anew(target: Driver, params: TransferParams) -> VolumeInfo:
    """Have an empty volume in the new place, whatever an attempt before has left there."""
    await target.delete(params.target)
    return await target.create_empty(params.target, params.size_bytes)


def refuse_same_place(source: Driver, target: Driver, params: TransferParams) -> None:
    """Raises CommandFailed if what is made anew would be what is to be copied."""
    here, there = source.path_of(params.source), target.path_of(params.target)
    is_same = params.source.storage.storage_id == params.target.storage.storage_id
    if source.capabilities.has_files and target.capabilities.has_files:
        folders = Path(here).parent, Path(there).parent
        is_same |= all(one.exists() for one in folders) and folders[0].samefile(folders[1])
    if is_same or here == there:
        raise CommandFailed("agent.bad_parameters", f"{there} lies where {here} is")


async def _run(
    arguments: list[str],
    params: TransferParams,
    target: Driver,
    on_percent: Callable[[float], None],
) -> None:
    """Run qemu-img; a full disk is told with the numbers, anything else in its own words."""
    try:
        await qemu_img.run(arguments, timeout_s=qemu_img.CONVERT_TIMEOUT_S, on_percent=on_percent)
    except qemu_img.QemuImgFailed as error:
        if target.capabilities.has_files:
            folder = Path(target.path_of(params.target)).parent
            if "No space left" in str(error) or free_bytes(folder) < SMALLEST_FREE_BYTES:
                raise no_space(folder, params.size_bytes) from error
        raise qemu_img.failed(error) from error


def _tell(report: Progress, percent: float) -> None:
    """Comparing is the second half."""
    report(round(percent), 200, "percent")
