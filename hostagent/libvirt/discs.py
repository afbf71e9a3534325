"""The discs in machines' CD drives: at their start, and put in and taken out while they run.

The drives are always there, as none can be plugged in; what changes is the disc.
"""

from __future__ import annotations

from typing import Any

import libvirt

from hostagent.libvirt.domains import Domains
from hostagent.libvirt.drives import NAMES, SEED_NUMBER, Drive, drive_in, drive_xml
from hostagent.protocol.domain import CdSpec, DiscParams, DomainReport, DomainSpec, VmRef
from hostagent.protocol.link import CommandFailed
from hostagent.storage.paths import cache_path
from hostagent.storage.seed import write_seed

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
FORCE = libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE


def drives_of(spec: DomainSpec) -> list[Drive]:
    """The drives that a machine starts with; its seed is made now. Raises CommandFailed."""
    drives = [Drive(cd.slot, cd.bus, _path_of(cd)) for cd in spec.cds]
    if spec.seed is not None:
        drives.append(Drive(SEED_NUMBER, "scsi", str(write_seed(spec.vm_id, spec.seed))))
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
        path = _path_of(params.cd)

        def change(domain: Any) -> None:
            drive = drive_in(domain.XMLDesc(), NAMES[params.cd.slot])
            if drive is None:
                raise CommandFailed("domain.no_drive", "the machine has no such CD drive")
            if drive.path == path:
                return
            _change(domain, drive, path, is_forced=params.force)

        await self._domains.on_active(params.vm_id, change)
        return await self._domains.get(VmRef(vm_id=params.vm_id))


def _change(domain: Any, drive: Drive, path: str, *, is_forced: bool) -> None:
    wanted = Drive(drive.number, drive.bus, path)
    try:
        domain.updateDeviceFlags(drive_xml(wanted), LIVE | (FORCE if is_forced else 0))
    except libvirt.libvirtError as error:
        if drive.path and not is_forced:
            raise CommandFailed("domain.tray_locked", str(error)) from error
        raise


def _path_of(cd: CdSpec) -> str:
    """The file of a drive's disc, empty for none; raises CommandFailed if it is missing."""
    if not cd.image_id:
        return ""
    path = cache_path(cd.storage, cd.image_id, is_iso=True)
    if not path.exists():
        raise CommandFailed("image.not_cached", f"{path} does not exist", path=str(path))
    return str(path)
