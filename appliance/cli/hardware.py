"""What the command line says of the options of hardware."""

from __future__ import annotations

HARDWARE_HELP = {
    "hardware": "Hardware of the machine, an option of vm update-hardware as KEY=VALUE, like "
    "firmware=uefi, tpm=yes or cpu-pin=0=0-3; may be repeated.",
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
