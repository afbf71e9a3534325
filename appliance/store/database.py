"""The store: one writer thread that groups commits, and threads that only read."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import peewee
import structlog

from appliance.protocol.errors import Unavailable
from appliance.protocol.events import Change
from appliance.store import feed as feeds
from appliance.store import guards
from appliance.store.encoded import EncodedCache
from appliance.store.fields import database
from appliance.store.guards import Guard
from appliance.store.kinds import Kinds
from appliance.store.migrations import migrate, take_over

T = TypeVar("T")

GROUP_LIMIT = 200  # closures in one commit
READERS = 3
TRIM_EVERY = 5000  # commits between trims of the feed

log = structlog.get_logger()


class Transaction:
    """What a write closure works with: it notes which resources changed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.touched: dict[tuple[str, str], Any] = {}
        self.after_commit: list[Callable[[], None]] = []

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Run one statement: for hot paths, where building a query costs more than running it."""
        return self._connection.execute(sql, values)

    def touch(self, kind: str, ref: str) -> None:
        """A resource was made, changed or deleted: its new content goes into the feed."""
        self.touched[kind, ref] = None

    def put(self, kind: str, ref: str, content: Any) -> None:
        """Like `touch`, by somebody who has the new content at hand and saves us reading it."""
        self.touched[kind, ref] = content

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the event loop once the transaction is on the disk."""
        self.after_commit.append(callback)


@dataclass
class _Work:
    closure: Callable[[Transaction], Any]
    future: asyncio.Future[Any]
    result: Any = None
    guards: Sequence[Guard] = ()
    error: BaseException | None = None
    callbacks: Sequence[Callable[[], None]] = ()


class Store:
    """Access to the database of one management node.

    All writes go through one thread, many closures to a commit; a closure that raises is
    rolled back alone. Futures resolve and the feed is published after the commit only.
    """

    def __init__(self, path: Path, kinds: Kinds, *, node_id: str = "node") -> None:
        self.kinds = kinds
        self.feed = feeds.Feed(kinds)
        self.encoded = EncodedCache(is_live=kinds.is_live)
        self.node_id = node_id
        self.epoch = 0  # of this node; grows with each start
        self.fenced = asyncio.Event()  # set when a newer node has taken the database over
        self._path = path
        self._database = peewee.SqliteDatabase(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                "busy_timeout": 10_000,
            },
        )
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(
            READERS, thread_name_prefix="store-reader", initializer=self._prepare_reader
        )
        self._writer: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Bring the database to the present version and start the threads.

        Raises MigrationFailed; the database is then as it was.
        """
        self._loop = asyncio.get_running_loop()
        database.initialize(self._database)
        await asyncio.to_thread(migrate, self._path)
        self.epoch = await asyncio.to_thread(take_over, self._path, self.node_id)
        self._writer = threading.Thread(target=self._write_forever, name="store-writer")
        self._writer.start()
        self.feed.published = (await self.read(feeds.bounds))[1]

    async def stop(self) -> None:
        """Finish what is queued and close the database."""
        if self._writer is not None:
            self._work.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        await asyncio.to_thread(self._readers.shutdown)

    async def write(self, closure: Callable[[Transaction], T]) -> T:
        """Run `closure` in a transaction; its changes are on the disk when this returns.

        Whatever the closure raises is raised here and nothing of it is kept.
        """
        assert self._loop is not None
        future: asyncio.Future[T] = self._loop.create_future()
        self._work.put(_Work(closure, future, guards=guards.take()))
        return await future

    async def read(self, closure: Callable[[], T]) -> T:
        """Run `closure` in a reader thread on one consistent snapshot."""
        assert self._loop is not None
        return await self._loop.run_in_executor(self._readers, self._read_snapshot, closure)

    def _prepare_reader(self) -> None:
        self._database.connect(reuse_if_open=True)
        self._database.execute_sql("PRAGMA query_only = 1")

    def _read_snapshot(self, closure: Callable[[], T]) -> T:
        with self._database.atomic("DEFERRED"):
            return closure()

    def _write_forever(self) -> None:
        self._database.connect(reuse_if_open=True)
        feeds.watch_owners(self.kinds)
        commits = 0
        stopping = False
        while not stopping:
            batch, stopping = self._next_batch()
            if batch:
                self._commit(batch)
                commits += 1
                if commits % TRIM_EVERY == 0:
                    with self._database.atomic():
                        feeds.trim()
        self._database.close()

    def _next_batch(self) -> tuple[list[_Work], bool]:
        batch: list[_Work] = []
        item = self._work.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= GROUP_LIMIT:
                return batch, False
            try:
                item = self._work.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[_Work]) -> None:
        try:
            changes = self._commit_together(batch)
        except BaseException as error:
            if len(batch) > 1:  # nobody shall fail for another one's fault
                log.warning("commit_divided", closures=len(batch), error=str(error))
                for work in batch:
                    self._commit([work])
                return
            log.exception("commit_failed")
            batch[0].error = error
            changes = []
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._deliver, batch, changes)

    def _commit_together(self, batch: list[_Work]) -> list[Change]:
        touched: dict[tuple[str, str], Any] = {}
        with self._database.atomic("IMMEDIATE"):
            self._check_fence()
            for work in batch:
                self._run(work, touched)
            return feeds.append(self.kinds.encoded(touched))

    def _check_fence(self) -> None:
        """Has this node begun anew elsewhere, or is it lost for others? Then nothing goes in."""
        row = self._database.execute_sql(
            "SELECT epoch FROM management_node WHERE id = ?", (self.node_id,)
        ).fetchone()
        if row is None or row[0] != self.epoch:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self.fenced.set)
            raise Unavailable("node.fenced")

    def _run(self, work: _Work, touched: dict[tuple[str, str], Any]) -> None:
        """Run one closure; what it touched is rendered once for the whole commit."""
        connection = self._database.connection()
        transaction = Transaction(connection)
        work.error, work.callbacks = None, ()
        connection.execute("SAVEPOINT closure")
        try:
            for guard in work.guards:
                guard.before(transaction)
            work.result = work.closure(transaction)
            for guard in work.guards:
                guard.after(transaction, work.result)
        except BaseException as error:  # handed to the caller of write
            connection.execute("ROLLBACK TO closure")
            work.error = error
            return
        finally:
            connection.execute("RELEASE closure")
        touched |= transaction.touched
        work.callbacks = transaction.after_commit

    def _deliver(self, batch: list[_Work], changes: list[Change]) -> None:
        self.encoded.note(changes)
        self.feed.publish(changes)
        for work in batch:
            for callback in work.callbacks:
                callback()
            if work.future.done():
                continue
            if work.error is not None:
                work.future.set_exception(work.error)
            else:
                work.future.set_result(work.result)
