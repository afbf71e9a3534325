"""What the client remembers between starts: window, tables, language, pins. Never secrets."""

from __future__ import annotations

from typing import Literal, cast

from PySide6.QtCore import QByteArray, QSettings

Theme = Literal["system", "light", "dark"]
LAYOUT_VERSION = 1


class Settings:
    """Typed access to the settings file; `path` only for tests."""

    def __init__(self, path: str | None = None) -> None:
        if path is not None:
            self._store = QSettings(path, QSettings.Format.IniFormat)
        else:
            self._store = QSettings(
                QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Anyun", "desktop"
            )

    def _text(self, key: str, default: str = "") -> str:
        return str(self._store.value(key, default))

    @property
    def url(self) -> str:
        """Address of the appliance of the last login."""
        return self._text("login/url")

    @url.setter
    def url(self, value: str) -> None:
        self._store.setValue("login/url", value)

    @property
    def account(self) -> str:
        """Account name of the last login."""
        return self._text("login/account", "admin")

    @account.setter
    def account(self, value: str) -> None:
        self._store.setValue("login/account", value)

    @property
    def language(self) -> str:
        """`zh`, `en`, or empty for the system's language."""
        return self._text("look/language")

    @language.setter
    def language(self, value: str) -> None:
        self._store.setValue("look/language", value)

    @property
    def theme(self) -> Theme:
        """The colour scheme that was chosen."""
        value = self._text("look/theme", "system")
        return cast(Theme, value if value in ("system", "light", "dark") else "system")

    @theme.setter
    def theme(self, value: Theme) -> None:
        self._store.setValue("look/theme", value)

    def pin(self, address: str) -> str:
        """The certificate fingerprint (hex of SHA-256) trusted for `host:port`, or empty."""
        return self._text(f"pins/{_key(address)}")

    def set_pin(self, address: str, fingerprint: str) -> None:
        """Trust `fingerprint` for `address` from now on."""
        self._store.setValue(f"pins/{_key(address)}", fingerprint)
        self._store.sync()

    def layout(self, name: str) -> QByteArray | None:
        """Saved geometry, splitter or column state; None if there is none of this version."""
        value = self._store.value(f"layout{LAYOUT_VERSION}/{name}")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_layout(self, name: str, value: QByteArray) -> None:
        """Keep a geometry, splitter or column state."""
        self._store.setValue(f"layout{LAYOUT_VERSION}/{name}", value)

    def texts(self, name: str) -> list[str]:
        """A saved list of words, such as the columns that a table shows."""
        value = self._store.value(f"lists/{name}", [])
        if isinstance(value, str):
            return [value] if value else []
        return [str(item) for item in cast("list[object]", value or [])]

    def set_texts(self, name: str, value: list[str]) -> None:
        """Keep a list of words."""
        self._store.setValue(f"lists/{name}", value)

    def sync(self) -> None:
        """Write to the file now."""
        self._store.sync()


def _key(address: str) -> str:
    return address.replace("/", "_").replace("\\", "_").replace(":", "_")
