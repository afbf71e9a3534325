"""Notices in the corner: an error has details, which name the request, and are not hidden."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from appliance.protocol.errors import Conflict
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.settings import Settings
from desktop.widgets.notice import Toast
from tests.gui.screens import clipped, take

REQUEST = "01a20895-3d9c-7ac1-8a57-fa345d995e3a"
LOOKS = [("en", "light"), ("zh", "dark")]


@pytest.fixture(params=LOOKS, ids=["-".join(one) for one in LOOKS])
def chosen(request: pytest.FixtureRequest, look: Callable[[str, str], None]) -> str:
    look(*request.param)
    return "-".join(request.param)


@pytest.fixture
def window(
    qtbot: QtBot, chosen: str, bridge: Bridge, ref: ClientRef, cache: Cache, settings: Settings
) -> MainWindow:
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def toast(window: MainWindow) -> Toast:
    """Something that went wrong without a place of its own."""
    error = Conflict("resource.disabled", name="Zone-1")
    error.request_id = REQUEST
    return window.notices.error(error)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def mouse(toast: Toast, *, enters: bool) -> None:
    """The mouse comes or goes."""
    if enters:
        QApplication.sendEvent(toast, QEnterEvent(QPointF(), QPointF(), QPointF()))
    else:
        QApplication.sendEvent(toast, QEvent(QEvent.Type.Leave))


def test_details_unfold_within_the_window(window: MainWindow, toast: Toast, chosen: str) -> None:
    QApplication.processEvents()
    folded = toast.geometry()
    click(toast.details.toggle)
    assert REQUEST in toast.details.lines.text()
    assert toast.details.lines.isVisible()
    assert toast.height() > folded.height()
    assert toast.geometry().bottom() == folded.bottom()
    assert window.rect().contains(toast.geometry())
    take(window, f"notice-{chosen}")
    assert clipped(toast) == []
    click(toast.details.copy)
    assert REQUEST in QGuiApplication.clipboard().text()
    click(toast.details.toggle)
    assert toast.geometry() == folded


def test_it_stays_while_the_details_are_read(toast: Toast) -> None:
    mouse(toast, enters=True)
    assert not toast._timer.isActive()
    mouse(toast, enters=False)
    assert toast._timer.isActive()
    click(toast.details.toggle)
    assert not toast._timer.isActive()
    mouse(toast, enters=False)
    assert not toast._timer.isActive()
    click(toast.details.toggle)
    mouse(toast, enters=False)
    assert toast._timer.isActive()


def test_good_news_have_no_details(window: MainWindow) -> None:
    assert window.notices.show("Done.").details.isHidden()
