"""Databases of each earlier version come forward whole; a migration that fails changes nothing.

The folder `old_rows` has what a cloud may have written into the tables that came with a version.
A new table needs rows there.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import peewee
import pytest

from appliance.engine import ledger
from appliance.services.ledger import SOURCES
from appliance.store.fields import database, tuples
from appliance.store.kinds import Kinds
from appliance.store.migrations import MigrationFailed, available, migrate, version
from hostagent.protocol.domain import DiskSpec
from hostagent.protocol.storage import StorageRef, VolumeRef
from tests.unit.appliance.api.cloud import kinds_of

ROWS = Path(__file__).with_name("old_rows")
NEWEST = available()[-1][0]
# What migrations fill by themselves from other tables, or SQLite keeps for itself.
DERIVED = {
    "ledger",
    "storage_place",
    "image_cache",
    "network_service",
    "fence",
    "sqlite_sequence",
    "sqlite_stat1",
}
REWRITTEN = {"cleanup": {"error", "data"}, "job": {"data"}, "image": {"kind"}}

Content = dict[str, dict[int, dict[str, Any]]]


@cache
def history() -> dict[int, bytes]:
    """The files of a database that was in use since the first version, as of each version."""
    found = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "growing.db"
        for step in range(1, NEWEST + 1):
            migrate(path, [item for item in available() if item[0] <= step])
            rows = ROWS / f"{step:04}.sql"
            if rows.exists():
                with closing(opened(path)) as connection:
                    connection.executescript(rows.read_text())
            found[step] = path.read_bytes()
    return found


@cache
def newest_schema() -> list[tuple[str, str, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        migrate(path)
        return schema(path)


def old_database(path: Path, number: int) -> None:
    """A database that was in use since the first version, as it was at version `number`."""
    path.write_bytes(history()[number])


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = on")
    return connection


def schema(path: Path) -> list[tuple[str, str, str]]:
    with closing(opened(path)) as connection:
        query = "SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2"
        return connection.execute(query).fetchall()


def content(path: Path) -> Content:
    """All rows by table and place in it."""
    found: Content = {}
    with closing(opened(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2').fetchall()
            found[table] = {place: dict(row) for place, row in enumerate(rows)}
    return found


@cache
def kinds(folder: Path) -> Kinds:
    return kinds_of(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.mark.parametrize("number", range(1, NEWEST))
def test_a_database_of_an_earlier_version_comes_forward_whole(
    tmp_path: Path, folder: Path, number: int
) -> None:
    path = tmp_path / "old.db"
    old_database(path, number)
    before = content(path)
    migrate(path)
    assert schema(path) == newest_schema()
    after = content(path)
    for table, rows in before.items():
        if table in DERIVED:
            continue
        assert len(rows) == len(after[table]), table
        for place, row in rows.items():
            kept = after[table][place]
            # A column may be dropped; what stays is what it was.
            same = row.keys() & kept.keys() - REWRITTEN.get(table, set())
            assert {name: kept[name] for name in same} == {name: row[name] for name in same}, table
    with closing(opened(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert_shown(path, kinds(folder))


def assert_shown(path: Path, all_kinds: Kinds) -> None:
    """Every row can be shown to clients, and the ledger agrees with the rows."""
    database.initialize(peewee.SqliteDatabase(str(path)))
    with database.connection_context():
        for name, kind in all_kinds.by_name.items():
            query = kind.model.select(kind.key)
            if kind.visible is not None:
                query = query.where(kind.visible())
            refs = [ref for (ref,) in tuples(query)]
            assert set(all_kinds.render_many(name, refs)) == set(refs), name
        assert ledger.differences(SOURCES) == []
    database.close()


def test_work_under_way_names_its_storage(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old_database(path, 29)
    migrate(path)
    with closing(opened(path)) as connection:
        rows = connection.execute(
            "SELECT id, data FROM job WHERE finished_at IS NULL UNION SELECT id, data FROM cleanup"
        )
        found = {ref: msgspec.json.decode(data) for ref, data in rows.fetchall()}
    storage = StorageRef(storage_id="ps", path="/disks")
    attaching = msgspec.convert(found["j-attaches"]["disk"], DiskSpec)
    assert attaching.volume == VolumeRef(volume_id="d-data", storage=storage)
    deleting = msgspec.convert(found["u-deletes"]["volume"], VolumeRef)
    assert deleting == VolumeRef(volume_id="d-gone", storage=storage)


def test_old_rows_leave_no_table_out(tmp_path: Path) -> None:
    path = tmp_path / "full.db"
    old_database(path, NEWEST)
    assert {table for table, rows in content(path).items() if not rows} - DERIVED == set()


def test_of_migrations_that_fail_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old_database(path, NEWEST - 1)
    before = (schema(path), content(path))
    good = (NEWEST, "good", "CREATE TABLE t (x); UPDATE zone SET name = 'changed';")
    bad = (NEWEST + 1, "bad", "CREATE TABLE u (x); INSERT INTO missing VALUES (1);")
    with pytest.raises(MigrationFailed, match=f"{NEWEST + 1} .bad.*missing"):
        migrate(path, [*available()[:-1], good, bad])
    assert (schema(path), content(path)) == before
    with closing(opened(path)) as connection:
        assert version(connection) == NEWEST - 1
    migrate(path)
    assert schema(path) != before[0] or content(path) != before[1]


def test_a_copy_of_the_old_database_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old_database(path, NEWEST - 1)
    before = (schema(path), content(path))
    migrate(path)
    copy = path.with_name(f"old.db.before-{NEWEST}")
    assert (schema(copy), content(copy)) == before


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _, _ in available()] == list(range(1, NEWEST + 1))
