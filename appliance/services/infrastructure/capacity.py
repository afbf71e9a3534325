"""How much VMs may claim of a host: the host's own limits, its cluster's, the global settings'.

Capacity follows from facts and limits alone, so that taking a change back restores the numbers.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from appliance.engine import ledger
from appliance.engine.settings import Settings
from appliance.protocol.hosts import ClusterUpdate, HostUpdate
from appliance.services.infrastructure.models import ClusterRow, HostRow
from appliance.services.settings import HOST_CPU_RATIO, HOST_MEMORY_RATIO
from appliance.store import rows
from appliance.store.database import Transaction
from hostagent.protocol.facts import HostFacts

MEMORY_RESERVED_BYTES = 1024**3
LIMITS = ("cpu_ratio", "memory_ratio", "memory_reserved_bytes")


class Limits:
    """What holds for hosts; all within a write."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def holding(self, cluster: ClusterRow, facts: HostFacts) -> dict[str, Any]:
        """What holds for a host of a cluster that has no limits of its own."""
        fallback = {
            "cpu_ratio": self._settings.get(HOST_CPU_RATIO),
            "memory_ratio": self._settings.get(HOST_MEMORY_RATIO),
            "memory_reserved_bytes": reserved_memory(facts),
        }
        return {name: _first(getattr(cluster, name), fallback[name]) for name in LIMITS}

    def apply(self, tx: Transaction, row: HostRow, cluster: ClusterRow | None = None) -> bool:
        """Let a host follow its limits; returns whether what holds for it is another thing now."""
        given = self.holding(cluster or row.cluster, row.agent.facts)
        changed = False
        for name in LIMITS:
            value = _first(getattr(row, f"own_{name}"), given[name])
            if getattr(row, name) != value:
                setattr(row, name, value)
                changed = True
        rows.save_changes(tx, row)
        note_capacity(tx, row)
        return changed

    def apply_all(self, tx: Transaction) -> None:
        """Let all hosts follow their limits; clients hear of those that changed."""
        for row in HostRow.select():
            if self.apply(tx, row):
                tx.touch("host", row.id)

    def change_host(self, tx: Transaction, row: HostRow, request: HostUpdate) -> None:
        """Give a host limits of its own, or take them away."""
        for name in LIMITS:
            value = getattr(request, name)
            if value is not UNSET:
                setattr(row, f"own_{name}", value)
        self.apply(tx, row)

    def change_cluster(self, tx: Transaction, cluster: ClusterRow, request: ClusterUpdate) -> None:
        """Change what a cluster's hosts follow."""
        for name in LIMITS:
            value = getattr(request, name)
            if value is not UNSET:
                setattr(cluster, name, value)
        for row in HostRow.select().where(HostRow.cluster == cluster.id):
            if self.apply(tx, row, cluster):
                tx.touch("host", row.id)


def note_capacity(tx: Transaction, row: HostRow) -> None:
    """What VMs may claim of a host, from its facts and what holds for it."""
    facts = row.agent.facts
    memory_bytes = int(facts.memory_bytes * row.memory_ratio) - row.memory_reserved_bytes
    ledger.set_capacity(tx, row.id, "cpu", int(facts.cpu_count * row.cpu_ratio))
    ledger.set_capacity(tx, row.id, "memory", memory_bytes)


def reserved_memory(facts: HostFacts) -> int:
    """Memory in bytes that VMs may not claim: 1 GiB, but at most a quarter of a small host."""
    return min(MEMORY_RESERVED_BYTES, facts.memory_bytes // 4)


def _first(own: Any, otherwise: Any) -> Any:
    return otherwise if own is None else own
