"""Snapshots of volumes, of running machines as well; each verb may be repeated.

Which of a volume's files is the newest is never guessed (see `VolumeRef.fallback`): a new head is
there, whole, before a machine may write to it, and a head that was merged is gone before its
machine goes on with the file below.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hostagent.libvirt import blockjobs as jobs
from hostagent.libvirt.domains import Domains
from hostagent.libvirt.guestagent import GuestAgents
from hostagent.protocol import snapshots as s
from hostagent.protocol.commands import Nothing
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import VolumeInfo, VolumeRef
from hostagent.storage import layers, nodes
from hostagent.storage.driver import Progress
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import free_bytes, no_space, node_path, remove

LOOK_EVERY_S = 0.2


class Snapshots:
    """Takes, reverts to, merges and drops snapshots on storages that keep volumes in files."""

    def __init__(self, domains: Domains, guests: GuestAgents) -> None:
        self._domains = domains
        self._guests = guests
        # An attempt whose link broke may still be at work when it is repeated.
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def take(self, params: s.TakeParams) -> s.TakeResult:
        """Freeze the heads of volumes at one instant; machines go on with new ones."""
        for volume in params.volumes:
            await _see(volume)
            await layers.make_overlay(volume, volume.head, volume.fallback or "")
        is_quiesced = await self._switch(params)
        taken = [
            await layers.on_files(volume, partial(layers.frozen, volume, volume.fallback or ""))
            for volume in params.volumes
        ]
        return s.TakeResult(frozen=taken, is_quiesced=is_quiesced)

    async def _switch(self, params: s.TakeParams) -> bool:
        """Let a machine that runs go on with the new heads; returns whether its guest stood
        still meanwhile.
        """

        def switch(domain: Any) -> None:
            if heads := _old_heads(params, domain):
                jobs.switch(domain, heads)

        asks_guest = params.quiesce and not params.is_paused
        if asks_guest and await self._on_machine(params.vm_id, partial(_old_heads, params)):
            async with self._guests.still(params.vm_id) as frozen:
                await self._on_machine(params.vm_id, switch)
            return frozen > 0
        await self._on_machine(params.vm_id, switch)
        return False

    async def take_back(self, params: s.TakeParams) -> Nothing:
        """Go on with the old heads, which get what was written meanwhile."""
        for volume in params.volumes:
            await _see(volume)
            if not await layers.on_files(volume, node_path(volume, volume.head).exists):
                continue
            back = s.MergeParams(
                volume=volume,
                lower=volume.fallback or "",
                upper=volume.head,
                above=[],
                vm_id=params.vm_id,
                is_paused=params.is_paused,
            )
            await self._merge(back, _silent)
        return Nothing()

    async def revert(self, params: s.RevertParams) -> VolumeInfo:
        """Make an empty head on a frozen node."""
        await _see(params.volume)
        await self._refuse_open(params.volume)
        if driver_for(params.volume.storage).capabilities.is_shared:
            for path in await layers.on_files(params.volume, lambda: nodes.files_of(params.volume)):
                await layers.refuse_written(path)
        await layers.make_overlay(params.volume, params.volume.head, params.node)
        return await driver_for(params.volume.storage).info(params.volume)

    async def drop(self, params: s.DropParams) -> Nothing:
        """Delete a node on which none stands."""
        await _see(params.volume)
        await self._refuse_open(params.volume, params.node)
        await layers.drop(params.volume, params.node)
        return Nothing()

    async def merge(self, params: s.MergeParams, context: CallContext) -> s.MergeResult:
        """Let the node `lower` have what `upper` has, and take its place."""
        await _see(params.volume)
        return await self._merge(params, context.progress)

    async def settle(self, params: s.SettleParams) -> s.SettleResult:
        """Stop merging, and say what has come of it: which nodes are left."""
        volume = params.volume
        await _see(volume)
        async with self._turns[volume.volume_id]:
            await self._on_machine(params.vm_id, partial(_stop_merging, params))
        left = await layers.on_files(volume, lambda: nodes.nodes_of(volume))
        return s.SettleResult(nodes=left)

    async def copy(self, params: s.CopyParams, context: CallContext) -> VolumeInfo:
        """Make a volume of its own of a frozen node."""
        await _see(params.source)
        async with self._turns[params.target.volume_id]:
            return await layers.copy(params, context.progress)

    async def chain(self, params: s.ChainParams) -> s.ChainReport:
        """Compare a volume's files with what they should be."""
        await _see(params.volume)
        return await layers.on_files(params.volume, lambda: nodes.check(params))

    async def _merge(self, params: s.MergeParams, report: Progress) -> s.MergeResult:
        volume = params.volume
        async with self._turns[volume.volume_id]:
            if not await self._is_merged(params):
                if await self._machine(params, partial(_has_open, params)):
                    await self._merge_open(params, report)
                else:
                    await self._merge_closed(params, report)
                await layers.take_place(params)
            if not params.is_paused:
                await self._machine(params, jobs.go_on)
        lower = node_path(volume, params.lower)
        return s.MergeResult(
            used_bytes=await layers.on_files(volume, lambda: nodes.used_bytes(lower))
        )

    async def _is_merged(self, params: s.MergeParams) -> bool:
        return await layers.on_files(params.volume, lambda: layers.is_merged(params))

    async def _merge_closed(self, params: s.MergeParams, report: Progress) -> None:
        await layers.on_files(params.volume, lambda: layers.refuse_wrong_merge(params))
        await layers.commit(params, report)

    async def _merge_open(self, params: s.MergeParams, report: Progress) -> None:
        """Let QEMU merge, or find it at work, and wait until it is done.

        If the machine stops meanwhile, it is carried on without it.
        """
        await self._machine(params, partial(_begin, params))
        while (progress := await self._machine(params, partial(_look, params))) != jobs.DONE:
            if progress is None:
                if not await self._is_merged(params):
                    await self._merge_closed(params, report)
                return
            done, total = progress
            report(done, total, "bytes")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _machine(self, params: s.MergeParams, closure: Callable[[Any], Any]) -> Any:
        return await self._on_machine(params.vm_id, closure)

    async def _refuse_open(self, volume: VolumeRef, node: str | None = None) -> None:
        """Raises CommandFailed if a machine of this host has the volume open, or this file."""
        files = [node_path(volume, node)] if node is not None else []
        if node is None:
            files = await layers.on_files(volume, lambda: nodes.files_of(volume))
        wanted = {str(path) for path in files}
        for vm, open_files in await self._domains.open_files():
            for path in sorted(wanted & open_files):
                raise CommandFailed("volume.in_use", f"{path} is open in {vm}", path=path, vm=vm)

    async def _on_machine(self, vm_id: str, closure: Callable[[Any], Any]) -> Any:
        """Run `closure(virDomain)` if the volume has a machine and that runs, else None."""
        return await self._domains.on_active(vm_id, closure) if vm_id else None


def _old_heads(params: s.TakeParams, domain: Any) -> dict[str, str]:
    """Disks that a machine still writes to their old heads of, with the new one of each."""
    heads: dict[str, str] = {}
    xml = domain.XMLDesc()
    for volume in params.volumes:
        old, new = (node_path(volume, node) for node in (volume.fallback or "", volume.head))
        disk = jobs.disk_of(xml, str(old))
        if disk is not None:
            heads[disk] = str(new)
    return heads


def _disk_of(domain: Any, params: s.MergeParams) -> str | None:
    """libvirt's name of the disk that has the files in its chain."""
    paths = {str(node_path(params.volume, node)) for node in (params.lower, params.upper)}
    for name, chain in jobs.chains_of(domain.XMLDesc()).items():
        if paths & set(chain):
            return name
    return None


def _has_open(params: s.MergeParams, domain: Any) -> bool:
    return _disk_of(domain, params) is not None


def _begin(params: s.MergeParams, domain: Any) -> None:
    """Start the job of QEMU, unless it is at work or done."""
    lower, upper = (node_path(params.volume, node) for node in (params.lower, params.upper))
    disk = _disk_of(domain, params)
    if disk is None or str(upper) not in jobs.chains_of(domain.XMLDesc())[disk]:
        return
    if jobs.progress_of(domain, disk) is None:
        layers.refuse_wrong_merge(params)
        flags = jobs.ACTIVE if upper == node_path(params.volume, params.volume.head) else 0
        domain.blockCommit(disk, str(lower), str(upper), 0, flags)


def _look(params: s.MergeParams, domain: Any) -> tuple[int, int]:
    """How far QEMU is; brings the job to its end when it is ready. Raises CommandFailed."""
    upper = node_path(params.volume, params.upper)
    disk = _disk_of(domain, params)
    if disk is None:
        return jobs.DONE
    progress = jobs.progress_of(domain, disk)
    chain = jobs.chains_of(domain.XMLDesc())[disk]
    if str(upper) not in chain:
        return jobs.DONE
    if progress is None:
        raise _not_merged(upper)
    if chain[0] == str(upper) and jobs.is_ready(domain, disk):
        jobs.pivot(domain, disk, lambda: remove(upper), stay_paused=params.is_paused)
        return jobs.DONE
    return progress


def _stop_merging(params: s.SettleParams, domain: Any) -> None:
    """Call a job of QEMU on the volume off; what it has merged already does no harm."""
    volume = params.volume
    head = node_path(volume, volume.head)
    below = node_path(volume, volume.head if volume.fallback is None else volume.fallback)
    disk = jobs.disk_of(domain.XMLDesc(), str(head), str(below))
    if disk is None:
        return
    if jobs.progress_of(domain, disk) is not None:
        domain.blockJobAbort(disk, 0)
    if head != below and jobs.chains_of(domain.XMLDesc())[disk][0] == str(below):
        remove(head)  # the CPUs have stood still since the machine went on with the file below
    if not params.is_paused:
        jobs.go_on(domain)


def _not_merged(upper: Path) -> CommandFailed:
    if free_bytes(upper.parent) < layers.SMALLEST_FREE_BYTES:
        return no_space(upper.parent, nodes.used_bytes(upper))
    return CommandFailed("domain.failed", f"QEMU could not merge {upper}")


async def _see(volume: VolumeRef) -> None:
    """Raises CommandFailed unless the files of the volume are seen now: in a directory that is not
    mounted there are none, which would be taken for the work of a merge.
    """
    driver = driver_for(volume.storage)
    if not driver.capabilities.has_files:
        raise CommandFailed("agent.bad_parameters", "this storage keeps no files")
    await driver.see_anew()


def _silent(done: int, total: int, unit: str) -> None:
    """Nobody waits for the progress of an undo."""
