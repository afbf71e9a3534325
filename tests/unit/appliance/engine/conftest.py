"""A store with the engine's own kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.engine.models import CLEANUP_KIND, JOB_KIND
from appliance.store.database import Store
from appliance.store.kinds import Kinds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kinds = Kinds()
    kinds.add(JOB_KIND)
    kinds.add(CLEANUP_KIND)
    store = Store(tmp_path / "test.db", kinds)
    await store.start()
    yield store
    await store.stop()
