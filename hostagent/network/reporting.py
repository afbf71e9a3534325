"""How the network part tells what it dropped and what went wrong."""

from __future__ import annotations

from hostagent.network.links.physical import NicMissing
from hostagent.network.rules.groups import Counters, group_counter_name
from hostagent.network.rules.limits import limited_counter_name
from hostagent.network.rules.ruleset import counter_name
from hostagent.protocol.network import NetworkError, PortDrops, PortSpec

INTERFACE_MISSING = "network.interface_missing"


def drops_of(port: PortSpec, counters: Counters) -> PortDrops:
    """What of a port was thrown away, by the counters of its rules."""
    packets, size_bytes = counters.get(counter_name(port.tap), (0, 0))
    refused, refused_bytes = counters.get(group_counter_name(port.tap), (0, 0))
    limited, limited_bytes = counters.get(limited_counter_name(port.tap), (0, 0))
    return PortDrops(
        nic_id=port.nic_id,
        tap=port.tap,
        packets=packets,
        size_bytes=size_bytes,
        refused_packets=refused,
        refused_size_bytes=refused_bytes,
        limited_packets=limited,
        limited_size_bytes=limited_bytes,
    )


def fields_of(error: NetworkError) -> dict[str, object]:
    """An error as the log has it."""
    return {"code": error.code, "network": error.network_id, "reason": error.message}


def stale(generation: int, current: int) -> NetworkError:
    """A document that is older than what runs."""
    return NetworkError(
        code="network.stale",
        message=f"generation {generation} is older than {current}, which runs here",
        params={"generation": generation, "current": current},
    )


def failure(network_id: str | None, what: str, error: BaseException) -> NetworkError:
    """What went wrong with a part of the host's networks."""
    reason = str(error) or type(error).__name__
    if isinstance(error, NicMissing):
        return NetworkError(
            code=INTERFACE_MISSING,
            network_id=network_id,
            message=reason,
            params={"name": error.interface},
        )
    return NetworkError(
        code="network.apply_failed",
        network_id=network_id,
        message=f"{what}: {reason}",
        params={"reason": reason},
    )
