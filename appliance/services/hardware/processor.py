"""The processor that a machine is started with: its own choice, or its cluster's."""

from __future__ import annotations

from appliance.protocol.cpusets import parse_cpus
from appliance.protocol.hardware import CpuBaseline, Hardware
from appliance.services.hardware import rules
from appliance.services.hardware.models import USUAL, cluster_cpu, hardware_of
from appliance.services.infrastructure.models import AgentRow, HostRow
from hostagent.protocol.hardware import Cell, CpuSpec, HardwareSpec, Pin, Topology


def needs(hardware: Hardware, cluster_id: str) -> list[str]:
    """What a host of a cluster must be able to do for a machine; within a read or write.

    What a cluster says is for hosts with KVM: those that emulate are not held to it.
    """
    if hardware == USUAL:
        return []
    if hardware.cpu_mode == "cluster":
        return rules.needs_of(hardware, "cluster", "")
    return rules.needs_of(hardware, hardware.cpu_mode, hardware.cpu_model)


def needs_of_vm(vm_id: str, cluster_id: str) -> list[str]:
    """The same for a machine that is there."""
    return needs(hardware_of(vm_id), cluster_id)


def check_host(hardware: Hardware, host_id: str) -> None:
    """Raises InvalidInput if the host lacks CPUs or NUMA nodes that the machine is bound to."""
    if not hardware.cpu_pins and not hardware.numa:
        return
    host = HostRow.get_by_id(host_id)
    rules.check_on_host(hardware, AgentRow.get_by_id(host.agent_id).facts, host.name)


def hardware_spec(hardware: Hardware, cluster_id: str, accelerator: str) -> HardwareSpec:
    """What the host is told; within a read or write."""
    return HardwareSpec(
        firmware=hardware.firmware,
        tpm=hardware.tpm,
        boot_order=tuple(hardware.boot_order),
        cpu=_cpu(hardware, cluster_id, accelerator),
        topology=_topology(hardware),
        pins=[Pin(cpu=pin.cpu, host_cpus=parse_cpus(pin.host_cpus)) for pin in hardware.cpu_pins],
        cells=[
            Cell(
                cpus=parse_cpus(cell.cpus),
                memory_bytes=cell.memory_bytes,
                host_node=cell.host_node,
            )
            for cell in hardware.numa
        ],
        max_cpu_count=hardware.max_cpu_count,
        max_memory_bytes=hardware.max_memory_bytes,
    )


def _topology(hardware: Hardware) -> Topology | None:
    one = hardware.topology
    if one is None:
        return None
    return Topology(sockets=one.sockets, cores=one.cores, threads=one.threads)


def _cpu(hardware: Hardware, cluster_id: str, accelerator: str) -> CpuSpec:
    if hardware.cpu_mode != "cluster":
        mode = hardware.cpu_mode
        return CpuSpec(mode=mode, model=hardware.cpu_model, nested=hardware.nested)
    if accelerator != "kvm":
        return CpuSpec(mode="none", nested=hardware.nested)
    mode, model, baseline = cluster_cpu(cluster_id)
    if mode != "baseline":
        return CpuSpec(mode=mode, model=model, nested=hardware.nested)
    return _of_baseline(baseline, nested=hardware.nested)


def _of_baseline(baseline: CpuBaseline | None, *, nested: bool) -> CpuSpec:
    """A cluster whose hosts were not compared yet gives what each host has."""
    if baseline is None or baseline.accelerator != "kvm":
        return CpuSpec(mode="host_model", nested=nested)
    features = dict(baseline.features)
    return CpuSpec(mode="custom", model=baseline.model, features=features, nested=nested)
