"""CD drives in the domain XML, with the discs in them.

They are of SCSI on a virtio controller where the guest has a driver for that, as the kernels of
Linux clouds mostly have none for SATA; installers of other systems know SATA alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

# Names and addresses away from those that libvirt chooses for disks.
SEED_NUMBER = 2
NAMES = ("sdx", "sdy", "sdz")
SCSI_TARGET = "1"


@dataclass(frozen=True)
class Drive:
    """A CD drive by its number; `path` is the disc's file, empty for none; `bus` scsi or sata."""

    number: int
    bus: str
    path: str = ""

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


def drive_in(xml: str, name: str) -> Drive | None:
    """A drive as the domain has it, None if it has none of this name."""
    for disk in etree.fromstring(xml).iterfind("devices/disk[@device='cdrom']"):
        target, source = disk.find("target"), disk.find("source")
        if target.get("dev") == name:
            path = "" if source is None else source.get("file", "")
            return Drive(NAMES.index(name), target.get("bus"), path)
    return None


def drive_element(drive: Drive) -> etree._Element:
    """One drive."""
    target = SCSI_TARGET if drive.bus == "scsi" else "0"
    return E.disk(
        E.driver(name="qemu", type="raw"),
        *([E.source(file=drive.path)] if drive.path else []),
        E.target(dev=drive.name, bus=drive.bus),
        E.readonly(),
        E.address(type="drive", controller="0", bus="0", target=target, unit=str(drive.number)),
        type="file",
        device="cdrom",
    )
