"""Hardware of machines as it is typed: `--topology 1x4x2`, `--cpu-pin 0=0-3`, `--numa 0-3=4G@1`."""

from __future__ import annotations

from typing import Any

from appliance.cli.sizes import parse_size

NOTHING = "none"
HARDWARE_HELP = {
    "hardware": "Hardware of the machine, an option of vm update-hardware as KEY=VALUE, like "
    "firmware=uefi, tpm=yes or cpu-pin=0=0-3; may be repeated.",
    "firmware": "bios, uefi, or uefi_secure with secure boot.",
    "tpm": "Whether it has a TPM 2.0.",
    "boot_order": "disk, cdrom or network; may be repeated: what comes first is tried first.",
    "cpu_mode": "Processor that guests see: cluster, none, host_model, host_passthrough or custom; "
    "of a cluster baseline instead of cluster.",
    "cpu_model": "Name of the processor in mode custom, like Skylake-Server.",
    "nested": "Let the guest run virtual machines itself.",
    "topology": "Sockets, cores and threads, like 1x4x2; none for what the system chooses.",
    "cpu_pins": "CPU of the machine and those of the host it runs on, like 0=0-3; may be repeated; "
    "none for none.",
    "numa": "NUMA node of the guest: CPUs, memory, and the host's node if one is meant, like "
    "0-3=4G or 0-3=4G@1; may be repeated; none for none.",
    "max_cpu_count": "Most CPUs that it can get while it runs; 0 for no more than it has.",
    "max_memory_bytes": "Most memory that it can get while it runs; 0 for no more than it has.",
    "bus": "How the guest reaches the disk: virtio, or virtio_scsi.",
    "root_bus": "How the guest reaches the root disk: virtio, or virtio_scsi.",
}


def parse_topology(text: str) -> dict[str, int] | None:
    """Sockets, cores and threads; none for what the system chooses. Raises ValueError."""
    if text == NOTHING:
        return None
    parts = text.lower().split("x")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
        raise ValueError(f"{text!r} is no topology; write SOCKETSxCORESxTHREADS like 1x4x2")
    return dict(zip(("sockets", "cores", "threads"), map(int, parts), strict=False))


def parse_pin(text: str) -> dict[str, Any]:
    """A CPU of the machine and those of its host; raises ValueError."""
    cpu, sign, host_cpus = (part.strip() for part in text.partition("="))
    if not sign or not cpu.isdigit() or not host_cpus:
        raise ValueError(f"{text!r} pins nothing; write CPU=HOST_CPUS like 0=0-3,8")
    return {"cpu": int(cpu), "host_cpus": host_cpus}


def parse_cell(text: str) -> dict[str, Any]:
    """A NUMA node: its CPUs, its memory, the host's node if one is meant; raises ValueError."""
    cpus, sign, rest = (part.strip() for part in text.partition("="))
    size, at, node = rest.partition("@")
    if not sign or not cpus or not size or (at and not node.isdigit()):
        raise ValueError(f"{text!r} is no NUMA node; write CPUS=MEMORY like 0-3=4G or 0-3=4G@1")
    cell: dict[str, Any] = {"cpus": cpus, "memory_bytes": parse_size(size)}
    return cell | {"host_node": int(node)} if at else cell


def hardware_item(value: dict[str, Any]) -> str | None:
    """The same the other way round; None for what is no part of hardware."""
    match value:
        case {"cpu": cpu, "host_cpus": host_cpus}:
            return f"{cpu}={host_cpus}"
        case {"cpus": cpus, "memory_bytes": size_bytes}:
            node = value.get("host_node")
            return f"{cpus}={size_bytes}" + ("" if node is None else f"@{node}")
        case {"sockets": sockets, "cores": cores}:
            return f"{sockets}x{cores}x{value.get('threads', 1)}"
    return None
