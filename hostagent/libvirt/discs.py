"""The discs in machines' CD drives: at their start, and put in and taken out while they run.

The drives are always there, as none can be plugged in; what changes is the disc.
"""

from __future__ import annotations

import asyncio
from typing import Any

import libvirt

from hostagent.libvirt.domains import Domains
from hostagent.libvirt.drives import (
    NAMES,
    SEED_NUMBER,
    Drive,
    FoundDrive,
    drive_in,
    drive_xml,
)
from hostagent.protocol.domain import CdSpec, DiscParams, DomainReport, DomainSpec, VmRef
from hostagent.protocol.link import CommandFailed
from hostagent.storage.driver import DiskSource
from hostagent.storage.drivers import driver_for
from hostagent.storage.seed import write_seed

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
FORCE = libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE


async def drives_of(spec: DomainSpec) -> list[Drive]:
    """The drives that a machine starts with; its seed is made now. Raises CommandFailed."""
    drives = [Drive(cd.slot, cd.bus, await _disc_of(cd)) for cd in spec.cds]
    if spec.seed is not None:
        path = await asyncio.to_thread(write_seed, spec.vm_id, spec.seed)
        seed = DiskSource(str(path), cache="", format="raw")
        drives.append(Drive(SEED_NUMBER, "scsi", seed))
    return drives


class Discs:
    """Changes discs. Each verb may be repeated."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains

    async def set(self, params: DiscParams) -> DomainReport:
        """Have this disc in the drive, or none; does nothing if the machine is off.

        A guest may lock its drive while it reads the disc: that is respected unless by `force`.
        Raises CommandFailed.
        """
        disc = await _disc_of(params.cd)

        def change(domain: Any) -> None:
            drive = drive_in(domain.XMLDesc(), NAMES[params.cd.slot])
            if drive is None:
                raise CommandFailed("domain.no_drive", "the machine has no such CD drive")
            if drive.path == (disc.path if disc is not None else ""):
                return
            _change(domain, drive, disc, is_forced=params.force)

        await self._domains.on_active(params.vm_id, change)
        return await self._domains.get(VmRef(vm_id=params.vm_id))


def _change(domain: Any, drive: FoundDrive, disc: DiskSource | None, *, is_forced: bool) -> None:
    wanted = Drive(drive.number, drive.bus, disc)
    try:
        domain.updateDeviceFlags(drive_xml(wanted), LIVE | (FORCE if is_forced else 0))
    except libvirt.libvirtError as error:
        if drive.path and not is_forced:
            raise CommandFailed("domain.tray_locked", str(error)) from error
        raise


async def _disc_of(cd: CdSpec) -> DiskSource | None:
    """The disc of a drive, None for none; raises CommandFailed if it is missing."""
    return await driver_for(cd.storage).disc_of(cd.image_id) if cd.image_id else None
