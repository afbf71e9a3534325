"""What a host agent finds out about its machine."""

import msgspec


class NicFacts(msgspec.Struct, kw_only=True, frozen=True):
    """A network interface. `addresses` are CIDR texts; `speed_mbit_s` and `mtu` (in bytes) 0 when
    unknown.
    """

    name: str
    mac: str = ""
    addresses: list[str] = []
    speed_mbit_s: int = 0
    is_up: bool = False
    is_default_route: bool = False
    mtu: int = 0


class FileSystemFacts(msgspec.Struct, kw_only=True, frozen=True):
    """A mounted file system that could hold images or disks."""

    path: str
    kind: str
    total_bytes: int
    available_bytes: int


class NumaNode(msgspec.Struct, kw_only=True, frozen=True):
    """A part of the machine's memory, and the CPUs that are near to it."""

    number: int
    memory_bytes: int
    cpus: list[int]


class MachineFacts(msgspec.Struct, kw_only=True, frozen=True):
    """What virtual machines can have here.

    `abilities` are names: "kvm", "nested", "tpm", "uefi", "uefi_secure", and "cpu.<model>" for each
    named processor. `host_cpu` is libvirt's description of the processor that is nearest to the
    host's own, by which hosts are compared.
    """

    abilities: list[str] = []
    host_cpu: str = ""
    numa: list[NumaNode] = []


class HostFacts(msgspec.Struct, kw_only=True, frozen=True):
    """The machine. `accelerator` is "kvm" only after a guest kernel really booted under it;
    else "tcg", and `accelerator_reason` is a code that says why. `link_kinds` are those of "vlan"
    and "vxlan" that its kernel can make. `boot_id` is another one after each boot.
    """

    hostname: str
    os: str = ""
    kernel: str = ""
    cpu_model: str = ""
    cpu_count: int = 1
    memory_bytes: int = 0
    nics: list[NicFacts] = []
    file_systems: list[FileSystemFacts] = []
    libvirt_version: str = ""
    qemu_version: str = ""
    accelerator: str = "tcg"
    accelerator_reason: str = ""
    probed_at: float = 0.0  # Unix time of the boot probe, 0 when there was none
    agent_version: str = ""
    link_kinds: list[str] = []
    boot_id: str = ""
    machine: MachineFacts = MachineFacts()
