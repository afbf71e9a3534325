"""Hardware of machines as people write it: 1x4x2 for a topology, 0=0-3 for a pinned CPU, 0-3=4G@1
for a NUMA node.
"""

from __future__ import annotations

from typing import Any

from appliance.protocol.sizes import parse_size

NOTHING = "none"


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


# Fields whose options have other names.
OPTIONS = {"boot_order": "boot", "cpu_pins": "cpu-pin", "max_cpu_count": "max-cpus"}


def hardware_options(hardware: dict[str, Any]) -> list[tuple[str, str]]:
    """Hardware as options of `vm update-hardware`: pairs of name and value."""
    found: list[tuple[str, str]] = []
    for field, value in hardware.items():
        name = OPTIONS.get(field, field.removesuffix("_bytes").replace("_", "-"))
        items = value if isinstance(value, list) else [value]
        if not items or value is None:
            items = [NOTHING]
        found += [(name, _word(item)) for item in items]
    return found


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return hardware_item(value) or str(value)
    return str(value)
