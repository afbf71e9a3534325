"""The ledger: what holders of capacity can give, and what is claimed of it.

A claim is an ordinary row that names its holder; triggers of the schema keep the sums in the
same transaction. So checks within a write are exact, and a recalculation from the rows always
gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.store.database import Transaction
from appliance.store.fields import database


@dataclass(frozen=True)
class Usage:
    """Capacity and claims of one holder in one unit (bytes, CPUs, addresses, …)."""

    capacity: int = 0
    claimed: int = 0

    @property
    def free(self) -> int:
        """What can still be claimed; negative after a ratio was lowered."""
        return self.capacity - self.claimed


@dataclass(frozen=True)
class Difference:
    """A sum that does not agree with the rows: a fault of ours."""

    holder: str
    unit: str
    kept: int
    counted: int


# For each unit, the query that counts its claims anew: (holder, claimed).
Sources = Mapping[str, str]


def set_capacity(tx: Transaction, holder: str, unit: str, capacity: int) -> None:
    """What `holder` can give from now on; claims stay as they are."""
    tx.execute(
        "INSERT INTO ledger (holder, unit, capacity, claimed) VALUES (?, ?, ?, 0) "
        "ON CONFLICT (holder, unit) DO UPDATE SET capacity = excluded.capacity",
        *(holder, unit, capacity),
    )


def forget(tx: Transaction, holder: str) -> None:
    """The holder is gone, and nothing claims anything of it."""
    tx.execute("DELETE FROM ledger WHERE holder = ?", holder)


def usage(unit: str, holders: Iterable[str]) -> dict[str, Usage]:
    """Capacity and claims by holder; within a read or write. Unknown holders have nothing."""
    wanted = list(holders)
    found: dict[str, Usage] = dict.fromkeys(wanted, Usage())
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ",".join("?" * len(part))
        rows = _execute(
            "SELECT holder, capacity, claimed FROM ledger "  # noqa: S608 marks only
            f"WHERE unit = ? AND holder IN ({marks})",
            (unit, *part),
        )
        found |= {holder: Usage(capacity, claimed) for holder, capacity, claimed in rows}
    return found


def usage_of(unit: str, holder: str) -> Usage:
    """Capacity and claims of one holder; within a read or write."""
    return usage(unit, [holder])[holder]


def usage_or_none(unit: str, holder: str) -> Usage | None:
    """Like `usage_of`, but None if the ledger has no line for the holder."""
    query = "SELECT capacity, claimed FROM ledger WHERE holder = ? AND unit = ?"
    row = _execute(query, (holder, unit)).fetchone()
    return Usage(*row) if row else None


def total(unit: str) -> Usage:
    """The sums over all holders of a unit; within a read or write."""
    sums = "SELECT COALESCE(SUM(capacity), 0), COALESCE(SUM(claimed), 0) FROM ledger WHERE unit = ?"
    return Usage(*next(iter(_execute(sums, (unit,)))))


def differences(sources: Sources) -> list[Difference]:
    """Count all claims anew; what the ledger has otherwise. Within a read or write."""
    found = []
    for unit, query in sources.items():
        counted = dict(_execute(query, ()))
        kept = dict(_execute("SELECT holder, claimed FROM ledger WHERE unit = ?", (unit,)))
        for holder in sorted(counted.keys() | kept.keys()):
            pair = kept.get(holder, 0), counted.get(holder, 0)
            if pair[0] != pair[1]:
                found.append(Difference(holder, unit, *pair))
    return found


def repair(tx: Transaction, wrong: Iterable[Difference]) -> None:
    """Set the sums to what the rows say."""
    for item in wrong:
        tx.execute(
            "UPDATE ledger SET claimed = ? WHERE holder = ? AND unit = ?",
            *(item.counted, item.holder, item.unit),
        )


def _execute(sql: str, values: tuple[object, ...]) -> Any:
    return database.execute_sql(sql, values)
