"""Language and colours change while one works, and are remembered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from desktop.app import Application
from desktop.main_window.window import MainWindow
from desktop.pages.vms import VmPage
from desktop.settings import Settings
from tests.gui.samples import make_id, make_vm


@pytest.fixture(autouse=True)
def _english_and_light_again(look: object) -> Iterator[None]:
    """Whatever a test chooses is for itself."""
    return iter([None])


def window_of(application: Application) -> MainWindow:
    """The main window that is shown now."""
    QApplication.processEvents()
    assert isinstance(application.window, MainWindow)
    assert application.window.isVisible()
    return application.window


def vm_page(window: MainWindow) -> VmPage:
    """The list of machines."""
    found = window.page("vm")
    assert isinstance(found, VmPage)
    return found


def test_one_stays_where_one_was(application: Application) -> None:
    application.cache.put("vm", [make_vm(1), make_vm(2)])
    before = window_of(application)
    before.resize(1024, 700)
    before.go("vm", make_id(2))
    before.language_wanted.emit("zh")
    after = window_of(application)
    assert (after.width(), after.height()) == (1024, 700)
    assert after.current_page() is vm_page(after)
    assert [one.name for one in vm_page(after).selection()] == ["web-2"]
    after.resize(1024, 711)
    after.go("audit")
    after.theme_wanted.emit("dark")
    last = window_of(application)
    assert (last.width(), last.height()) == (1024, 711)
    assert last.place() == ("audit", "")


def test_another_language(application: Application, settings: Settings) -> None:
    application.cache.put("vm", [make_vm(1)])
    before = window_of(application)
    title = vm_page(before).title()
    before.language_wanted.emit("zh")
    after = window_of(application)
    assert after is not before
    assert vm_page(after).title() != title
    assert [one.name for one in vm_page(after).model.resources()] == ["web-1"]
    assert settings.language == "zh"
    after.language_wanted.emit("en")
    assert vm_page(window_of(application)).title() == title


def test_other_colours(application: Application, settings: Settings) -> None:
    def ground() -> int:
        return window_of(application).palette().color(QPalette.ColorRole.Window).lightness()

    window_of(application).theme_wanted.emit("light")
    light = ground()
    window_of(application).theme_wanted.emit("dark")
    assert ground() < 80 < 175 < light
    assert settings.theme == "dark"
