"""The store: groups commits, rolls back alone, publishes after the commit, keeps the feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.engine.models import JOB_KIND, CleanupRow
from appliance.store import feed
from appliance.store.database import Store, Transaction
from appliance.store.kinds import Kinds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kinds = Kinds()
    kinds.add(JOB_KIND)
    store = Store(tmp_path / "test.db", kinds)
    await store.start()
    yield store
    await store.stop()


def add(ref: str) -> None:
    CleanupRow.create(id=ref, job_id="j", step="s", attempts=1, next_at=0)


async def test_a_failing_closure_is_rolled_back_alone(store: Store) -> None:
    def bad(tx: Transaction) -> None:
        add("bad")
        raise ValueError("no")

    results = await asyncio.gather(
        store.write(lambda tx: add("one")),
        store.write(bad),
        store.write(lambda tx: add("two")),
        return_exceptions=True,
    )
    assert isinstance(results[1], ValueError)
    kept = await store.read(lambda: sorted(row.id for row in CleanupRow.select()))
    assert kept == ["one", "two"]


async def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match="readonly"):
        await store.read(lambda: add("x"))


async def test_every_touch_reaches_subscribers_in_order_and_can_be_replayed(store: Store) -> None:
    with store.feed.subscribe() as changes:
        for number in range(5):
            await store.write(lambda tx, number=number: tx.touch("job", str(number)))
        seen = [await anext(changes) for _ in range(5)]
    assert [change.seq for change in seen] == [1, 2, 3, 4, 5]
    assert all(change.action == "delete" for change in seen)
    assert await store.read(lambda: [change.id for change in feed.replay(3)]) == ["3", "4"]


async def test_a_resource_that_cannot_be_shown_fails_its_own_writer_only(store: Store) -> None:
    def broken(tx: Transaction) -> None:
        add("broken")
        tx.touch("no such kind", "x")

    results = await asyncio.gather(
        store.write(lambda tx: add("one")),
        store.write(broken),
        store.write(lambda tx: add("two")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), KeyError, type(None)]
    kept = await store.read(lambda: sorted(row.id for row in CleanupRow.select()))
    assert kept == ["one", "two"]


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    for number in range(2):
        store = Store(tmp_path / "again.db", Kinds())
        await store.start()
        await store.write(lambda tx, number=number: add(f"row {number}"))
        await store.stop()
    store = Store(tmp_path / "again.db", Kinds())
    await store.start()
    assert await store.read(lambda: CleanupRow.select().count()) == 2
    await store.stop()
