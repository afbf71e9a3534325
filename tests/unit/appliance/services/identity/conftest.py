"""Accounts and sessions on a store of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.store.database import Store
from appliance.store.kinds import Kinds
from tests.unit.appliance.services.identity.logins import Logins


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "identity.db", Kinds())
    await store.start()
    yield store
    await store.stop()


@pytest.fixture
async def logins(store: Store) -> Logins:
    return Logins(store)
