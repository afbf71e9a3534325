"""Quotas: how much an account may have, exact within the write that takes more."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol import tenancy as t
from appliance.protocol.errors import NoResources
from appliance.services.common import find
from appliance.services.identity.models import AccountRow
from appliance.services.parts import Parts
from appliance.store.database import Transaction

GiB, TiB = 1024**3, 1024**4
# What a new tenant gets.
DEFAULTS: dict[str, int] = {
    "vm": 20,
    "vm_running": 20,
    "cpu": 80,
    "memory": 80 * GiB,
    "data_volume": 40,
    "volume_bytes": 10 * TiB,
    "image": 20,
    "image_bytes": 10 * TiB,
    "elastic_ip": 20,
    "snapshot": 200,
}
# How usage is counted anew: as the triggers of 0009_quotas.sql,
# 0019_elastic_ips.sql and 0029_volumes.sql do.
_ALIVE = "state NOT IN ('destroyed', 'expunging')"
QUOTA_SOURCES: ledger.Sources = {
    "quota.vm": f"SELECT owner_id, COUNT(*) FROM vm WHERE {_ALIVE} GROUP BY 1",  # noqa: S608
    "quota.vm_running": "SELECT owner_id, COUNT(host_id) FROM vm GROUP BY 1",
    "quota.cpu": "SELECT owner_id, SUM(cpu_count) FROM vm WHERE host_id IS NOT NULL GROUP BY 1",
    "quota.memory": (
        "SELECT owner_id, SUM(memory_bytes) FROM vm WHERE host_id IS NOT NULL GROUP BY 1"
    ),
    "quota.data_volume": (
        "SELECT owner_id, COUNT(*) FROM volume WHERE kind <> 'root' "
        "AND status NOT IN ('deleted', 'expunging') GROUP BY 1"
    ),
    "quota.volume_bytes": "SELECT owner_id, SUM(size_bytes) FROM volume GROUP BY 1",
    "quota.image": "SELECT owner_id, COUNT(*) FROM image GROUP BY 1",
    "quota.image_bytes": (
        "SELECT owner_id, SUM(IIF(size_bytes > 0, size_bytes, expected_size_bytes)) "
        "FROM image GROUP BY 1"
    ),
    "quota.elastic_ip": "SELECT owner_id, COUNT(*) FROM elastic_ip GROUP BY 1",
    "quota.snapshot": (
        "SELECT owner_id, COUNT(*) FROM snapshot WHERE status <> 'hidden' GROUP BY 1"
    ),
}
SIZES = frozenset({"memory", "volume_bytes", "image_bytes"})


class Quotas:
    """Limits and usage of accounts; kept in the ledger, whose holder is the account."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        parts.registry.bind("quota.usage", self._usage)
        parts.registry.bind("quota.get", self._get)
        parts.registry.bind("quota.update", self._update)

    async def _usage(self, call: Call, _: q.Empty) -> t.Quotas:
        return await self._store.read(lambda: quotas_of(call.caller.account_id))

    async def _get(self, call: Call, _: q.Empty) -> t.Quotas:
        def read() -> t.Quotas:
            find(AccountRow, call.target, "account")
            return quotas_of(call.target)

        return await self._store.read(read)

    async def _update(self, call: Call, request: t.QuotaUpdate) -> t.Quotas:
        def update(tx: Transaction) -> t.Quotas:
            find(AccountRow, call.target, "account")
            ledger.set_capacity(tx, call.target, unit_of(request.name), request.value)
            return quotas_of(call.target)

        return await self._store.write(update)


def unit_of(name: str) -> str:
    """The unit in the ledger."""
    return f"quota.{name}"


def give_defaults(tx: Transaction, account_id: str) -> None:
    """The limits of a new tenant."""
    for name, limit in DEFAULTS.items():
        ledger.set_capacity(tx, account_id, unit_of(name), limit)


def quotas_of(account_id: str) -> t.Quotas:
    """Limits and usage of an account; within a read or write. Without a line: no limit."""
    items = []
    for name in DEFAULTS:
        usage = ledger.usage_or_none(unit_of(name), account_id)
        items.append(
            t.Quota(
                name=name,
                limit=t.UNLIMITED if usage is None else usage.capacity,
                used=0 if usage is None else usage.claimed,
            )
        )
    return t.Quotas(account_id=account_id, items=items)


def check(account_id: str, asked: Mapping[str, int]) -> None:
    """Raises NoResources if `account_id` would get more than a limit; within a write.

    Must come before the rows that take it. What asks for nothing more is never refused, also
    after a limit was lowered below what is there.
    """
    for name, amount in asked.items():
        if amount <= 0:
            continue
        usage = ledger.usage_or_none(unit_of(name), account_id)
        if usage is None or usage.capacity == t.UNLIMITED or usage.free >= amount:
            continue
        if name not in SIZES:
            raise NoResources(
                "quota.exceeded",
                quota=name,
                limit=usage.capacity,
                used=usage.claimed,
                asked=amount,
            )
        raise NoResources(
            "quota.exceeded_bytes",
            quota=name,
            limit_bytes=usage.capacity,
            used_bytes=usage.claimed,
            asked_bytes=amount,
        )
