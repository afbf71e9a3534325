"""Fixtures of GUI tests: an offscreen application with our look, and windows filled by hand."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from desktop import texts, theme
from desktop.i18n import loader
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.net.feeder import Listed
from desktop.settings import Settings

OUTPUT = Path(__file__).parents[1] / "output" / "screens"


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["anyun-test"]


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Callable[[str, str], None]]:
    """Choose language and colours; English and light again after the test."""

    def choose(language: str = "en", scheme: str = "light") -> None:
        loader.install(qapp, language)
        theme.use_fonts(qapp, "Noto Sans CJK SC" if language == "zh" else "DejaVu Sans")
        theme.apply(qapp, scheme)

    choose("en", "light")
    yield choose
    choose("en", "light")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings in a file of the test's own."""
    return Settings(str(tmp_path / "settings.ini"))


@pytest.fixture
def bridge(qapp: QApplication) -> Iterator[Bridge]:
    """A running network thread."""
    made = Bridge()
    made.start()
    yield made
    made.stop()
    gc.collect()


@pytest.fixture
def ref() -> ClientRef:
    """Nobody is logged in."""
    return ClientRef()


@pytest.fixture
def cache(qapp: QApplication) -> Cache:
    """An empty cache that follows nothing."""
    return Cache()


@pytest.fixture
def fill(cache: Cache) -> Callable[[dict[str, list[Any]]], None]:
    """Fill the cache as the feeder would: every kind as one complete list."""

    def put(cloud: dict[str, list[Any]]) -> None:
        from desktop.net.feeder import TYPES, Online

        items: list[Any] = [
            Listed(kind, cloud.get(kind, []), first=True, last=True) for kind in TYPES
        ]
        cache.take([*items, Online()])

    return put


@pytest.fixture
def english() -> None:
    """Words in English, without a window."""
    texts.set_language("en")
