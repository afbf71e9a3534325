"""Disks that come to running machines and leave them, grow and get limits while they are used.

A machine that is off gets what it shall have when it starts. One file is never opened by two
machines: that is looked for before, and QEMU's own locks refuse it besides.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import libvirt
import structlog

from hostagent.libvirt import holds
from hostagent.libvirt.discs import drives_of
from hostagent.libvirt.domains import LOOK_EVERY_S, Domains
from hostagent.libvirt.hotplug import UNPLUG_AGAIN_S, UNPLUG_WITHIN_S
from hostagent.libvirt.xml import disk_element, disk_xml, disks_of, limits_of
from hostagent.protocol.domain import (
    DiskParams,
    DiskSpec,
    DomainReport,
    DomainSpec,
    DomainState,
    ResizeDiskParams,
    VmRef,
)
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import VolumeInfo
from hostagent.storage.driver import DiskSource, refuse_shrinking
from hostagent.storage.drivers import driver_for

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE

log = structlog.get_logger(__name__)


class Disks:
    """The disks of machines on this host. Each verb may be repeated."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains

    async def start(self, spec: DomainSpec) -> DomainReport:
        """Start the machine with its disks; does nothing if it runs."""
        sources = [await source_of(disk) for disk in spec.disks]
        before = await self._domains.get(VmRef(vm_id=spec.vm_id))
        if before.state not in (DomainState.RUNNING, DomainState.PAUSED):
            await await_closed(spec.disks)
            holds.forget(spec.vm_id)
        drives = await drives_of(spec)
        return await self._domains.start(spec, sources, refuse_open_elsewhere, drives)

    async def attach(self, params: DiskParams) -> DomainReport:
        """Plug a disk into the machine, unless it is there or the machine is off."""
        source = await source_of(params.disk)
        is_there = await self._domains.on_active(
            params.vm_id, lambda domain: source.path in disks_of(domain.XMLDesc())
        )
        if is_there is False:
            await await_closed([params.disk])

        def attach(domain: Any) -> None:
            if source.path not in disks_of(domain.XMLDesc()):
                refuse_open_elsewhere(domain.connect(), params.vm_id, [source])
                domain.attachDeviceFlags(disk_xml(params.disk, source), LIVE)

        await self._domains.on_active(params.vm_id, attach)
        return await self._domains.get(VmRef(vm_id=params.vm_id))

    async def detach(self, params: DiskParams) -> DomainReport:
        """Pull a disk out of the machine: its guest is asked to let go of it.

        Raises CommandFailed if it does not within `UNPLUG_WITHIN_S`.
        """
        path = path_of(params.disk)
        deadline = time.monotonic() + UNPLUG_WITHIN_S
        next_ask = 0.0
        while time.monotonic() < deadline:
            is_there = await self._domains.on_active(
                params.vm_id, lambda domain: path in disks_of(domain.XMLDesc())
            )
            if not is_there:
                return await self._domains.get(VmRef(vm_id=params.vm_id))
            if time.monotonic() >= next_ask:
                await self._domains.on_active(params.vm_id, lambda domain: _ask_for(domain, path))
                next_ask = time.monotonic() + UNPLUG_AGAIN_S
            await asyncio.sleep(LOOK_EVERY_S)
        raise CommandFailed("domain.disk_busy", "the guest does not let go of the disk")

    async def resize(self, params: ResizeDiskParams) -> VolumeInfo:
        """Make a disk larger: under the guest's eyes if the machine has it open."""
        path, volume = path_of(params.disk), params.disk.volume
        driver = driver_for(volume.storage)
        refuse_shrinking(await driver.info(volume), params.size_bytes)

        def grow(domain: Any) -> bool:
            name = disks_of(domain.XMLDesc()).get(path)
            if name is not None:
                domain.blockResize(name, params.size_bytes, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
            return name is not None

        if await self._domains.on_active(params.vm_id, grow):
            return await driver.info(volume)
        return await driver.resize(volume, params.size_bytes)

    async def set_limits(self, params: DiskParams) -> DomainReport:
        """Let the machine read and write as much as the disk's limits say from now on."""
        path = path_of(params.disk)

        def limit(domain: Any) -> None:
            name = disks_of(domain.XMLDesc()).get(path)
            if name is not None:
                domain.setBlockIoTune(name, limits_of(params.disk.limits), LIVE)

        await self._domains.on_active(params.vm_id, limit)
        return await self._domains.get(VmRef(vm_id=params.vm_id))


async def await_closed(disks: Iterable[DiskSpec]) -> None:
    """Raises CommandFailed if another QEMU has one of the disks open."""
    for disk in disks:
        await driver_for(disk.volume.storage).await_closed(disk.volume)


async def source_of(disk: DiskSpec) -> DiskSource:
    """Where a disk is, and how it must be opened; raises CommandFailed if it is missing."""
    return await driver_for(disk.volume.storage).source_of(disk.volume)


def path_of(disk: DiskSpec) -> str:
    """What machines know a disk by."""
    return driver_for(disk.volume.storage).path_of(disk.volume)


def refuse_open_elsewhere(connection: Any, vm_id: str, sources: Iterable[DiskSource]) -> None:
    """Raises CommandFailed if another machine that runs on this host has one of the files."""
    paths = {source.path for source in sources}
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        if domain.UUIDString() == vm_id:
            continue
        for path in paths & _files_of(domain):
            raise CommandFailed(
                "volume.in_use", f"{path} is open in {domain.name()}", path=path, vm=domain.name()
            )


def _files_of(domain: Any) -> set[str]:
    try:
        return set(disks_of(domain.XMLDesc()))
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return set()  # it stopped in between
        raise


def _ask_for(domain: Any, path: str) -> None:
    """Ask the guest to let go of a disk. Whether it has done so is looked at next."""
    element = disk_element(domain.XMLDesc(), path)
    if element is None:
        return
    try:
        domain.detachDeviceFlags(element, LIVE)
    except libvirt.libvirtError as error:
        # The guest has been asked already, or has just obeyed.
        log.info("domain.unplug_asked_before", path=path, reason=error.get_error_message())
