"""The audit log in words: who did what to what, in both languages, never a bare code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.operations import OPERATIONS, Kind, Page
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.operation_titles import operation_title
from desktop.pages.audit import AuditPage
from desktop.settings import Settings
from tests.gui.samples import NOW, make_id, small_cloud

CHANGES = [name for name, spec in OPERATIONS.items() if spec.kind is not Kind.READ]


def entry(number: int, operation: str, **changes: Any) -> r.AuditEntry:
    """Somebody asked for something."""
    values: dict[str, Any] = {
        "id": make_id(400_000 + number),
        "at": NOW,
        "account_id": make_id(1),
        "account_name": "admin",
        "address": "10.0.0.9",
        "operation": operation,
        "resource_id": make_id(1),
        "outcome": "done",
    }
    return r.AuditEntry(**{**values, **changes})


ENTRIES = [
    entry(1, "vm.start", outcome="accepted"),
    entry(2, "zone.create", resource_id=make_id(900_001)),
    entry(3, "network.create", account_id="system", account_name="system"),
    entry(4, "session.create", account_id="", account_name="", outcome="session.wrong_password"),
    entry(5, "image.create", outcome="storage.no_space"),
]


class Auditor:
    """Has one page of entries."""

    async def call(self, operation: str, /, **fields: Any) -> Page[r.AuditEntry]:
        """The page."""
        assert operation == "audit.list"
        return Page(items=ENTRIES, next=None, total=len(ENTRIES), seq=1)


@pytest.fixture
def show(
    qtbot: QtBot,
    look: Callable[[str, str], None],
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    settings: Settings,
    fill: Callable[[dict[str, list[Any]]], None],
) -> Callable[[str], dict[str, list[str]]]:
    """Shows the page in a language, and tells its texts by operation."""

    def texts_of(language: str) -> dict[str, list[str]]:
        look(language, "light")
        made: Any = Auditor()
        ref.set(made)
        window = MainWindow(bridge, ref, cache, settings, "admin")
        qtbot.addWidget(window)
        fill(small_cloud())
        window.show()
        window.go("audit")
        page = window.page("audit")
        assert isinstance(page, AuditPage)
        qtbot.waitUntil(lambda: page.model.total() == len(ENTRIES))
        return {
            one.operation: [column.text(one) for column in page.model.columns[1:5]]
            for one in page.model.resources()
        }

    return texts_of


def test_operations_and_actors_have_names(show: Callable[[str], dict[str, list[str]]]) -> None:
    shown = show("en")
    assert shown["vm.start"] == ["admin", "Start VM", "web-1", "accepted"]
    assert shown["zone.create"] == ["admin", "Make zone", "Zone-1", "done"]
    assert shown["network.create"][:2] == ["the system", "Make network"]
    assert shown["session.create"][:2] == ["nobody known", "Log in"]


def test_outcomes_say_why_without_gaps_in_braces(
    show: Callable[[str], dict[str, list[str]]],
) -> None:
    outcome = show("en")["image.create"][3]
    assert outcome.startswith("refused: The disk is full")
    assert "{" not in outcome
    assert "storage.no_space" not in outcome


def test_the_same_in_chinese(show: Callable[[str], dict[str, list[str]]]) -> None:
    shown = show("zh")
    assert shown["vm.start"][1] == "启动云主机"
    assert shown["zone.create"][1] == "创建区域"
    assert shown["network.create"][0] == "系统"
    assert shown["session.create"][1] == "登录"
    assert "磁盘" in shown["image.create"][3]


@pytest.mark.parametrize("operation", [*CHANGES, "image.upload"])
def test_every_change_has_a_title_in_both_languages(
    look: Callable[[str, str], None], operation: str
) -> None:
    english = operation_title(operation)
    assert "." not in english
    assert "_" not in english
    look("zh", "light")
    assert any("一" <= char <= "鿿" for char in operation_title(operation))
