"""Global settings: each declared once with type, range and default; changed values are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import peewee

from appliance.protocol.errors import InvalidInput, NotFound
from appliance.protocol.results import (
    Setting as SettingView,
)
from appliance.store.database import Store, Transaction
from appliance.store.fields import BaseModel, now_ms, tuples

T = TypeVar("T", int, float, bool, str)


class SettingRow(BaseModel):
    """A setting that differs from its default; the value is JSON."""

    name = peewee.TextField(primary_key=True)
    value = peewee.TextField()
    changed_at = peewee.BigIntegerField()

    class Meta:
        table_name = "setting"


@dataclass(frozen=True, kw_only=True)
class Setting(Generic[T]):
    """One setting. Its texts are the words `setting.<name>` of the catalogue.

    Numbers have a lowest and highest value and a unit ("s", "days", "bytes", ""); texts have
    choices.
    """

    name: str
    default: T
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Its type, as clients call it."""
        return {bool: "boolean", int: "integer", float: "number"}.get(type(self.default), "text")

    def check(self, value: Any) -> T:
        """`value` as this setting's type; raises InvalidInput naming what may be given."""
        if isinstance(self.default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(self.default):
            raise self._refusal(value)
        if self.choices and value not in self.choices:
            raise self._refusal(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            too_low = self.lowest is not None and value < self.lowest
            if too_low or (self.highest is not None and value > self.highest):
                raise self._refusal(value)
        return value

    def _refusal(self, value: Any) -> InvalidInput:
        allowed = ", ".join(self.choices) or self.kind
        if self.lowest is not None:
            allowed += f" {self.lowest:g}-{self.highest:g} {self.unit}".rstrip()
        shown = msgspec.json.encode(value).decode()[:60]
        return InvalidInput(
            "setting.bad_value", field="value", name=self.name, value=shown, allowed=allowed
        )


class Settings:
    """The present values. Reading is cheap and may be done in any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Setting[Any]] = {}
        self._values: dict[str, Any] = {}
        self._watchers: dict[str, Callable[[], None]] = {}

    def declare(self, *settings: Setting[Any]) -> None:
        """Make settings known; each name once."""
        for setting in settings:
            if setting.name in self._known:
                raise ValueError(f"setting {setting.name} is declared twice")
            self._known[setting.name] = setting

    def on_change(self, setting: Setting[Any], callback: Callable[[], None]) -> None:
        """Call `callback` in the loop when a setting has got another value."""
        self._watchers[setting.name] = callback

    def get(self, setting: Setting[T]) -> T:
        """The value that holds now."""
        return self._values.get(setting.name, setting.default)

    async def load(self) -> None:
        """Read what was changed; values that do not fit any more fall back to the default."""
        rows = await self._store.read(lambda: tuples(SettingRow.select()))
        for name, text, _ in rows:
            setting = self._known.get(name)
            if setting is not None:
                value = msgspec.json.decode(text)
                try:
                    self._values[name] = setting.check(value)
                except InvalidInput:
                    self._values.pop(name, None)

    async def change(self, name: str, value: Any) -> SettingView:
        """Keep a new value; raises NotFound or InvalidInput."""
        setting = self._find(name)
        checked = setting.check(value)

        def keep(tx: Transaction) -> None:
            text = msgspec.json.encode(checked).decode()
            tx.execute(
                "INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value, "
                "changed_at = excluded.changed_at",
                *(name, text, now_ms()),
            )
            tx.on_commit(lambda: self._values.__setitem__(name, checked))

        await self._store.write(keep)
        self._changed(name)
        return self._view(setting)

    async def reset(self, name: str) -> SettingView:
        """Back to the default; raises NotFound."""
        setting = self._find(name)

        def forget(tx: Transaction) -> None:
            tx.execute("DELETE FROM setting WHERE name = ?", name)
            tx.on_commit(lambda: self._values.pop(name, None) and None)

        await self._store.write(forget)
        self._changed(name)
        return self._view(setting)

    def views(self) -> list[SettingView]:
        """All settings as clients see them."""
        return [self._view(setting) for setting in self._known.values()]

    def _changed(self, name: str) -> None:
        if name in self._watchers:
            self._watchers[name]()

    def _find(self, name: str) -> Setting[Any]:
        setting = self._known.get(name)
        if setting is None:
            raise NotFound("setting.unknown", field="name", name=name)
        return setting

    def _view(self, setting: Setting[Any]) -> SettingView:
        return SettingView(
            name=setting.name,
            kind=setting.kind,
            value=self.get(setting),
            default=setting.default,
            lowest=setting.lowest,
            highest=setting.highest,
            unit=setting.unit,
            choices=list(setting.choices),
        )
