"""A node that another one has replaced cannot write any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.engine.models import CLEANUP_KIND, CleanupRow
from appliance.protocol.errors import Unavailable
from appliance.store.database import Store
from appliance.store.kinds import Kinds


def make(path: Path) -> Store:
    kinds = Kinds()
    kinds.add(CLEANUP_KIND)
    return Store(path, kinds)


def add(ref: str) -> None:
    CleanupRow.create(id=ref, job_id="", step="", attempts=1, next_at=0, data={})


async def test_only_the_newest_node_writes(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first, second = make(path), make(path)
    try:
        await first.start()
        await first.write(lambda tx: add("first"))
        await second.start()
        assert second.epoch == first.epoch + 1
        with pytest.raises(Unavailable) as caught:
            await first.write(lambda tx: add("late"))
        assert caught.value.code == "node.fenced"
        assert first.fenced.is_set()
        await second.write(lambda tx: add("second"))
        kept = await second.read(lambda: sorted(row.id for row in CleanupRow.select()))
        assert kept == ["first", "second"]
    finally:
        await first.stop()
        await second.stop()
