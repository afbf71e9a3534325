"""CD drives in the domain XML, with the discs in them.

They are of SCSI on a virtio controller where the guest has a driver for that, as the kernels of
Linux clouds mostly have none for SATA; installers of other systems know SATA alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

from hostagent.libvirt.sources import path_in, source_element, type_of
from hostagent.storage.driver import DiskSource

# Names and addresses away from those that libvirt chooses for disks.
SEED_NUMBER = 2
NAMES = ("sdx", "sdy", "sdz")
SCSI_TARGET = "1"


@dataclass(frozen=True)
class Drive:
    """A CD drive by its number, with its disc, if there is one in it; `bus` is scsi or sata."""

    number: int
    bus: str
    disc: DiskSource | None = None

    @property
    def name(self) -> str:
        """libvirt's name of it."""
        return NAMES[self.number]


def drive_elements(drives: Sequence[Drive]) -> list[etree._Element]:
    """The drives of a machine; those of SCSI are on the controller that all machines have."""
    return [drive_element(drive) for drive in drives]


def drive_xml(drive: Drive) -> str:
    """The XML of a drive, to change the disc in it."""
    return etree.tostring(drive_element(drive), encoding="unicode")


@dataclass(frozen=True)
class FoundDrive:
    """A drive as a domain has it; `path` names its disc, empty for none."""

    number: int
    bus: str
    path: str


def drive_in(xml: str, name: str) -> FoundDrive | None:
    """A drive as the domain has it, None if it has none of this name."""
    for disk in etree.fromstring(xml).iterfind("devices/disk[@device='cdrom']"):
        target = disk.find("target")
        if target.get("dev") == name:
            return FoundDrive(NAMES.index(name), target.get("bus"), path_in(disk))
    return None


def drive_element(drive: Drive) -> etree._Element:
    """One drive."""
    target = SCSI_TARGET if drive.bus == "scsi" else "0"
    return E.disk(
        E.driver(name="qemu", type="raw"),
        *([source_element(drive.disc)] if drive.disc else []),
        E.target(dev=drive.name, bus=drive.bus),
        E.readonly(),
        E.address(type="drive", controller="0", bus="0", target=target, unit=str(drive.number)),
        type=type_of(drive.disc),
        device="cdrom",
    )
