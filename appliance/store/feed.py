"""The change feed: kept in the database with each commit, handed to subscribers after it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec
import peewee

from appliance.protocol.events import Change
from appliance.store.broadcast import Broadcast, SlowReader
from appliance.store.fields import BaseModel, now_ms
from appliance.store.kinds import Kinds

__all__ = ["Entry", "Feed", "FeedEntry", "SlowReader", "append", "bounds", "replay", "trim"]

KEEP_CHANGES = 100_000
QUEUE_LIMIT = 10_000


class FeedEntry(BaseModel):
    """One change as kept. `owner` is the account of what changed; NULL is infrastructure."""

    seq = peewee.AutoField()
    kind = peewee.TextField()
    ref = peewee.TextField()
    action = peewee.TextField()
    data = peewee.TextField()
    at = peewee.IntegerField()
    owner = peewee.TextField(null=True)

    class Meta:
        table_name = "feed"


class Entry(Change, kw_only=True, frozen=True):
    """A change and whose it is, which decides who is told and is not told itself."""

    owner: str | None = None


class Feed:
    """Hands committed changes to subscribers, in order.

    Parts of the service `subscribe`, each with a queue of its own; clients read `broadcast`.
    """

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._subscribers: set[asyncio.Queue[Change | None]] = set()
        self.broadcast: Broadcast[Entry] = Broadcast(QUEUE_LIMIT)
        self.published = 0  # the newest change that subscribers have been given

    def publish(self, changes: Iterable[Change]) -> None:
        """Give `changes` to all subscribers; call in the loop, after the commit."""
        batch = list(changes)
        self.published = max([self.published, *(change.seq for change in batch)])
        for queue in list(self._subscribers):
            if queue.qsize() + len(batch) > QUEUE_LIMIT:
                self._subscribers.discard(queue)
                queue.put_nowait(None)
                continue
            for change in batch:
                queue.put_nowait(change)
        if self.broadcast.has_readers:
            self.broadcast.publish(map(self._owned, batch))

    def _owned(self, change: Change) -> Entry:
        """Passing changes, such as a job's progress, come without saying whose they are."""
        if isinstance(change, Entry):
            return change
        owner = self._kinds.owner_in(change.kind, bytes(change.data))
        return Entry(
            seq=change.seq,
            kind=change.kind,
            id=change.id,
            action=change.action,
            data=change.data,
            owner=owner,
        )

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


def watch_owners(kinds: Kinds) -> None:
    """Let the writer's connection remember whose the rows were that a transaction deletes.

    When the feed tells of a deletion, the row that names the owner is gone already.
    """
    database = FeedEntry._meta.database  # type: ignore[attr-defined]
    database.execute_sql("PRAGMA temp_store = memory")
    database.execute_sql(
        "CREATE TEMP TABLE gone (kind TEXT, ref TEXT, owner TEXT, PRIMARY KEY (kind, ref))"
    )
    for kind, table, key, owner in kinds.owned():
        values = f'(\'{kind}\', OLD."{key}", OLD."{owner}")'
        database.execute_sql(
            f'CREATE TEMP TRIGGER "gone_{kind}" AFTER DELETE ON main."{table}" BEGIN '  # noqa: S608
            f"INSERT OR REPLACE INTO gone VALUES {values}; END"
        )


def _owners_of_gone(connection: object) -> dict[tuple[str, str], str]:
    """Whose the rows were that this transaction has deleted; they are forgotten with this."""
    execute = connection.execute  # type: ignore[attr-defined]
    if not execute("SELECT 1 FROM sqlite_temp_master WHERE name = 'gone'").fetchone():
        return {}
    owners = {(kind, ref): owner for kind, ref, owner in execute("SELECT * FROM gone")}
    if owners:
        execute("DELETE FROM gone")
    return owners


def append(
    contents: Iterable[tuple[str, str, bytes | None, str | None]],
) -> list[Change]:
    """Write changes (kind, id, encoded content or None if deleted, owner) into the feed."""
    connection = FeedEntry._meta.database.connection()  # type: ignore[attr-defined]
    gone = _owners_of_gone(connection)
    newest = bounds()[1]
    changes: list[Change] = []
    for seq, (kind, ref, body, owner) in enumerate(contents, newest + 1):
        data = msgspec.Raw(b"null" if body is None else body)
        whose = gone.get((kind, ref)) if body is None else owner
        action = "delete" if body is None else "put"
        changes.append(Entry(seq=seq, kind=kind, id=ref, action=action, data=data, owner=whose))
    at = now_ms()
    rows = [
        (c.seq, c.kind, c.id, c.action, bytes(c.data).decode(), at, getattr(c, "owner", None))
        for c in changes
    ]
    connection.executemany(
        "INSERT INTO feed (seq, kind, ref, action, data, at, owner) VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    return changes


def bounds() -> tuple[int, int]:
    """Oldest and newest sequence number that are kept; (1, 0) when there are none."""
    database = FeedEntry._meta.database  # type: ignore[attr-defined]
    cursor = database.execute_sql("SELECT (SELECT MIN(seq) FROM feed), (SELECT MAX(seq) FROM feed)")
    oldest, newest = cursor.fetchone()
    return (oldest or 1, newest or 0)


def replay(since: int, limit: int = 1000) -> list[Entry]:
    """Kept changes after `since`, oldest first."""
    query = FeedEntry.select().where(FeedEntry.seq > since).order_by(FeedEntry.seq).limit(limit)
    return [
        Entry(
            seq=seq,
            kind=kind,
            id=ref,
            action="put" if action == "put" else "delete",
            data=msgspec.Raw(data.encode()),
            owner=owner,
        )
        for seq, kind, ref, action, data, _, owner in query.tuples().iterator()
    ]


def trim() -> None:
    """Forget changes beyond the number that is kept."""
    newest = bounds()[1]
    FeedEntry.delete().where(FeedEntry.seq <= newest - KEEP_CHANGES).execute()
