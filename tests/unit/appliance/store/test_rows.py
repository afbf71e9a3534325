"""Single rows are read and written by ready-made statements just as peewee would do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.engine.models import JOB_KIND, CleanupRow
from appliance.store import rows
from appliance.store.database import Store, Transaction
from appliance.store.kinds import Kinds

VALUES = {"job_id": "j", "step": "s", "attempts": 1, "next_at": 0, "resource_name": "none"}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kinds = Kinds()
    kinds.add(JOB_KIND)
    store = Store(tmp_path / "test.db", kinds)
    await store.start()
    yield store
    await store.stop()


async def test_a_row_is_read_as_peewee_reads_it(store: Store) -> None:
    await store.write(lambda tx: rows.insert(tx, CleanupRow(id="one", **VALUES)))

    def both() -> tuple[CleanupRow | None, CleanupRow]:
        return rows.one(CleanupRow, "one"), CleanupRow.get_by_id("one")

    found, expected = await store.read(both)
    assert found is not None
    assert found.__data__ == expected.__data__
    assert not found.dirty_fields


async def test_there_is_none_with_another_id(store: Store) -> None:
    assert await store.read(lambda: rows.one(CleanupRow, "one")) is None


async def test_only_what_was_set_is_written(store: Store) -> None:
    def change(tx: Transaction) -> None:
        rows.insert(tx, CleanupRow(id="one", **VALUES))
        row = rows.one(CleanupRow, "one")
        assert row is not None
        CleanupRow.update(resource_name="set by another").where(CleanupRow.id == "one").execute()
        row.attempts = 7
        rows.save_changes(tx, row)
        assert not row.dirty_fields
        rows.save_changes(tx, row)  # nothing is left to write

    await store.write(change)
    kept = await store.read(lambda: CleanupRow.get_by_id("one"))
    assert (kept.attempts, kept.resource_name) == (7, "set by another")
