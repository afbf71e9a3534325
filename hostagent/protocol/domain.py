"""Virtual machines as the service asks for them and as hosts report them."""

from enum import StrEnum

import msgspec

from hostagent.protocol.hardware import HardwareSpec
from hostagent.protocol.storage import StorageRef, VolumeRef


class DiskLimits(msgspec.Struct, kw_only=True, frozen=True):
    """How much a machine may read and write in a second; 0 is no limit."""

    read_iops: int = 0
    write_iops: int = 0
    read_bytes_s: int = 0
    write_bytes_s: int = 0


class DiskSpec(msgspec.Struct, kw_only=True, frozen=True):
    """A disk; the machine boots from the one at position 0. `bus`: "virtio", "virtio_scsi"
    or "sata", which cannot be plugged while the machine runs.

    `position` is its place among the machine's disks, the same at each start; `serial` is what
    the guest knows it by.
    """

    volume: VolumeRef
    bus: str = "virtio"
    position: int = 0
    serial: str = ""
    limits: DiskLimits = DiskLimits()


class NicSpec(msgspec.Struct, kw_only=True, frozen=True):
    """A NIC: libvirt makes the link `tap` on `bridge`."""

    nic_id: str
    mac: str
    bridge: str
    tap: str
    mtu: int = 1500
    model: str = "virtio"


class CdSpec(msgspec.Struct, kw_only=True, frozen=True):
    """A CD drive, and the image in the cache of `storage` that is in it, empty for none.

    `bus` is scsi or sata: what the guest has a driver for.
    """

    slot: int
    bus: str
    storage: StorageRef
    image_id: str = ""


class SeedSpec(msgspec.Struct, kw_only=True, frozen=True):
    """The three files of a NoCloud seed (cloud-init), which a guest reads from a disc."""

    meta_data: str
    user_data: bytes
    network_config: str

    def __repr__(self) -> str:
        """Without what it says: that may be secret."""
        return "SeedSpec(…)"


class DomainSpec(msgspec.Struct, kw_only=True, frozen=True):
    """Everything that a host needs to run a machine. `accelerator` is "kvm" or "tcg"."""

    vm_id: str
    name: str
    cpu_count: int
    memory_bytes: int
    accelerator: str
    disks: list[DiskSpec]
    nics: list[NicSpec]
    hardware: HardwareSpec = HardwareSpec()
    seed: SeedSpec | None = None
    cds: list[CdSpec] = []


class DomainState(StrEnum):
    """What libvirt says of a machine."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    OTHER = "other"


class DomainReport(msgspec.Struct, kw_only=True, frozen=True):
    """A machine on a host. `reason`: guest_shutdown, crashed, outside, host_shutdown, or empty."""

    vm_id: str
    state: DomainState
    reason: str = ""


class DomainList(msgspec.Struct, kw_only=True, frozen=True):
    """All machines of ours that a host knows, running or not."""

    domains: list[DomainReport]


class VmRef(msgspec.Struct, kw_only=True, frozen=True):
    """Names a machine."""

    vm_id: str


class NicParams(msgspec.Struct, kw_only=True, frozen=True):
    """Names a machine, and a NIC that it gets or loses."""

    vm_id: str
    nic: NicSpec


class DiskParams(msgspec.Struct, kw_only=True, frozen=True):
    """Names a machine, and a disk that it gets, loses, or has with other limits."""

    vm_id: str
    disk: DiskSpec


class DiscParams(msgspec.Struct, kw_only=True, frozen=True):
    """Have this in a machine's drive; by `force` even if the guest has locked it."""

    vm_id: str
    cd: CdSpec
    force: bool = False


class ResizeDiskParams(msgspec.Struct, kw_only=True, frozen=True):
    """Make a machine's disk as large as `size_bytes`, whether it runs or not; it never shrinks."""

    vm_id: str
    disk: DiskSpec
    size_bytes: int


class ShutdownParams(msgspec.Struct, kw_only=True, frozen=True):
    """Ask the guest to shut down; with `force`, switch it off when `timeout_s` is over."""

    vm_id: str
    timeout_s: float = 60.0
    force: bool = True


class Screenshot(msgspec.Struct, kw_only=True, frozen=True):
    """A machine's screen as a PNG file."""

    png: bytes


class ConsoleParams(msgspec.Struct, kw_only=True, frozen=True):
    """Splice a stream of the link with a machine's screen ("vnc": RFB) or "serial" line."""

    vm_id: str
    kind: str
    stream_id: int
