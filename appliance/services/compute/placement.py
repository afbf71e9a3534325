"""Placement: which host takes a virtual machine, or which check said no, with the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.protocol.errors import ApiError, NoResources
from appliance.protocol.resources import State
from appliance.services.infrastructure.ledger import claims_by_host
from appliance.services.infrastructure.models import HostRow


@dataclass(frozen=True)
class Wish:
    """What a virtual machine needs. `host_id` pins it to one host."""

    cluster_id: str
    cpu_count: int
    memory_bytes: int
    host_id: str | None


@dataclass(frozen=True)
class Candidate:
    """A host and what is free on it."""

    host: HostRow
    cpu_free: int
    memory_free_bytes: int


def candidate(host: HostRow, claims: tuple[int, int]) -> Candidate:
    """What is free on `host` when `claims` (CPUs, bytes of memory) are taken."""
    facts = host.agent.facts
    return Candidate(
        host=host,
        cpu_free=int(facts.cpu_count * host.cpu_ratio) - claims[0],
        memory_free_bytes=facts.memory_bytes - host.memory_reserved_bytes - claims[1],
    )


def choose_host(wish: Wish, is_connected: Callable[[str], bool]) -> HostRow:
    """The host with the most free memory that passes all checks; within a write.

    Raises NoResources naming the first check that no host passed.
    """
    query = HostRow.select().where(HostRow.cluster == wish.cluster_id)
    if wish.host_id is not None:
        query = query.where(HostRow.id == wish.host_id)
    hosts = list(query)
    if not hosts:
        raise NoResources("placement.no_hosts", field="host_id" if wish.host_id else None)
    enabled = [host for host in hosts if host.state == State.ENABLED]
    if not enabled:
        raise NoResources("placement.none_enabled", count=len(hosts))
    connected = [host for host in enabled if is_connected(host.id)]
    if not connected:
        raise NoResources("placement.none_connected", count=len(enabled))
    claims = claims_by_host([host.id for host in connected])
    candidates = [candidate(host, claims.get(host.id, (0, 0))) for host in connected]
    with_cpu = [item for item in candidates if item.cpu_free >= wish.cpu_count]
    if not with_cpu:
        raise _no_cpu(wish, candidates)
    fitting = [item for item in with_cpu if item.memory_free_bytes >= wish.memory_bytes]
    if not fitting:
        raise _no_memory(wish, with_cpu)
    return max(fitting, key=lambda item: item.memory_free_bytes).host


def _no_cpu(wish: Wish, candidates: list[Candidate]) -> ApiError:
    best = max(candidates, key=lambda item: item.cpu_free)
    return NoResources(
        "placement.no_cpu",
        count=len(candidates),
        needed=wish.cpu_count,
        free=best.cpu_free,
        host=best.host.name,
        ratio=best.host.cpu_ratio,
    )


def _no_memory(wish: Wish, candidates: list[Candidate]) -> ApiError:
    best = max(candidates, key=lambda item: item.memory_free_bytes)
    return NoResources(
        "placement.no_memory",
        count=len(candidates),
        needed_bytes=wish.memory_bytes,
        free_bytes=best.memory_free_bytes,
        reserved_bytes=best.host.memory_reserved_bytes,
        host=best.host.name,
    )
