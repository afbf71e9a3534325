"""What the client remembers, and what it must not."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray

from desktop.settings import Settings


def test_values_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "settings.ini")
    first = Settings(path)
    first.url, first.account, first.theme, first.language = "https://a:1", "eve", "dark", "zh"
    first.set_pin("10.0.0.5:8443", "ab" * 32)
    first.set_texts("folded", ["compute", "network"])
    first.set_layout("window", QByteArray(b"\x01\x02"))
    first.sync()
    second = Settings(path)
    assert (second.url, second.account, second.theme) == ("https://a:1", "eve", "dark")
    assert second.language == "zh"
    assert second.pin("10.0.0.5:8443") == "ab" * 32
    assert second.pin("10.0.0.6:8443") == ""
    assert second.texts("folded") == ["compute", "network"]
    assert second.layout("window") == QByteArray(b"\x01\x02")


def test_defaults_and_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "settings.ini"
    path.write_text("[look]\ntheme=purple\n", encoding="utf-8")
    settings = Settings(str(path))
    assert settings.theme == "system"
    assert settings.account == "admin"
    assert settings.texts("nothing") == []
    assert settings.layout("nothing") is None
