"""The change feed: kept in the database with each commit, handed to subscribers after it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec
import peewee

from appliance.protocol.events import Change
from appliance.store.fields import BaseModel, now_ms, tuples

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


def append(kind: str, ref: str, data: bytes | None) -> Change:
    """Write one change into the feed of the current transaction; None means deleted."""
    action = "delete" if data is None else "put"
    body = b"null" if data is None else data
    seq = FeedEntry.insert(
        kind=kind, ref=ref, action=action, data=body.decode(), at=now_ms()
    ).execute()
    return Change(seq=seq, kind=kind, id=ref, action=action, data=msgspec.Raw(body))


def bounds() -> tuple[int, int]:
    """Oldest and newest sequence number that are kept; (1, 0) when there are none."""
    query = FeedEntry.select(peewee.fn.MIN(FeedEntry.seq), peewee.fn.MAX(FeedEntry.seq))
    oldest, newest = tuples(query)[0]
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
