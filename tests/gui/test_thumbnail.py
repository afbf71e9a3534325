"""The picture of a machine's screen: taken anew while it is seen and runs, and only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages import vm_detail
from desktop.pages.vm_detail import Thumbnail
from desktop.settings import Settings
from tests.gui.samples import make_id, make_vm, small_cloud

OFTEN_MS = 20
NOT_ANY_MORE_MS = 8 * OFTEN_MS


class Screens:
    """Answers with pictures that are as wide as the number of the asking."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False

    async def screenshot(self, vm_id: str) -> bytes:
        """The next picture."""
        self.asked.append(vm_id)
        if self.broken:
            raise OSError("no picture")
        return picture(len(self.asked))


def picture(width: int) -> bytes:
    """A PNG that is so wide."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image = QImage(width, 10, QImage.Format.Format_RGB32)
    image.fill(0)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


@pytest.fixture
def screens(ref: ClientRef) -> Screens:
    made: Any = Screens()
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
    screens: Screens,
    fill: Callable[[dict[str, list[Any]]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> MainWindow:
    monkeypatch.setattr(vm_detail, "REFRESH_MS", OFTEN_MS)
    made = MainWindow(bridge, ref, cache, settings, "admin")
    qtbot.addWidget(made)
    fill(small_cloud())
    made.resize(1280, 800)
    made.go("vm")
    made.show()
    return made


@pytest.fixture
def thumbnail(window: MainWindow, screens: Screens, qtbot: QtBot) -> Thumbnail:
    page: Any = window.page("vm")
    page.table.select(make_id(1))
    qtbot.waitUntil(lambda: len(screens.asked) > 2)
    return page.detail.thumbnail


def is_quiet(screens: Screens, qtbot: QtBot) -> bool:
    """Whether nobody asks any more."""
    qtbot.wait(2 * OFTEN_MS)  # one that is under way may arrive
    before = len(screens.asked)
    qtbot.wait(NOT_ANY_MORE_MS)
    return len(screens.asked) == before


def width(thumbnail: Thumbnail) -> int:
    """How wide the picture is that is shown; 0 for none."""
    image = thumbnail.image()
    return 0 if image is None else image.width()


def test_it_is_taken_anew(thumbnail: Thumbnail, screens: Screens, qtbot: QtBot) -> None:
    before = width(thumbnail)
    qtbot.waitUntil(lambda: width(thumbnail) > before + 1)
    assert set(screens.asked) == {make_id(1)}


def test_a_failure_keeps_the_old_one(thumbnail: Thumbnail, screens: Screens, qtbot: QtBot) -> None:
    screens.broken = True
    qtbot.wait(4 * OFTEN_MS)
    kept, asked = width(thumbnail), len(screens.asked)
    qtbot.waitUntil(lambda: len(screens.asked) > asked + 2)
    assert width(thumbnail) == kept > 0
    screens.broken = False
    qtbot.waitUntil(lambda: width(thumbnail) > kept)


def test_nobody_sees_it(
    thumbnail: Thumbnail, window: MainWindow, screens: Screens, qtbot: QtBot
) -> None:
    window.go("image")
    assert is_quiet(screens, qtbot)
    window.go("vm")
    asked = len(screens.asked)
    qtbot.waitUntil(lambda: len(screens.asked) > asked)


def test_a_machine_that_is_off_has_none(
    thumbnail: Thumbnail, cache: Cache, screens: Screens, qtbot: QtBot
) -> None:
    cache.put("vm", [make_vm(1, r.VmState.STOPPED)])
    assert width(thumbnail) == 0
    assert is_quiet(screens, qtbot)
    assert width(thumbnail) == 0
    cache.put("vm", [make_vm(1)])
    qtbot.waitUntil(lambda: width(thumbnail) > 0)


def test_another_machine_has_its_own(
    thumbnail: Thumbnail, window: MainWindow, screens: Screens, qtbot: QtBot
) -> None:
    page: Any = window.page("vm")
    page.table.select(make_id(2))
    qtbot.waitUntil(lambda: screens.asked[-1] == make_id(2) and width(thumbnail) > 0)
    before = len(screens.asked)
    qtbot.waitUntil(lambda: len(screens.asked) > before + 2)
    assert set(screens.asked[before:]) == {make_id(2)}
