"""Accounts and sessions on a store of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import profiles

from appliance.services.identity import passwords
from appliance.store.database import Store
from appliance.store.kinds import Kinds
from tests.unit.appliance.services.identity.logins import Logins


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the tests of passwords themselves need hashes that are as dear as real ones."""
    if request.module.__name__.rpartition(".")[2] != "test_passwords":
        monkeypatch.setattr(passwords.profiles, "RFC_9106_LOW_MEMORY", profiles.CHEAPEST)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "identity.db", Kinds())
    await store.start()
    yield store
    await store.stop()


@pytest.fixture
async def logins(store: Store) -> Logins:
    return Logins(store)
