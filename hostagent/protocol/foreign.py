"""Domains on a host that are no machines of this cloud: what they are, and taking one over."""

import msgspec

from hostagent.protocol.domain import DomainState
from hostagent.protocol.storage import VolumeRef


class ForeignParams(msgspec.Struct, kw_only=True, frozen=True):
    """Asks for all domains but the machines with these ids."""

    known: list[str]


class ForeignDisk(msgspec.Struct, kw_only=True, frozen=True):
    """A disk of a domain. `problem` is a code of why it cannot be taken; empty if it can:
    not_a_file, missing, unreadable, encrypted, shared, bus. `our_bus` is where it will be then.

    `is_plain`: it is one qcow2 file that stands on no other. Sizes are 0 if they are not known.
    """

    path: str
    target: str
    bus: str
    format: str
    size_bytes: int = 0
    used_bytes: int = 0
    backing: str = ""
    is_plain: bool = False
    problem: str = ""
    our_bus: str = "virtio"


class ForeignNic(msgspec.Struct, kw_only=True, frozen=True):
    """A NIC of a domain, and what it is plugged into."""

    mac: str
    source: str
    model: str = ""


class ForeignDomain(msgspec.Struct, kw_only=True, frozen=True):
    """A domain. `is_ours`: it has our mark, so it was a machine of this cloud, or of another one.

    `problems` are codes of why it cannot be taken over: runs, saved, uefi, no_firmware, tpm,
    no_disk, devices. `firmware` is bios, uefi or uefi_secure.
    """

    domain_id: str
    name: str
    title: str = ""
    state: DomainState
    is_ours: bool
    cpu_count: int
    memory_bytes: int
    disks: list[ForeignDisk]
    nics: list[ForeignNic]
    problems: list[str] = []
    firmware: str = "bios"


class ForeignList(msgspec.Struct, kw_only=True, frozen=True):
    """The answer to "foreign.list"."""

    domains: list[ForeignDomain]


class TakeDiskParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make a volume of a disk of a domain that is off.

    A plain qcow2 file of the same file system gets a second name; anything else is copied, with
    all that it stands on. The domain keeps its disk either way.
    """

    domain_id: str
    path: str
    volume: VolumeRef


class TakeFirmwareParams(msgspec.Struct, kw_only=True, frozen=True):
    """Copy the variables of a domain's UEFI to where the machine of this root disk has them."""

    domain_id: str
    volume: VolumeRef


class ForsakenDisk(msgspec.Struct, kw_only=True, frozen=True):
    """A disk that was taken, by its former name, and the volume that it is now."""

    path: str
    volume: VolumeRef


class ReleaseDomainParams(msgspec.Struct, kw_only=True, frozen=True):
    """Let libvirt forget a domain that was taken over; its XML is kept on the host.

    Former names of files that are volumes now go. What was copied stays.
    """

    domain_id: str
    disks: list[ForsakenDisk]
