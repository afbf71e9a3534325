"""Disks of running machines that move to another storage, under the guest's eyes.

QEMU copies the disk while the guest goes on, and from some instant on keeps both copies equal. In
that state its CPUs stand still for a moment: the machine goes on with the new copy, and the old one
gets a name by which nobody opens it. So the rule by which one knows which copy is the newest,
whatever died on the way: *the old one as long as it is there under its name, else the new one*.

- The machine goes on with the new copy, and the old one has its name still: both hold the same, as
  the CPUs stand still until it has lost it.
- The old copy has lost its name: the new one was whole and on its disk before.

If the old storage does not answer just then, the machine stands still until it does: `holds` keeps
everything else from letting it go on.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import libvirt

from hostagent.libvirt import blockjobs as jobs
from hostagent.libvirt import holds
from hostagent.libvirt.domains import Domains
from hostagent.libvirt.xml import disk_xml
from hostagent.protocol.domain import DiskSpec
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.moves import MirrorParams, MoveSide, SettledMove
from hostagent.protocol.storage import VolumeInfo
from hostagent.storage.driver import Driver
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import free_bytes, no_space
from hostagent.storage.transferring import make_anew, refuse_same_place

LOOK_EVERY_S = 0.2
SMALLEST_FREE_BYTES = 16 * 1024**2
FAILED = "move.copy_failed"
# The target was made before, and what the machine is defined as is forgotten when it stops.
COPY_FLAGS = libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT | libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB


@dataclass(frozen=True)
class _Ends:
    """The two places of a disk, by what machines know it by."""

    old: str
    new: str


@dataclass(frozen=True)
class _Seen:
    """How a machine has the disk: it writes to `side`, and a job of QEMU is so far."""

    side: MoveSide
    is_ready: bool = False
    progress: tuple[int, int] | None = None


class Mirrors:
    """Moves disks that machines have open. Each verb may be repeated."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        # An attempt whose link broke may still be at work when it is repeated.
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def mirror(self, params: MirrorParams, context: CallContext) -> VolumeInfo:
        """Let the machine go on with its disk in the new place; raises CommandFailed if it did
        not. Where the disk is then, `settle` says.
        """
        source, target = driver_for(params.source.storage), driver_for(params.target.storage)
        refuse_same_place(source, target, params)
        ends = _ends(params)
        async with self._turns[params.source.volume_id]:
            await self._begin(params, ends, target)
            while (seen := await self._look(params, ends)).side != MoveSide.TARGET:
                if seen.progress is None:
                    raise _not_copied(target, params)
                context.progress(*seen.progress, "bytes")
                if seen.is_ready:
                    await self._machine(params, partial(_pivot, params, ends))
                else:
                    await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.shield(self._finish(params, source))
            return await target.info(params.target)

    async def settle(self, params: MirrorParams, _: CallContext) -> SettledMove:
        """Stop copying, and say which place has the newest copy, which is whole."""
        ends, source = _ends(params), driver_for(params.source.storage)
        async with self._turns[params.source.volume_id]:
            side = await self._domains.look(params.vm_id, partial(_stop, params, ends), FAILED)
            if side == MoveSide.TARGET:
                await asyncio.shield(self._finish(params, source))
            elif side is None:  # no machine has it: what is there tells
                holds.let_go(params.vm_id, params.source.volume_id)
                is_retired = await source.is_retired(params.source)
                side = MoveSide.TARGET if is_retired else MoveSide.SOURCE
        return SettledMove(side=side)

    async def _begin(self, params: MirrorParams, ends: _Ends, target: Driver) -> None:
        """Start the job of QEMU, unless it is at work or the disk has moved."""
        seen = await self._look(params, ends)
        if seen.side == MoveSide.TARGET or seen.progress is not None:
            return
        await make_anew(target, params)
        place = await target.source_of(params.target)
        xml = disk_xml(DiskSpec(volume=params.target, position=0), place)
        await self._machine(params, partial(_copy, ends, xml))

    async def _finish(self, params: MirrorParams, source: Driver) -> None:
        """The machine has the new copy: take the old one's name, then let the CPUs go on."""
        await source.retire(params.source)
        holds.let_go(params.vm_id, params.source.volume_id)
        if not params.is_paused:
            await self._domains.on_active(params.vm_id, jobs.go_on)

    async def _look(self, params: MirrorParams, ends: _Ends) -> _Seen:
        return await self._machine(params, partial(_seen, ends))

    async def _machine(self, params: MirrorParams, closure: Any) -> Any:
        return await self._domains.on_active(params.vm_id, closure, must_run=True)


def _ends(params: MirrorParams) -> _Ends:
    source, target = driver_for(params.source.storage), driver_for(params.target.storage)
    return _Ends(source.path_of(params.source), target.path_of(params.target))


def _seen(ends: _Ends, domain: Any) -> _Seen:
    """How the machine has the disk; raises CommandFailed if it does not."""
    xml = domain.XMLDesc()
    if jobs.disk_of(xml, ends.new) is not None:
        return _Seen(MoveSide.TARGET)
    disk = jobs.disk_of(xml, ends.old)
    if disk is None:
        raise CommandFailed(FAILED, f"the machine does not have {ends.old} open")
    progress = jobs.progress_of(domain, disk)
    return _Seen(MoveSide.SOURCE, progress is not None and jobs.is_ready(domain, disk), progress)


def _copy(ends: _Ends, xml: str, domain: Any) -> None:
    disk = jobs.disk_of(domain.XMLDesc(), ends.old)
    if disk is not None:
        domain.blockCopy(disk, xml, {}, COPY_FLAGS)


def _pivot(params: MirrorParams, ends: _Ends, domain: Any) -> None:
    """Let the machine go on with the new copy. Its CPUs stand still then, until the old one has
    lost its name, whatever else is done with the machine; if it did not come to that, they go on.
    """
    disk = jobs.disk_of(domain.XMLDesc(), ends.old)
    if disk is None:
        return
    holds.hold(params.vm_id, params.source.volume_id)
    jobs.pause(domain)
    try:
        if domain.state()[0] != libvirt.VIR_DOMAIN_PAUSED:  # it sleeps, and may wake up by itself
            raise CommandFailed(FAILED, "the machine does not stand still")
        _await_ready(domain, disk)
        domain.blockJobAbort(disk, jobs.PIVOT)
    finally:
        if jobs.disk_of(domain.XMLDesc(), ends.new) is None:
            _let_go_on(params, domain)


def _await_ready(domain: Any, disk: str) -> None:
    """Wait for the last that the guest wrote; returns at once in most cases."""
    deadline = time.monotonic() + jobs.READY_WITHIN_S
    while not jobs.is_ready(domain, disk) and time.monotonic() < deadline:
        time.sleep(jobs.LOOK_EVERY_S)


def _stop(params: MirrorParams, ends: _Ends, _: Any, domain: Any | None) -> MoveSide | None:
    """Call the job of QEMU off if the disk is in the old place; None if no machine has it open."""
    if domain is None or not domain.isActive():
        return None
    xml = domain.XMLDesc()
    if jobs.disk_of(xml, ends.new) is not None:
        return MoveSide.TARGET
    disk = jobs.disk_of(xml, ends.old)
    if disk is None:
        return None
    if jobs.progress_of(domain, disk) is not None:
        domain.blockJobAbort(disk, 0)
    _let_go_on(params, domain)
    return MoveSide.SOURCE


def _let_go_on(params: MirrorParams, domain: Any) -> None:
    """The machine has stayed with the old copy."""
    holds.let_go(params.vm_id, params.source.volume_id)
    if not params.is_paused:
        jobs.go_on(domain)


def _not_copied(target: Driver, params: MirrorParams) -> CommandFailed:
    if target.capabilities.has_files:
        folder = Path(target.path_of(params.target)).parent
        if free_bytes(folder) < SMALLEST_FREE_BYTES:
            return no_space(folder, params.size_bytes)
    return CommandFailed(FAILED, "QEMU gave the copy up")
