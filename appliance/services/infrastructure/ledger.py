"""The one place where claimed CPU and memory are counted: sums over the VMs on each host.

A claim is a virtual machine's row with its `host_id` set; writing it and checking the sum
happen in the one writer's transaction, so the count is exact and needs no recalculation.
The table is read by its SQL name because compute stands above infrastructure.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.services.infrastructure.models import HostRow


def claims_by_host(host_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """CPU count and memory in bytes that VMs claim on each host; hosts without VMs are absent."""
    if not host_ids:
        return {}
    marks = ",".join("?" * len(host_ids))
    cursor = HostRow._meta.database.execute_sql(  # type: ignore[attr-defined]
        "SELECT host_id, SUM(cpu_count), SUM(memory_bytes) FROM vm "  # noqa: S608 marks only
        f"WHERE host_id IN ({marks}) GROUP BY host_id",
        tuple(host_ids),
    )
    return {host_id: (int(cpus), int(memory)) for host_id, cpus, memory in cursor}
