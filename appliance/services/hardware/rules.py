"""What fits together in a machine's hardware, and what of it a host must be able to do."""

from __future__ import annotations

from appliance.protocol.cpusets import parse_cpus
from appliance.protocol.errors import InvalidInput
from appliance.protocol.hardware import Hardware
from hostagent.protocol.facts import HostFacts


def check_hardware(
    hardware: Hardware, cpu_count: int, memory_bytes: int, *, prefix: str = ""
) -> None:
    """Raises InvalidInput naming the field if it does not fit a machine of this size.

    `prefix` is put before the fields' names.
    """

    def refuse(code: str, field: str, **params: object) -> InvalidInput:
        return InvalidInput(code, field=prefix + field, **params)

    most = max(cpu_count, hardware.max_cpu_count)
    if len(set(hardware.boot_order)) != len(hardware.boot_order):
        raise refuse("hardware.boot_twice", "boot_order")
    if (hardware.cpu_mode == "custom") != bool(hardware.cpu_model):
        raise refuse("hardware.model_with_custom", "cpu_model")
    if hardware.nested and hardware.cpu_mode == "none":
        raise refuse("hardware.nested_needs_cpu", "nested")
    topology = hardware.topology
    if topology is not None:
        product = topology.sockets * topology.cores * topology.threads
        if product != most:
            raise refuse("hardware.topology", "topology", product=product, count=most)
    _check_pins(hardware, most, prefix)
    _check_cells(hardware, most, memory_bytes, prefix)


def _check_pins(hardware: Hardware, most: int, prefix: str) -> None:
    seen: set[int] = set()
    for number, pin in enumerate(hardware.cpu_pins):
        field = f"{prefix}cpu_pins[{number}]"
        if pin.cpu >= most or pin.cpu in seen:
            raise InvalidInput("hardware.pin_cpu", field=f"{field}.cpu", cpu=pin.cpu, last=most - 1)
        seen.add(pin.cpu)
        parsed(pin.host_cpus, f"{field}.host_cpus")


def _check_cells(hardware: Hardware, most: int, memory_bytes: int, prefix: str) -> None:
    """NUMA nodes share out all CPUs, each to one of them, and all of the memory."""
    if not hardware.numa:
        return
    found: list[int] = []
    for number, cell in enumerate(hardware.numa):
        found += parsed(cell.cpus, f"{prefix}numa[{number}].cpus")
    if sorted(found) != list(range(most)):
        raise InvalidInput("hardware.numa_cpus", field=f"{prefix}numa", last=most - 1)
    total = sum(cell.memory_bytes for cell in hardware.numa)
    if total != memory_bytes:
        raise InvalidInput(
            "hardware.numa_memory",
            field=f"{prefix}numa",
            total_bytes=total,
            needed_bytes=memory_bytes,
        )


def parsed(text: str, field: str) -> list[int]:
    """A set of CPUs; raises InvalidInput."""
    try:
        return parse_cpus(text)
    except ValueError:
        raise InvalidInput("hardware.bad_cpus", field=field, value=text) from None


def check_on_host(hardware: Hardware, facts: HostFacts, host: str) -> None:
    """Raises InvalidInput if a host lacks the CPUs or the NUMA node that a machine is bound to."""
    for number, pin in enumerate(hardware.cpu_pins):
        missing = [one for one in parse_cpus(pin.host_cpus) if one >= facts.cpu_count]
        if missing:
            raise InvalidInput(
                "hardware.no_host_cpu",
                field=f"cpu_pins[{number}].host_cpus",
                host=host,
                cpu=missing[0],
                last=facts.cpu_count - 1,
            )
    nodes = {node.number for node in facts.machine.numa}
    for number, cell in enumerate(hardware.numa):
        if cell.host_node is not None and cell.host_node not in nodes:
            raise InvalidInput(
                "hardware.no_host_node",
                field=f"numa[{number}].host_node",
                host=host,
                node=cell.host_node,
                nodes=", ".join(map(str, sorted(nodes))),
            )


def needs_of(hardware: Hardware, mode: str, model: str) -> list[str]:
    """The abilities that a host must have; `mode` and `model` are what the cluster makes of it."""
    found = [] if hardware.firmware == "bios" else [hardware.firmware]
    if hardware.tpm:
        found.append("tpm")
    if hardware.nested:
        found.append("nested")
    if mode in ("host_model", "host_passthrough"):
        found.append("kvm")
    if mode == "custom":
        found.append(f"cpu.{model}")
    return found
