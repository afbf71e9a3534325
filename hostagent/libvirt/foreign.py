"""Domains that are no machines of this cloud. None is touched before somebody takes it over.

Element names: libvirt's domain XML format, https://libvirt.org/formatdomain.html.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import libvirt
import structlog
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from msgspec.structs import replace

from hostagent.libvirt.connection import Connection
from hostagent.libvirt.domains import STATES
from hostagent.libvirt.foreign_hardware import (
    bus_of,
    firmware_of,
    firmware_problem,
    take_variables,
)
from hostagent.libvirt.xml import vm_id_of
from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import DomainState
from hostagent.protocol.foreign import (
    ForeignDisk,
    ForeignDomain,
    ForeignList,
    ForeignNic,
    ForeignParams,
    ReleaseDomainParams,
    TakeDiskParams,
    TakeFirmwareParams,
)
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import VolumeInfo
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import remove
from hostagent.storage.taking import describe, take

KiB = 1024
UNITS = {"b": 1, "bytes": 1, "KiB": KiB, "k": KiB, "MiB": KiB**2, "GiB": KiB**3, "TiB": KiB**4}
FORGET = (
    libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
)

log = structlog.get_logger()


class Foreign:
    """Parameters: `folder` keeps the XML of what was taken over."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    async def list(self, params: ForeignParams) -> ForeignList:
        """All domains but the machines that the service knows."""
        known = set(params.known)

        def collect(connection: Any) -> list[ForeignDomain]:
            return [
                read_domain(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain)
                for domain in connection.listAllDomains()
                if not (_is_ours(domain) and domain.UUIDString() in known)
            ]

        found = await self._run(collect)
        return ForeignList(domains=_without_shared([await _with_disks(one) for one in found]))

    async def take_disk(self, params: TakeDiskParams, context: CallContext) -> VolumeInfo:
        """Make a volume of a disk; answers with what exists if that was done before."""
        disk = await self._run(lambda connection: _disk_to_take(connection, params))
        driver = driver_for(params.volume.storage)
        target = Path(driver.path_of(params.volume))
        await take(Path(params.path), disk.format, target, context.progress)
        return await driver.info(params.volume)

    async def take_firmware(self, params: TakeFirmwareParams) -> Nothing:
        """Copy what its UEFI has kept; the domain keeps its own."""

        def read(connection: Any) -> Any:
            domain = _find(connection, params.domain_id)
            if domain is None:
                raise CommandFailed("foreign.gone", "there is no such domain", id=params.domain_id)
            if domain.isActive():
                raise CommandFailed("foreign.runs", "the domain runs", name=domain.name())
            return etree.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))

        root = await self._run(read)
        await asyncio.to_thread(take_variables, root, params)
        return Nothing()

    async def release(self, params: ReleaseDomainParams) -> Nothing:
        """Forget the domain, and the former names of its disks."""

        def forget(connection: Any) -> None:
            domain = _find(connection, params.domain_id)
            if domain is None:
                return
            if domain.isActive():
                raise CommandFailed("foreign.runs", "the domain runs", name=domain.name())
            self._keep(params.domain_id, domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            domain.undefineFlags(FORGET)
            log.info("domain_taken_over", domain=params.domain_id)

        await self._run(forget)
        for disk in params.disks:
            path = driver_for(disk.volume.storage).path_of(disk.volume)
            await asyncio.to_thread(_forget_name, Path(disk.path), Path(path))
        return Nothing()

    def _keep(self, domain_id: str, xml: str) -> None:
        """Whoever wants to know what it was finds it here."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / f"{domain_id}.xml").write_text(xml, encoding="utf-8")

    async def _run(self, closure: Any) -> Any:
        try:
            return await self._connection.run(closure)
        except libvirt.libvirtError as error:
            reason = error.get_error_message() or str(error)
            raise CommandFailed("domain.failed", reason) from error


def read_domain(xml: str, domain: Any) -> ForeignDomain:
    """What the XML says of a domain; its disks are not looked at yet."""
    root = etree.fromstring(xml)
    state = STATES.get(domain.state()[0], DomainState.OTHER)
    problems = []
    if domain.isActive():
        problems.append("runs")
    elif domain.hasManagedSaveImage():
        problems.append("saved")
    if problem := firmware_problem(root):
        problems.append(problem)
    if root.find("devices/tpm") is not None:
        problems.append("tpm")
    if root.findall("devices/hostdev"):
        problems.append("devices")
    disks = [_disk(item, root) for item in root.findall("devices/disk") if _is_disk(item)]
    if not disks:
        problems.append("no_disk")
    return ForeignDomain(
        domain_id=domain.UUIDString(),
        name=domain.name(),
        title=root.findtext("title") or "",
        state=state,
        is_ours=vm_id_of(xml) is not None,
        cpu_count=int(root.findtext("vcpu")),
        memory_bytes=_bytes(root.find("memory")),
        disks=disks,
        nics=[_nic(item) for item in root.findall("devices/interface")],
        problems=problems,
        firmware=firmware_of(root),
    )


async def _with_disks(domain: ForeignDomain) -> ForeignDomain:
    """The same, with what the files of its disks are."""
    return replace(domain, disks=[await describe(disk) for disk in domain.disks])


def _without_shared(domains: list[ForeignDomain]) -> list[ForeignDomain]:
    """Disks that another domain has too, or stands on, are nobody's to take."""
    users: Counter[str] = Counter()
    for domain in domains:
        users.update({disk.path for disk in domain.disks} | {disk.backing for disk in domain.disks})

    def judged(disk: ForeignDisk) -> ForeignDisk:
        is_shared = not disk.problem and users[disk.path] > 1
        return replace(disk, problem="shared") if is_shared else disk

    return [replace(one, disks=[judged(disk) for disk in one.disks]) for one in domains]


def _disk_to_take(connection: Any, params: TakeDiskParams) -> ForeignDisk:
    """The disk of the domain as it is defined; raises CommandFailed unless it may be taken."""
    domain = _find(connection, params.domain_id)
    if domain is None:
        raise CommandFailed("foreign.gone", "there is no such domain", id=params.domain_id)
    if domain.isActive():
        raise CommandFailed("foreign.runs", "the domain runs", name=domain.name())
    for other in connection.listAllDomains():
        if other.UUIDString() == params.domain_id:
            continue
        paths = etree.fromstring(other.XMLDesc()).xpath("devices/disk/source/@file")
        if params.path in paths:
            raise CommandFailed(
                "volume.in_use", f"{params.path} is open", path=params.path, vm=other.name()
            )
    found = read_domain(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain)
    for disk in found.disks:
        if disk.path == params.path and not disk.problem:
            return disk
    raise CommandFailed("foreign.no_such_disk", f"{params.path} is no file of it", path=params.path)


def _disk(item: Any, root: Any) -> ForeignDisk:
    source, driver = item.find("source"), item.find("driver")
    path = source.get("file") if source is not None else None
    where = path
    if path is None and source is not None:
        where = source.get("dev") or source.get("name") or source.get("volume")
    return ForeignDisk(
        path=where or "",
        target=item.find("target").get("dev"),
        bus=item.find("target").get("bus") or "",
        format=(driver.get("type") if driver is not None else None) or "raw",
        problem="not_a_file" if not path else "" if bus_of(item, root) else "bus",
        our_bus=bus_of(item, root),
    )


def _nic(item: Any) -> ForeignNic:
    mac, source, model = item.find("mac"), item.find("source"), item.find("model")
    where = ""
    if source is not None:
        where = source.get("bridge") or source.get("network") or source.get("dev") or ""
    return ForeignNic(
        mac=mac.get("address").lower() if mac is not None else "",
        source=where,
        model=(model.get("type") if model is not None else None) or "",
    )


def _is_disk(item: Any) -> bool:
    """CD and floppy drives are left behind."""
    return item.get("device", "disk") == "disk"


def _bytes(item: Any) -> int:
    return int(item.text) * UNITS.get(item.get("unit") or "KiB", KiB)


def _is_ours(domain: Any) -> bool:
    return vm_id_of(domain.XMLDesc()) is not None


def _find(connection: Any, domain_id: str) -> Any | None:
    try:
        return connection.lookupByUUIDString(domain_id)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


def _forget_name(former: Path, volume: Path) -> None:
    """Remove the former name of a file that is a volume now; what was copied stays."""
    if former.exists() and volume.exists() and former != volume and former.samefile(volume):
        remove(former)
