"""Brings a database forward: numbered SQL files, each applied once, with a copy to go back to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib import resources
from pathlib import Path

import structlog

Migration = tuple[int, str, str]  # number, name, SQL

log = structlog.get_logger()


class MigrationFailed(Exception):
    """A migration could not be applied; the database is as it was."""


def available() -> list[Migration]:
    """All migrations: number, name and SQL, in order."""
    found = []
    for entry in resources.files("appliance.store").joinpath("schema").iterdir():
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            found.append((int(number), name, entry.read_text(encoding="utf-8")))
    return sorted(found)


def version(connection: sqlite3.Connection) -> int:
    """The number of the newest migration that `connection`'s database has."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(path: Path, migrations: Sequence[Migration] | None = None) -> None:
    """Apply what is missing to the database file at `path`; it is made if there is none.

    All that is missing is one transaction, so a failure, or the end of the process, leaves the
    database at the version that it had. For the way back to older software a copy of the file is
    kept before as `<name>.before-<number>`. Raises MigrationFailed naming the migration.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        present = version(connection)
        missing = [item for item in migrations or available() if item[0] > present]
        if missing and present:
            backup = path.with_name(f"{path.name}.before-{missing[0][0]}")
            backup.unlink(missing_ok=True)
            connection.execute("VACUUM INTO ?", (str(backup),))
        if missing:
            _apply(connection, missing)
    path.chmod(0o600)


def _apply(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for number, name, sql in migrations:
        try:
            for statement in _statements(sql):
                connection.execute(statement)
        except sqlite3.Error as error:
            connection.execute("ROLLBACK")
            raise MigrationFailed(f"migration {number} ({name}): {error}") from error
        connection.execute(f"PRAGMA user_version = {number:d}")
    connection.execute("COMMIT")
    for number, name, _ in migrations:
        log.info("migrated", name=name, number=number)


def _statements(sql: str) -> Iterator[str]:
    """The statements of a script. (`executescript` would commit before the first one.)"""
    statement = ""
    for piece in sql.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def take_over(path: Path, node_id: str) -> int:
    """Begin a new epoch of a node: what runs under earlier ones of it may not write any more."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE fence SET epoch = epoch + 1")
        epoch = int(connection.execute("SELECT epoch FROM fence").fetchone()[0])
        connection.execute(
            "INSERT INTO management_node (id, epoch) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch",
            (node_id, epoch),
        )
        return epoch
