"""What SQLite alone can do on this disk: rows in groups, each group one durable commit."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path


def commits_per_s(folder: Path, *, rows: int, row_bytes: int, group: int, seconds: float) -> float:
    """Submissions a second, of `rows` rows each, `group` submissions in a commit.

    The same settings as the service's: write-ahead log, synced at each commit.
    """
    text = "x" * row_bytes
    path = folder / "raw.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, data TEXT NOT NULL)")
        submissions = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO entry (data) VALUES (?)", ((text,) for _ in range(group * rows))
            )
            connection.execute("COMMIT")
            submissions += group
        rate = submissions / (time.perf_counter() - began)
    for left in folder.glob("raw.db*"):
        left.unlink()
    return rate
