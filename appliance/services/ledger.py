"""Operations on the ledger: count all claims anew, and correct what does not agree."""

from __future__ import annotations

import structlog

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.results import (
    LedgerDifference,
    LedgerReport,
)
from appliance.services.parts import Parts
from appliance.services.tenancy.quotas import QUOTA_SOURCES
from appliance.store.database import Transaction

# How the claims of each unit are counted anew from the rows that make them.
SOURCES: ledger.Sources = {
    "cpu": (
        "SELECT host_id, SUM(cpu_count) FROM (SELECT host_id, cpu_count FROM vm UNION ALL "
        "SELECT host_id, cpu_count FROM vm_migration) WHERE host_id IS NOT NULL GROUP BY 1"
    ),
    "memory": (
        "SELECT host_id, SUM(memory_bytes) FROM (SELECT host_id, memory_bytes FROM vm UNION ALL "
        "SELECT host_id, memory_bytes FROM vm_migration) WHERE host_id IS NOT NULL GROUP BY 1"
    ),
    "disk": (
        "SELECT place, SUM(bytes) FROM ("
        "SELECT primary_storage_id || ':' || coalesce(host_id, '') place, size_bytes bytes "
        "FROM volume WHERE primary_storage_id IS NOT NULL UNION ALL "
        "SELECT primary_storage_id || ':' || host_id, size_bytes FROM volume_copy UNION ALL "
        "SELECT place_id, used_bytes FROM snapshot) GROUP BY 1"
    ),
    "address": (
        "SELECT network_id, COUNT(*) FROM (SELECT network_id FROM nic UNION ALL "
        "SELECT network_id FROM elastic_ip) GROUP BY network_id"
    ),
    **QUOTA_SOURCES,
}

log = structlog.get_logger()


def install(parts: Parts) -> None:
    """Bind `ledger.check` and `ledger.recalculate`."""

    async def check(call: Call, _: q.Empty) -> LedgerReport:
        return _report(await parts.store.read(lambda: ledger.differences(SOURCES)), repaired=False)

    async def recalculate(call: Call, _: q.Empty) -> LedgerReport:
        def correct(tx: Transaction) -> list[ledger.Difference]:
            wrong = ledger.differences(SOURCES)
            ledger.repair(tx, wrong)
            return wrong

        wrong = await parts.store.write(correct)
        if wrong:
            log.error("ledger_repaired", differences=len(wrong))
        return _report(wrong, repaired=True)

    parts.registry.bind("ledger.check", check)
    parts.registry.bind("ledger.recalculate", recalculate)


def _report(found: list[ledger.Difference], *, repaired: bool) -> LedgerReport:
    return LedgerReport(
        differences=[
            LedgerDifference(
                holder=item.holder, unit=item.unit, kept=item.kept, counted=item.counted
            )
            for item in found
        ],
        repaired=repaired and bool(found),
    )
