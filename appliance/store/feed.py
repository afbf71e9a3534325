"""The change feed: kept in the database with each commit, handed to subscribers after it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec
import peewee

from appliance.protocol.events import Change
from appliance.store.fields import BaseModel, now_ms

KEEP_CHANGES = 100_000
QUEUE_LIMIT = 10_000


class FeedEntry(BaseModel):
    """One change as kept."""

    seq = peewee.AutoField()
    kind = peewee.TextField()
    ref = peewee.TextField()
    action = peewee.TextField()
    data = peewee.TextField()
    at = peewee.IntegerField()

    class Meta:
        table_name = "feed"


class SlowReader(Exception):
    """A subscriber did not keep up and was cut off; it resumes with `since`."""


class Feed:
    """Hands committed changes to subscribers, in order."""

    def __init__(self) -> None:
        self._subscribers: set[asyncio.Queue[Change | None]] = set()

    def publish(self, changes: Iterable[Change]) -> None:
        """Give `changes` to all subscribers; call in the loop, after the commit."""
        batch = list(changes)
        for queue in list(self._subscribers):
            if queue.qsize() + len(batch) > QUEUE_LIMIT:
                self._subscribers.discard(queue)
                queue.put_nowait(None)
                continue
            for change in batch:
                queue.put_nowait(change)

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[AsyncIterator[Change]]:
        """Changes from now on. The iterator raises SlowReader when it fell too far behind."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._subscribers.add(queue)
        try:
            yield _drain(queue)
        finally:
            self._subscribers.discard(queue)


async def _drain(queue: asyncio.Queue[Change | None]) -> AsyncIterator[Change]:
    while True:
        change = await queue.get()
        if change is None:
            raise SlowReader
        yield change


def append(contents: Iterable[tuple[str, str, bytes | None]]) -> list[Change]:
    """Write changes (kind, id, encoded content or None if deleted) into the feed."""
    newest = bounds()[1]
    changes = []
    for seq, (kind, ref, body) in enumerate(contents, newest + 1):
        action = "delete" if body is None else "put"
        data = msgspec.Raw(b"null" if body is None else body)
        changes.append(Change(seq=seq, kind=kind, id=ref, action=action, data=data))
    at = now_ms()
    rows = [(c.seq, c.kind, c.id, c.action, bytes(c.data).decode(), at) for c in changes]
    connection = FeedEntry._meta.database.connection()  # type: ignore[attr-defined]
    connection.executemany(
        "INSERT INTO feed (seq, kind, ref, action, data, at) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    return changes


def bounds() -> tuple[int, int]:
    """Oldest and newest sequence number that are kept; (1, 0) when there are none."""
    database = FeedEntry._meta.database  # type: ignore[attr-defined]
    cursor = database.execute_sql("SELECT (SELECT MIN(seq) FROM feed), (SELECT MAX(seq) FROM feed)")
    oldest, newest = cursor.fetchone()
    return (oldest or 1, newest or 0)


def replay(since: int, limit: int = 1000) -> list[Change]:
    """Kept changes after `since`, oldest first."""
    query = FeedEntry.select().where(FeedEntry.seq > since).order_by(FeedEntry.seq).limit(limit)
    return [
        Change(
            seq=row.seq,
            kind=row.kind,
            id=row.ref,
            action="put" if row.action == "put" else "delete",
            data=msgspec.Raw(row.data.encode()),
        )
        for row in query
    ]


def trim() -> None:
    """Forget changes beyond the number that is kept."""
    newest = bounds()[1]
    FeedEntry.delete().where(FeedEntry.seq <= newest - KEEP_CHANGES).execute()
