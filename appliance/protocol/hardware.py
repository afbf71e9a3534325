"""Firmware, processor and memory layout of virtual machines: what is asked for, and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

# uefi_secure: with secure boot, by Microsoft's keys.
Firmware = Literal["bios", "uefi", "uefi_secure"]
BootDevice = Literal["disk", "cdrom", "network"]
# cluster: as the machine's cluster says.
CpuMode = Literal["cluster", "none", "host_model", "host_passthrough", "custom"]
# baseline: the best that all hosts of the cluster have, so that machines can go to any of them.
ClusterCpuMode = Literal["baseline", "none", "host_model", "host_passthrough", "custom"]
# libvirt's name of a processor.
CpuModel = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")]
# Numbers and spans of them: 0-3,8
CpuSet = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        pattern=r"^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*$",
    ),
]
CpuNumber = Annotated[int, Meta(ge=0, le=1023)]
MostCpus = Annotated[int, Meta(ge=0, le=1024)]
MostMemory = Annotated[int, Meta(ge=0, le=64 * 1024**4)]
BootOrder = Annotated[list[BootDevice], Meta(min_length=1, max_length=3)]
# Memory is added in pieces of this size: guests take nothing smaller.
MEMORY_STEP_BYTES = 128 * 1024**2


class CpuTopology(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How a guest sees its CPUs; sockets times cores times threads is the number of all of them."""

    sockets: Annotated[int, Meta(ge=1, le=64)]
    cores: Annotated[int, Meta(ge=1, le=512)]
    threads: Annotated[int, Meta(ge=1, le=8)] = 1


class CpuPin(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A CPU of the machine runs on these CPUs of its host alone."""

    cpu: CpuNumber
    host_cpus: CpuSet


class NumaCell(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A NUMA node that the guest sees; `host_node` is the host's one that its memory comes from."""

    cpus: CpuSet
    memory_bytes: Annotated[int, Meta(ge=32 * 1024**2, multiple_of=1024**2)]
    host_node: Annotated[int, Meta(ge=0, le=1023)] | None = None


Pins = Annotated[list[CpuPin], Meta(max_length=1024)]
Cells = Annotated[list[NumaCell], Meta(max_length=64)]


class Hardware(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What of a machine's hardware is not its size, disks and NICs.

    Nested: the guest may run virtual machines itself. `max_cpu_count` and `max_memory_bytes` are
    how far the machine can grow while it runs; 0 is not at all.
    """

    firmware: Firmware = "bios"
    tpm: bool = False
    boot_order: BootOrder = field(default_factory=lambda: ["disk", "cdrom", "network"])
    cpu_mode: CpuMode = "cluster"
    cpu_model: CpuModel = ""  # of mode custom
    nested: bool = False
    topology: CpuTopology | None = None
    cpu_pins: Pins = []
    numa: Cells = []
    max_cpu_count: MostCpus = 0
    max_memory_bytes: MostMemory = 0


class NewHardware(Hardware, kw_only=True, frozen=True):
    """The hardware of a new machine; left out, its firmware is what its image is for."""

    firmware: Firmware | None = None


class MissingFeatures(Struct, kw_only=True, frozen=True):
    """A host, and what its processor lacks that another one of its cluster has."""

    host_id: str
    host_name: str
    features: list[str]


class CpuBaseline(Struct, kw_only=True, frozen=True):
    """The best processor that machines can have on all hosts of a cluster.

    `features` are added to the model (True) or taken from it. `accelerator` is that of the hosts
    that were compared; `lacking` names those that hold the others back.
    """

    model: str
    features: dict[str, bool] = {}
    accelerator: str = "kvm"
    lacking: list[MissingFeatures] = []


class VmHardware(Hardware, kw_only=True, frozen=True):
    """The hardware of a machine. `pending` names what is so only from its next start on."""

    pending: list[str] = []


class HostNumaNode(Struct, kw_only=True, frozen=True):
    """A NUMA node of a host; `cpus` are written like 0-3,8."""

    number: int
    memory_bytes: int
    cpus: str
