"""What the virtual machines of this host can have: processors, firmware, nesting, NUMA nodes.

Read from libvirt's domain capabilities (https://libvirt.org/formatdomaincaps.html) and host
capabilities (https://libvirt.org/formatcaps.html). Functions for the thread of libvirt.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from hostagent.libvirt.firmware import has_tpm
from hostagent.libvirt.machine_xml import FIRMWARE, NESTING
from hostagent.protocol.facts import MachineFacts, NumaNode
from hostagent.protocol.hardware import Baseline, BaselineParams

ARCHITECTURE, MACHINE = "x86_64", "q35"
NESTED_SWITCHES = tuple(
    Path(f"/sys/module/{module}/parameters/nested") for module in ("kvm_intel", "kvm_amd")
)
EXPAND = libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES


def machine_facts(connection: Any, accelerator: str) -> MachineFacts:
    """What machines under this accelerator can have here."""
    text = connection.getDomainCapabilities(None, ARCHITECTURE, MACHINE, _virt_type(accelerator), 0)
    domain = etree.fromstring(text)
    host = etree.fromstring(connection.getCapabilities())
    cpu = domain.find("cpu/mode[@name='host-model'][@supported='yes']")
    models = domain.xpath("cpu/mode[@name='custom']/model[@usable='yes']/text()")
    found = [f"cpu.{model}" for model in sorted(models)]
    found += [name for name, files in FIRMWARE.items() if all(Path(one).exists() for one in files)]
    if accelerator == "kvm":
        found.append("kvm")
    if has_tpm():
        found.append("tpm")
    if _can_nest(accelerator):
        found.append("nested")
    return MachineFacts(
        abilities=found, host_cpu=_host_cpu(cpu), numa=[_node(one) for one in host.iter("cell")]
    )


def baseline(connection: Any, params: BaselineParams) -> Baseline:
    """The best processor that machines can have on all of these hosts."""

    def common(cpus: list[str], flags: int) -> etree._Element:
        return etree.fromstring(
            connection.baselineHypervisorCPU(
                None, ARCHITECTURE, MACHINE, _virt_type(params.accelerator), cpus, flags
            )
        )

    found = common(params.host_cpus, 0)
    return Baseline(
        model=found.findtext("model"),
        features={
            one.get("name"): one.get("policy") != "disable"
            for one in found.iter("feature")
            if one.get("name") not in NESTING
        },
        features_of=[_names(common([cpu], EXPAND)) for cpu in params.host_cpus],
    )


def _virt_type(accelerator: str) -> str:
    return "kvm" if accelerator == "kvm" else "qemu"


def _host_cpu(mode: etree._Element | None) -> str:
    """The processor of a host as an element that processors can be compared by."""
    if mode is None:
        return ""
    mode.tag = "cpu"
    mode.attrib.clear()
    mode.tail = None
    return etree.tostring(mode, encoding="unicode")


def _names(cpu: etree._Element) -> list[str]:
    return sorted(one.get("name") for one in cpu.iter("feature") if one.get("policy") != "disable")


def _can_nest(accelerator: str) -> bool:
    """KVM has a switch for it; QEMU's emulation has AMD's kind of it always."""
    if accelerator != "kvm":
        return True
    switches = [
        path.read_text(encoding="ascii").strip() for path in NESTED_SWITCHES if path.exists()
    ]
    return any(value in ("1", "Y") for value in switches)


def _node(cell: etree._Element) -> NumaNode:
    memory = cell.find("memory")
    kib = int(memory.text) if memory is not None else 0
    return NumaNode(
        number=int(cell.get("id")),
        memory_bytes=kib * 1024,
        cpus=sorted(int(one.get("id")) for one in cell.iter("cpu")),
    )
