"""Base classes of Qt's kind cannot be made by themselves: they say what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.console.link import ConsoleLink
from desktop.pages.resource_page import ResourcePage
from desktop.wizard.page import StepPage
from desktop.wizard.pages_basic import NamePage


@pytest.mark.parametrize(
    ("base", "missing"),
    [
        (StepPage, "fill, values"),
        (ResourcePage, "columns, empty_words, facts, title"),
        (ConsoleLink, "_serve"),
    ],
)
def test_a_base_class_is_refused(qtbot: QtBot, base: Any, missing: str) -> None:
    with pytest.raises(TypeError, match=f"{base.__name__} is abstract: {missing}"):
        base("title", "words")


def test_a_whole_subclass_is_made_with_its_signals(qtbot: QtBot) -> None:
    page = NamePage("zone", "Zone", "words")
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.changed):
        page.touched()


def test_half_a_subclass_is_refused(qtbot: QtBot) -> None:
    class Half(StepPage):
        def fill(self, requests: Any) -> None:
            """Nothing to show."""

    half: Any = Half
    with pytest.raises(TypeError, match="Half is abstract: values"):
        half("title", "words")
