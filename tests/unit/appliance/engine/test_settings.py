"""Settings keep to their types and ranges, survive restarts, and go back to their defaults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.engine.settings import Setting, Settings
from appliance.protocol.errors import InvalidInput, NotFound
from appliance.protocol.messages import WORDS
from appliance.services.settings import ALL
from appliance.store.database import Store
from appliance.store.kinds import Kinds

DAYS = Setting(name="days", default=30, lowest=1, highest=90, unit="days")
RATIO = Setting(name="ratio", default=1.0, lowest=0.1, highest=10)
POLICY = Setting(name="policy", default="delay", choices=("direct", "delay"))
SWITCH = Setting(name="switch", default=False)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "s.db", Kinds())
    await store.start()
    yield store
    await store.stop()


def settings_of(store: Store) -> Settings:
    settings = Settings(store)
    settings.declare(DAYS, RATIO, POLICY, SWITCH)
    return settings


async def test_changes_survive_and_can_be_taken_back(store: Store) -> None:
    settings = settings_of(store)
    assert settings.get(DAYS) == 30
    assert (await settings.change("days", 7)).value == 7
    assert settings.get(DAYS) == 7
    again = settings_of(store)
    await again.load()
    assert again.get(DAYS) == 7
    shown = await again.reset("days")
    assert (shown.value, shown.default, shown.unit) == (30, 30, "days")
    third = settings_of(store)
    await third.load()
    assert third.get(DAYS) == 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("days", value) for value in (0, 91, 7.5, "7", True)),
        *(("ratio", value) for value in (0.01, 11, "x", False)),
        *(("policy", value) for value in ("never", 1, "")),
        *(("switch", value) for value in (1, "yes")),
    ],
)
async def test_what_does_not_fit_is_refused(store: Store, name: str, value: Any) -> None:
    settings = settings_of(store)
    before = [item.value for item in settings.views()]
    with pytest.raises(InvalidInput) as caught:
        await settings.change(name, value)
    assert caught.value.field == "value"
    assert name in str(caught.value)
    assert [item.value for item in settings.views()] == before


async def test_whole_numbers_are_ratios_too(store: Store) -> None:
    settings = settings_of(store)
    assert (await settings.change("ratio", 2)).value == 2.0
    with pytest.raises(NotFound, match="nothing"):
        await settings.change("nothing", 1)


async def test_kept_values_that_do_not_fit_any_more_are_left_out(store: Store) -> None:
    await settings_of(store).change("days", 90)
    narrower = Settings(store)
    narrower.declare(Setting(name="days", default=5, lowest=1, highest=10))
    await narrower.load()
    assert [item.value for item in narrower.views()] == [5]


def test_every_setting_says_what_it_does_in_both_languages() -> None:
    assert [item.name for item in ALL if f"setting.{item.name}" not in WORDS] == []
