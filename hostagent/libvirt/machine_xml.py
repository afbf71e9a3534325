"""The parts of a domain's XML that say what machine it is: firmware, processor, memory.

Element names and meaning: libvirt's domain XML format, https://libvirt.org/formatdomain.html.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

from hostagent.protocol.domain import DomainSpec
from hostagent.protocol.hardware import Cell, CpuSpec, HardwareSpec, Topology

MEMORY_SLOTS = 16  # so often may a machine's memory grow between two starts
OVMF = "/usr/share/OVMF"
# Code and the template of the variables: Debian's package ovmf. Secure boot needs the code that
# guards itself by SMM, and variables with Microsoft's keys in them.
FIRMWARE = {
    "uefi": (f"{OVMF}/OVMF_CODE_4M.fd", f"{OVMF}/OVMF_VARS_4M.fd"),
    "uefi_secure": (f"{OVMF}/OVMF_CODE_4M.ms.fd", f"{OVMF}/OVMF_VARS_4M.ms.fd"),
}
BOOT_DEVICES = {"disk": "hd", "cdrom": "cdrom", "network": "network"}
# What lets a guest run guests: Intel's and AMD's name of it.
NESTING = ("vmx", "svm")
PLAIN_MODEL = "qemu64"


def system(spec: DomainSpec, nvram: Path | None) -> etree._Element:
    """Machine type, firmware, and the order in which it looks for something to boot."""
    hardware = spec.hardware
    return E.os(
        E.type("hvm", arch="x86_64", machine="q35"),
        *_firmware(hardware, nvram),
        *(E.boot(dev=BOOT_DEVICES[device]) for device in hardware.boot_order),
    )


def features(hardware: HardwareSpec) -> etree._Element:
    """Secure boot needs SMM: without it the guest could overwrite the firmware's variables."""
    is_secure = hardware.firmware == "uefi_secure"
    return E.features(E.acpi(), E.apic(), *([E.smm(state="on")] if is_secure else []))


def memory(spec: DomainSpec) -> list[etree._Element]:
    """How much there is, and how much there may be while it runs."""
    found = [E.memory(str(spec.memory_bytes // 1024), unit="KiB")]
    most = spec.hardware.max_memory_bytes
    if most > spec.memory_bytes:
        limit = {"slots": str(MEMORY_SLOTS), "unit": "KiB"}
        found.insert(0, E.maxMemory(str(most // 1024), **limit))
    return found


def processors(spec: DomainSpec) -> list[etree._Element]:
    """How many CPUs, of which kind, on which of the host's."""
    hardware, most = spec.hardware, most_cpus(spec)
    current = {"current": str(spec.cpu_count)} if most > spec.cpu_count else {}
    found = [E.vcpu(str(most), **current)]
    if hardware.pins:
        found.append(
            E.cputune(
                *(
                    E.vcpupin(vcpu=str(pin.cpu), cpuset=numbers(pin.host_cpus))
                    for pin in hardware.pins
                )
            )
        )
    bound = [
        (n, cell.host_node) for n, cell in enumerate(cells(spec)) if cell.host_node is not None
    ]
    if bound:
        found.append(
            E.numatune(
                *(
                    E.memnode(cellid=str(number), mode="strict", nodeset=str(node))
                    for number, node in bound
                )
            )
        )
    inside = [*_topology(hardware.topology), *_numa(cells(spec))]
    model = cpu(hardware.cpu, is_kvm=spec.accelerator == "kvm", is_needed=bool(inside))
    if model is not None:
        model.extend(inside)
        found.append(model)
    return found


def cpu(spec: CpuSpec, *, is_kvm: bool, is_needed: bool = False) -> Any:
    """The element of the guest's processor; None for QEMU's own choice, unless it is needed."""
    mode = spec.mode
    if mode == "default":
        mode = "host_model" if is_kvm else "none"
    if mode == "none":
        if not (is_needed or spec.nested):
            return None
        found: Any = E.cpu(_model(PLAIN_MODEL), mode="custom", match="exact", check="none")
    elif mode == "custom":
        found = E.cpu(_model(spec.model), mode="custom", match="exact", check="partial")
        for name, is_on in sorted(spec.features.items()):
            if name not in NESTING:
                found.append(E.feature(policy="require" if is_on else "disable", name=name))
    elif mode == "host_model":
        found = E.cpu(mode="host-model", check="partial")
    else:
        found = E.cpu(mode="host-passthrough", check="none", migratable="on")
    found.extend(_nesting(spec, mode))
    return found


def cells(spec: DomainSpec) -> list[Cell]:
    """The guest's NUMA nodes; what memory can be added to must have one."""
    if spec.hardware.cells or spec.hardware.max_memory_bytes <= spec.memory_bytes:
        return spec.hardware.cells
    return [Cell(cpus=list(range(most_cpus(spec))), memory_bytes=spec.memory_bytes)]


def most_cpus(spec: DomainSpec) -> int:
    """How many CPUs it may have while it runs."""
    return max(spec.cpu_count, spec.hardware.max_cpu_count)


def dimm(size_bytes: int) -> str:
    """The XML of a piece of memory, to be plugged into a running machine."""
    target = E.target(E.size(str(size_bytes // 1024), unit="KiB"), E.node("0"))
    return etree.tostring(E.memory(target, model="dimm"), encoding="unicode")


def numbers(values: list[int]) -> str:
    """Numbers as libvirt writes sets of them: 0-3,8."""
    spans: list[list[int]] = []
    for value in sorted(set(values)):
        if spans and spans[-1][1] == value - 1:
            spans[-1][1] = value
        else:
            spans.append([value, value])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def _firmware(hardware: HardwareSpec, nvram: Path | None) -> list[etree._Element]:
    if hardware.firmware == "bios":
        return []
    code, variables = FIRMWARE[hardware.firmware]
    secure = {"secure": "yes"} if hardware.firmware == "uefi_secure" else {}
    return [
        E.loader(code, readonly="yes", type="pflash", **secure),
        E.nvram(str(nvram), template=variables),
    ]


def _model(name: str) -> etree._Element:
    return E.model(name, fallback="forbid")


def _nesting(spec: CpuSpec, mode: str) -> list[etree._Element]:
    """A guest gets it if it is asked for, and else not: also where the host's model has it."""
    if spec.nested:
        # "optional" is what the host has of it; placement sees to it that it has one.
        if mode in ("custom", "none"):
            return [E.feature(policy="optional", name=name) for name in NESTING]
        return []
    if mode == "none":
        return []
    return [E.feature(policy="disable", name=name) for name in NESTING]


def _topology(topology: Topology | None) -> list[etree._Element]:
    if topology is None:
        return []
    asked = {name: str(getattr(topology, name)) for name in ("sockets", "cores", "threads")}
    return [E.topology(dies="1", **asked)]


def _numa(found: list[Cell]) -> list[etree._Element]:
    if not found:
        return []
    return [
        E.numa(
            *(
                E.cell(
                    id=str(number),
                    cpus=numbers(cell.cpus),
                    memory=str(cell.memory_bytes // 1024),
                    unit="KiB",
                )
                for number, cell in enumerate(found)
            )
        )
    ]
