"""Making, merging and dropping the files of volumes that no machine has open.

Nothing is ever written to a file on which more than one other stands. QEMU's locks keep all of
this from files that a machine writes to.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.snapshots import CopyParams, Frozen, MergeParams
from hostagent.protocol.storage import VolumeInfo, VolumeRef
from hostagent.storage import qemu_img
from hostagent.storage.driver import Progress
from hostagent.storage.guard import guarded
from hostagent.storage.nodes import (
    backing_of,
    chain_of,
    damaged,
    header_of,
    standing_on,
    used_bytes,
)
from hostagent.storage.paths import (
    free_bytes,
    make_folder,
    no_space,
    node_path,
    remove,
    volume_path,
)
from hostagent.storage.transfer import name_new

CREATE_TIMEOUT_S = 60.0
RELINK_TIMEOUT_S = 60.0
SMALLEST_FREE_BYTES = 16 * 1024**2

T = TypeVar("T")


async def make_overlay(volume: VolumeRef, node: str, on: str) -> None:
    """Make an empty node that shows what the node `on` has, unless it is there.

    The chain below it is looked at before: nothing new is built on what is damaged. Raises
    CommandFailed.
    """
    path, below = node_path(volume, node), node_path(volume, on)
    temporary = _beside(path)
    size_bytes = await on_files(volume, lambda: _size_for_overlay(path, below))
    if size_bytes is None:
        return
    # Its size is given and the file below not opened: a machine may have that one.
    arguments = ["create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", str(below)]
    arguments += [str(temporary), str(size_bytes)]
    try:
        await _run(arguments, path.parent, timeout_s=CREATE_TIMEOUT_S)
        await on_files(volume, lambda: name_new(temporary, path))
    finally:
        await on_files(volume, lambda: temporary.unlink(missing_ok=True))


async def on_files(volume: VolumeRef, look: Callable[[], T]) -> T:
    """Look at a volume's files, or change their names. The storage may hang, the agent must not."""
    return await guarded(volume.storage.path, look)


def frozen(volume: VolumeRef, node: str) -> Frozen:
    """What a node of a volume shows, and what it takes; raises CommandFailed."""
    path = node_path(volume, node)
    size_bytes = header_of(path).size_bytes
    return Frozen(volume_id=volume.volume_id, size_bytes=size_bytes, used_bytes=used_bytes(path))


def _size_for_overlay(path: Path, below: Path) -> int | None:
    """How large a node on `below` is to be, None if it is there; there is room for it."""
    chain_of(below)
    if path.exists():
        _must_stand_on(path, below)
        return None
    if free_bytes(path.parent) < SMALLEST_FREE_BYTES:
        raise no_space(path.parent, SMALLEST_FREE_BYTES)
    return header_of(below).size_bytes


def refuse_wrong_merge(params: MergeParams) -> None:
    """Raises CommandFailed unless the files stand on each other as a merge needs it.

    Anything else that stands on `lower` would be changed by it, anything else on `upper` lost.
    """
    lower, upper = (node_path(params.volume, node) for node in (params.lower, params.upper))
    above = {node_path(params.volume, node) for node in params.above}
    chain_of(upper)
    _must_stand_on(upper, lower)
    on_lower = standing_on(params.volume, lower)
    on_upper = standing_on(params.volume, upper)
    # Those that stand on `lower` already were linked to it by an attempt that was interrupted.
    for path in (on_lower - {upper} - above) | (on_upper - above):
        raise damaged(path, "nobody knows that it stands here", None)
    for path in above - on_lower - on_upper:
        raise damaged(path, f"it does not stand on {upper}", None)


def is_merged(params: MergeParams) -> bool:
    """Whether `upper` is gone because it was merged before; raises CommandFailed if it is gone
    and that was not why.
    """
    lower, upper = (node_path(params.volume, node) for node in (params.lower, params.upper))
    if upper.exists():
        return False
    chain_of(lower)
    for node in params.above:
        _must_stand_on(node_path(params.volume, node), lower)
    return True


async def commit(params: MergeParams, report: Progress) -> None:
    """Write into `lower` what `upper` has, which stays as it is; raises CommandFailed."""
    lower, upper = (str(node_path(params.volume, node)) for node in (params.lower, params.upper))
    arguments = ["commit", "-p", "-d", "-f", "qcow2", "-b", lower, upper]
    await _run(
        arguments,
        Path(lower).parent,
        timeout_s=qemu_img.CONVERT_TIMEOUT_S,
        report=report,
        needed_bytes=await on_files(params.volume, lambda: used_bytes(Path(upper))),
    )


async def take_place(params: MergeParams) -> None:
    """Have all that stood on `upper` stand on `lower`, and delete `upper`."""
    lower, upper = (node_path(params.volume, node) for node in (params.lower, params.upper))
    for node in params.above:
        path = node_path(params.volume, node)
        if await on_files(params.volume, partial(backing_of, path)) != lower:
            await _relink(path, lower)
    left = await on_files(params.volume, lambda: standing_on(params.volume, upper))
    for path in left:
        raise damaged(path, f"it still stands on {upper}", None)
    await on_files(params.volume, lambda: remove(upper))


async def drop(volume: VolumeRef, node: str) -> None:
    """Delete a node, unless it is gone; raises CommandFailed if others stand on it, or if a machine
    writes to it, on whatever host.
    """
    path = node_path(volume, node)
    if not await on_files(volume, lambda: _may_drop(volume, path)):
        return
    await refuse_written(path)
    await on_files(volume, lambda: remove(path))


async def refuse_written(path: Path) -> None:
    """Raises CommandFailed if a machine writes to a file, on whatever host."""
    try:
        # Without `in_use`, QEMU's locks refuse a file that something writes to.
        await qemu_img.info(str(path), expected_format="qcow2")
    except qemu_img.QemuImgFailed as error:
        if "lock" in str(error):
            raise CommandFailed("volume.in_use", str(error), path=str(path), vm="") from error
        raise qemu_img.failed(error) from error


def _may_drop(volume: VolumeRef, path: Path) -> bool:
    """Whether there is a file to be deleted; raises CommandFailed if it is needed."""
    if volume_path(volume) == path:
        raise CommandFailed("agent.bad_parameters", f"{path} is what is written to")
    if not path.exists():
        return False
    for other in standing_on(volume, path):
        raise damaged(other, f"it stands on {path}, which was to be deleted", None)
    return True


async def copy(params: CopyParams, report: Progress) -> VolumeInfo:
    """Make a volume of its own of a frozen node, unless it is there; raises CommandFailed."""
    volume = params.target
    source, target = node_path(params.source, params.source.head), volume_path(volume)
    temporary = _beside(target)
    needed_bytes = await on_files(volume, lambda: _room_for_copy(source, target))
    if needed_bytes is not None:
        try:
            await _convert(params, source, temporary, needed_bytes, report)
            await on_files(volume, lambda: name_new(temporary, target))
        finally:
            await on_files(volume, lambda: temporary.unlink(missing_ok=True))
    made = await on_files(volume, lambda: frozen(volume, volume.head))
    return VolumeInfo(path=str(target), size_bytes=made.size_bytes, used_bytes=made.used_bytes)


def _room_for_copy(source: Path, target: Path) -> int | None:
    """The bytes that a copy takes at most, None if it is there."""
    if target.exists():
        return None
    needed_bytes = sum(used_bytes(path) for path in chain_of(source))
    make_folder(target.parent)
    if free_bytes(target.parent) < SMALLEST_FREE_BYTES:
        raise no_space(target.parent, needed_bytes)
    return needed_bytes


async def _convert(
    params: CopyParams, source: Path, temporary: Path, needed_bytes: int, report: Progress
) -> None:
    where = temporary.parent
    # "writeback": what was written is really on the disk when this ends. The default is not.
    arguments = ["convert", "-p", "-t", "writeback", "-f", "qcow2", "-O", "qcow2"]
    arguments += [str(source), str(temporary)]
    timeout_s = qemu_img.CONVERT_TIMEOUT_S
    await _run(arguments, where, timeout_s=timeout_s, report=report, needed_bytes=needed_bytes)
    made = await on_files(params.target, lambda: header_of(temporary))
    if made.size_bytes < params.size_bytes:
        arguments = ["resize", "-q", "-f", "qcow2", str(temporary), str(params.size_bytes)]
        await _run(arguments, where, timeout_s=CREATE_TIMEOUT_S)


def _beside(path: Path) -> Path:
    """Where a file is made: under a name of its own, so that an attempt that hangs and comes back
    late has neither the half nor the whole file of another one.
    """
    return path.with_name(f"{path.stem}.{uuid.uuid4().hex}.new")


async def _relink(path: Path, lower: Path) -> None:
    """Only the name in the header changes: both files show the same content."""
    arguments = ["rebase", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", str(lower), str(path)]
    await _run(arguments, path.parent, timeout_s=RELINK_TIMEOUT_S)


def _must_stand_on(path: Path, below: Path) -> None:
    found = backing_of(path)
    if found != below:
        raise damaged(path, f"it stands on {found or 'nothing'}, not on {below}", None)


async def _run(
    arguments: list[str],
    folder: Path,
    *,
    timeout_s: float,
    report: Progress | None = None,
    needed_bytes: int = SMALLEST_FREE_BYTES,
) -> None:
    """Run qemu-img; a full disk is told with the numbers, anything else in its own words."""
    try:
        await qemu_img.run(
            arguments,
            timeout_s=timeout_s,
            on_percent=(lambda share: report(int(share), 100, "percent")) if report else None,
        )
    except qemu_img.QemuImgFailed as error:
        if "No space left" in str(error):
            raise no_space(folder, needed_bytes) from error
        raise qemu_img.failed(error) from error
