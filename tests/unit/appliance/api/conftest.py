"""The API on a store of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.store.database import Store
from tests.unit.appliance.api.harness import Api, empty_kinds
from tests.unit.appliance.api.served import Served, serve


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    store = Store(tmp_path / "api.db", empty_kinds())
    api = Api(store)
    await store.start()
    yield api
    await store.stop()


@pytest.fixture
async def served(api: Api, tmp_path: Path) -> AsyncIterator[Served]:
    async with serve(api, tmp_path / "ca") as served:
        yield served
