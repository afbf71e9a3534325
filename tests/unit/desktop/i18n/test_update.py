"""The Chinese translation is whole: nothing missing, nothing stale, placeholders equal."""

from __future__ import annotations

from desktop.i18n import loader, update


def test_nothing_is_missing() -> None:
    assert update.problems() == []


def test_it_compiles() -> None:
    file = loader.compiled()
    assert file is not None
    assert file.stat().st_size > 1000


def test_placeholders() -> None:
    assert update.placeholders("{a} of {b}, {a}") == ["a", "a", "b"]
