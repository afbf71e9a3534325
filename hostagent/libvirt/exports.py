"""Images made out of disks that machines have open: as they are at one instant.

QEMU copies a disk while the guest goes on with it (libvirt's backup in push mode): what the guest
writes over is copied before, so the copy is of the moment when it began. Nothing is added to the
machine's disk for that, and the copying belongs to the machine's own QEMU: if the agent dies,
there is nothing to clean up but a copy that is not finished.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

from hostagent.images import export, finish
from hostagent.libvirt.domains import LOOK_EVERY_S, Domains
from hostagent.libvirt.guestagent import GuestAgents
from hostagent.libvirt.xml import disks_of
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import ExportDiskParams, ExportVolumeParams, ImageInfo
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import no_space, remove

Progress = Callable[[int, int, str], None]

ENDS_WITHIN_S = 30.0


class Exports:
    """Makes images of disks of machines on this host."""

    def __init__(self, domains: Domains, guests: GuestAgents) -> None:
        self._domains = domains
        self._guests = guests

    async def export_disk(self, params: ExportDiskParams, context: CallContext) -> ImageInfo:
        """Make an image of a disk, whether its machine runs or not; raises CommandFailed.

        Answers with what was made before.
        """
        if (before := await asyncio.to_thread(finish.made_before, params.place)) is not None:
            return before
        path = driver_for(params.volume.storage).path_of(params.volume)
        ready = export.ready_path(params.place)
        try:
            await self._end(params.vm_id)  # one that an agent before us began
            if not await self._begin(params.vm_id, path, ready):
                plain = ExportVolumeParams(volume=params.volume, place=params.place)
                return await export.export_volume(plain, context)
            await self._until_done(params.vm_id, ready, context.progress)
            return await export.settle(ready, params.place)
        finally:
            await asyncio.shield(self._end(params.vm_id))
            remove(ready)

    async def _begin(self, vm_id: str, path: str, target: Path) -> bool:
        """Begin to copy; False if the machine does not have the disk open."""

        def begin(domain: Any) -> bool:
            disks = disks_of(domain.XMLDesc())
            if path not in disks:
                return False
            domain.backupBegin(_backup_xml(disks, path, target), None, 0)
            return True

        async with self._guests.still(vm_id):
            return bool(await self._domains.on_active(vm_id, begin))

    async def _until_done(self, vm_id: str, target: Path, progress: Progress) -> None:
        """Wait for the copy; raises CommandFailed if it comes to nothing."""
        while True:
            stats = await self._domains.on_active(vm_id, lambda domain: domain.jobStats())
            if stats is None:
                raise CommandFailed("image.export_broken", "the machine stopped meanwhile")
            if stats.get("type", libvirt.VIR_DOMAIN_JOB_NONE) == libvirt.VIR_DOMAIN_JOB_NONE:
                break
            progress(stats.get("disk_processed", 0), stats.get("disk_total", 0), "bytes")
            await asyncio.sleep(LOOK_EVERY_S)
        ended = await self._domains.on_active(vm_id, _how_it_ended)
        if ended is None or ended.get("type") != libvirt.VIR_DOMAIN_JOB_COMPLETED:
            reason = str((ended or {}).get("errmsg", "the copy was ended"))
            if "space" in reason.lower():
                raise no_space(target.parent, int((ended or {}).get("disk_total", 0)))
            raise CommandFailed("image.export_broken", reason)

    async def _end(self, vm_id: str) -> None:
        """No copy of a disk of the machine is under way after this."""
        for _ in range(int(ENDS_WITHIN_S / LOOK_EVERY_S)):
            if not await self._domains.on_active(vm_id, _abort):
                return
            await asyncio.sleep(LOOK_EVERY_S)
        raise CommandFailed("image.export_broken", "the copy of a disk does not end")


def _abort(domain: Any) -> bool:
    """Ask for the end of a copy; False if there is none."""
    stats = domain.jobStats()
    if stats.get("operation") != libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP:
        return False
    if stats.get("type", libvirt.VIR_DOMAIN_JOB_NONE) == libvirt.VIR_DOMAIN_JOB_NONE:
        return False
    with contextlib.suppress(libvirt.libvirtError):  # it has just ended
        domain.abortJob()
    return True


def _how_it_ended(domain: Any) -> dict[str, Any]:
    return domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)


def _backup_xml(disks: dict[str, str], path: str, target: Path) -> str:
    """Of all disks this one, whole, as qcow2 (libvirt's formatbackup.html)."""
    parts = [
        E.disk(
            E.target(file=str(target)),
            E.driver(type="qcow2"),
            name=name,
            backup="yes",
            type="file",
        )
        if source == path
        else E.disk(name=name, backup="no")
        for source, name in disks.items()
    ]
    return etree.tostring(E.domainbackup(E.disks(*parts), mode="push"), encoding="unicode")
