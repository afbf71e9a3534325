"""What the keyboard does in the main window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages import vm_console
from desktop.pages.sheets.form_sheet import FormSheet
from desktop.settings import Settings
from tests.gui.answers import Answers
from tests.gui.samples import make_id, small_cloud
from tests.gui.test_vm_page import RecordingClient, loop  # a fixture

__all__ = ["loop"]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def client(ref: ClientRef) -> RecordingClient:
    made: Any = RecordingClient()
    ref.set(made)
    return made


@pytest.fixture
def window(
    qtbot: QtBot,
    look: object,
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    settings: Settings,
    client: RecordingClient,
    loop: object,
    fill: Callable[[dict[str, list[Any]]], None],
) -> MainWindow:
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    fill(small_cloud())
    made.go("vm")
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


@pytest.fixture
def table(window: MainWindow) -> Any:
    """The machines, with one of them chosen."""
    page: Any = window.page("vm")
    page.table.select(make_id(1))
    page.table.setFocus()
    return page.table


def press(qtbot: QtBot, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    widget = QApplication.focusWidget()
    assert widget is not None
    qtbot.keyClick(widget, key, modifier)


def test_search(window: MainWindow, table: Any, qtbot: QtBot) -> None:
    press(qtbot, Qt.Key.Key_K, CTRL)
    assert window.top.search.hasFocus()


def test_filter(window: MainWindow, table: Any, qtbot: QtBot) -> None:
    press(qtbot, Qt.Key.Key_F, CTRL)
    focused = QApplication.focusWidget()
    assert focused is not None
    assert window.current_page().isAncestorOf(focused)  # type: ignore[union-attr]
    qtbot.keyClicks(focused, "web-13")
    page: Any = window.page("vm")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)


def test_typing_on_a_list_filters_it(window: MainWindow, table: Any, qtbot: QtBot) -> None:
    qtbot.keyClicks(table, "w")
    page: Any = window.page("vm")
    assert page.filter.hasFocus()
    qtbot.keyClicks(page.filter, "eb-13")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    press(qtbot, Qt.Key.Key_Down)
    assert table.hasFocus()
    assert [one.name for one in page.selection()] == ["web-13"]
    qtbot.keyClicks(table, "5")
    assert page.filter.text() == "web-135"
    press(qtbot, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.model.rowCount() > 10)
    press(qtbot, Qt.Key.Key_Return)
    assert table.hasFocus()


def test_commands_are_not_typed(window: MainWindow, table: Any, qtbot: QtBot) -> None:
    page: Any = window.page("vm")
    for key, modifier in (
        (Qt.Key.Key_A, CTRL),
        (Qt.Key.Key_C, CTRL),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
    ):
        press(qtbot, key, modifier)
        assert table.hasFocus()
    assert page.filter.text() == ""


def test_read_anew(window: MainWindow, qtbot: QtBot, ref: ClientRef) -> None:
    answers: Any = Answers()
    ref.set(answers)
    window.go("audit")
    page: Any = window.page("audit")
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    assert answers.asked == ["audit.list"]
    press(qtbot, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: answers.asked == ["audit.list"] * 2)


def test_jobs(window: MainWindow, table: Any, qtbot: QtBot) -> None:
    press(qtbot, Qt.Key.Key_J, CTRL)
    assert window.jobs.list.isVisible()
    press(qtbot, Qt.Key.Key_J, CTRL)
    assert not window.jobs.list.isVisible()


def test_rename(window: MainWindow, table: Any, qtbot: QtBot) -> None:
    press(qtbot, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: bool(window.findChildren(FormSheet)))
    (sheet,) = window.findChildren(FormSheet)
    assert sheet.form.values("edit")["name"] == "web-1"
    sheet.reject()


def test_into_the_recycle_bin(
    window: MainWindow, table: Any, client: RecordingClient, qtbot: QtBot
) -> None:
    press(qtbot, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: client.calls == [("vm.destroy", {"id": make_id(1)})])


def test_console(
    window: MainWindow, table: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(vm_console, "show_console", lambda _shell, vm: opened.append(vm.id))
    press(qtbot, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: opened == [make_id(1)])
