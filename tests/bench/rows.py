"""Machines by the hundred thousand, copied into the database of a service that is down."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from appliance.protocol.ids import new_id

# Without a host: a host that connects would correct machines that it does not know.
STATES = ("stopped",) * 6 + ("destroyed",) * 3 + ("error",)
MAC_PREFIX = "0a:be"
DAY_MS = 24 * 3600 * 1000

Row = dict[str, Any]


def database_of(state: Path) -> Path:
    """The database file of a service."""
    return state / "service" / "anyun.db"


def copy_machines(state: Path, count: int, seed: int = 1) -> dict[str, list[str]]:
    """Copy the one machine that is there `count` times, each with its own NIC and volume.

    The copies differ in name, age, size and state; returns their ids by state. Whatever columns
    the tables have are copied, so that later migrations do no harm here.
    """
    choose = random.Random(seed)
    with closing(sqlite3.connect(database_of(state))) as connection, connection:
        connection.row_factory = sqlite3.Row
        vm = _one(connection, "SELECT * FROM vm LIMIT 1", ())
        nic = _one(connection, "SELECT * FROM nic WHERE vm_id = ?", (vm["id"],))
        volume = _one(connection, "SELECT * FROM volume WHERE vm_id = ?", (vm["id"],))
        vms = [_variant(vm, number, choose) for number in range(count)]
        ids = [row["id"] for row in vms]
        _insert(connection, "vm", iter(vms))
        _insert(connection, "nic", _nics(nic, ids))
        _insert(connection, "volume", _volumes(volume, ids))
    found: dict[str, list[str]] = {}
    for row in vms:
        found.setdefault(row["state"], []).append(row["id"])
    return found


def count_rows(state: Path) -> dict[str, int]:
    """How many rows each table has now; the service may run."""
    with closing(sqlite3.connect(database_of(state), timeout=30)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = [name for (name,) in names]
        return {
            name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
            for name in tables
        }


def average_row_bytes(state: Path) -> int:
    """How large the feed's entries are, of which most of what is written consists."""
    with closing(sqlite3.connect(database_of(state), timeout=30)) as connection:
        (found,) = connection.execute("SELECT AVG(LENGTH(data)) FROM feed").fetchone()
    return int(found or 0)


def ends_of_jobs(state: Path) -> Counter[str]:
    """How often the feed has told of the end of each job."""
    sql = (
        "SELECT ref, COUNT(*) FROM feed WHERE kind = 'job' AND action = 'put' AND "
        "json_extract(data, '$.state') IN ('succeeded', 'failed', 'cancelled') GROUP BY ref"
    )
    with closing(sqlite3.connect(database_of(state), timeout=30)) as connection:
        return Counter(dict(connection.execute(sql).fetchall()))


def told_as(state: Path, vm_state: str) -> set[str]:
    """Machines of which the feed ever said that they are in this state."""
    sql = (
        "SELECT DISTINCT ref FROM feed WHERE kind = 'vm' AND action = 'put' "
        "AND json_extract(data, '$.state') = ?"
    )
    with closing(sqlite3.connect(database_of(state), timeout=30)) as connection:
        return {ref for (ref,) in connection.execute(sql, (vm_state,))}


def _variant(vm: Row, number: int, choose: random.Random) -> Row:
    state = choose.choice(STATES)
    changed = {
        "id": new_id(),
        "name": f"web-{number:06}",
        "host_id": None,
        "state": state,
        "cpu_count": choose.choice((1, 2, 4, 8)),
        "memory_bytes": choose.choice((1, 2, 4, 8, 16)) * 1024**3,
        "created_at": vm["created_at"] - choose.randrange(365 * DAY_MS),
        "started_at": None,
        "destroyed_at": vm["created_at"] if state == "destroyed" else None,
    }
    return vm | changed


def _nics(nic: Row, vm_ids: list[str]) -> Iterator[Row]:
    """Addresses far above those that the service gives out itself."""
    for number, vm_id in enumerate(vm_ids):
        tail = ":".join(f"{number >> shift & 0xFF:02x}" for shift in (24, 16, 8, 0))
        yield nic | {
            "id": new_id(),
            "vm_id": vm_id,
            "mac": f"{MAC_PREFIX}:{tail}",
            "address": nic["address"] + 1000 + number,
        }


def _volumes(volume: Row, vm_ids: list[str]) -> Iterator[Row]:
    for vm_id in vm_ids:
        yield volume | {"id": new_id(), "vm_id": vm_id, "status": "ready"}


def _one(connection: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> Row:
    return dict(connection.execute(sql, values).fetchone())


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    """Generated columns cannot be written, and are none of these."""
    first = next(rows)
    names = ", ".join(f'"{name}"' for name in first)
    marks = ", ".join(f":{name}" for name in first)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
    connection.execute(sql, first)
    connection.executemany(sql, rows)
