"""A machine's firmware, processor and memory layout, as the service asks for them."""

from __future__ import annotations

import msgspec

from hostagent.protocol.storage import VolumeRef


class CpuSpec(msgspec.Struct, kw_only=True, frozen=True):
    """The processor that a guest sees.

    `mode`: "none" is QEMU's plain model, "host_model" the nearest to the host's, "host_passthrough"
    the host's itself, "custom" the named `model`, "default" is host_model under KVM and none when
    the host emulates. `features` are those of a custom model that are added (True) or taken away.
    `nested` lets the guest run virtual machines itself.
    """

    mode: str = "default"
    model: str = ""
    features: dict[str, bool] = {}
    nested: bool = False


class Topology(msgspec.Struct, kw_only=True, frozen=True):
    """How a guest sees its CPUs arranged; the product is the number that it may have at most."""

    sockets: int
    cores: int
    threads: int = 1


class Pin(msgspec.Struct, kw_only=True, frozen=True):
    """A CPU of the guest, and the CPUs of the host that it may run on."""

    cpu: int
    host_cpus: list[int]


class Cell(msgspec.Struct, kw_only=True, frozen=True):
    """A NUMA node of the guest; with `host_node`, its memory comes from that one of the host."""

    cpus: list[int]
    memory_bytes: int
    host_node: int | None = None


class HardwareSpec(msgspec.Struct, kw_only=True, frozen=True):
    """What of a machine's hardware is not its disks, NICs and size.

    `firmware`: "bios", "uefi" or "uefi_secure". `boot_order` names "disk", "cdrom" and "network".
    `max_cpu_count` and `max_memory_bytes` are how far it may grow while it runs; 0 is not at all.
    """

    firmware: str = "bios"
    tpm: bool = False
    boot_order: tuple[str, ...] = ("disk",)
    cpu: CpuSpec = CpuSpec()
    topology: Topology | None = None
    pins: list[Pin] = []
    cells: list[Cell] = []
    max_cpu_count: int = 0
    max_memory_bytes: int = 0


class Size(msgspec.Struct, kw_only=True, frozen=True):
    """How large a machine is now; zeros if it does not run."""

    is_active: bool
    cpu_count: int = 0
    memory_bytes: int = 0


class GrowParams(msgspec.Struct, kw_only=True, frozen=True):
    """Give a running machine so many CPUs and so much memory; it never shrinks."""

    vm_id: str
    cpu_count: int
    memory_bytes: int


class ForgetParams(msgspec.Struct, kw_only=True, frozen=True):
    """Delete what a machine's firmware and TPM have kept; `volume` is its root disk."""

    vm_id: str
    volume: VolumeRef


class KeptRef(msgspec.Struct, kw_only=True, frozen=True):
    """What a machine's firmware and TPM have kept; `volume` is its root disk."""

    vm_id: str
    volume: VolumeRef


class KeptFile(msgspec.Struct, kw_only=True, frozen=True):
    """A file, or a folder if `data` is None, below the machine's own folder.

    Owners go by their names: numbers differ from host to host.
    """

    path: str
    data: bytes | None
    mode: int
    owner: str
    group: str

    def __repr__(self) -> str:
        """Without what is in it: a TPM's state is secret."""
        return f"KeptFile({self.path!r})"


class KeptState(msgspec.Struct, kw_only=True, frozen=True):
    """All of it, each folder before what is in it; it is never written down on its way."""

    files: list[KeptFile]


class PutKeptParams(msgspec.Struct, kw_only=True, frozen=True):
    """Have exactly this for a machine that does not run here."""

    vm_id: str
    volume: VolumeRef
    files: list[KeptFile]


class BaselineParams(msgspec.Struct, kw_only=True, frozen=True):
    """Find the processor that machines can have on all hosts with these ones.

    `host_cpus` are the `host_cpu` of their facts, all of hosts with this `accelerator`.
    """

    accelerator: str
    host_cpus: list[str]


class Baseline(msgspec.Struct, kw_only=True, frozen=True):
    """A processor that all hosts have. `features_of` lists, host by host, all that each one has."""

    model: str
    features: dict[str, bool]
    features_of: list[list[str]]
