"""The page of global settings: editors by kind, limits, defaults, and refusals in place."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QSpinBox
from pytestqt.qtbot import QtBot

from appliance.protocol import results
from appliance.protocol.errors import Forbidden, InvalidInput
from desktop.main_window.window import MainWindow
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.global_settings import SettingsPage
from desktop.settings import Settings
from desktop.widgets.labels import Label
from tests.gui.operations.conftest import Operations
from tests.gui.screens import clipped, is_blank, take

DAYS, POLICY, PERIOD = "job.keep_days", "recycle_bin.vm_policy", "recycle_bin.vm_period_s"
RATIO, SWITCH = "host.cpu_ratio", "host.quiet"


def all_settings() -> list[results.Setting]:
    """One of each kind."""
    choices = ["direct", "delay", "never"]
    return [
        results.Setting(
            name=DAYS, kind="integer", value=40, default=30, lowest=1, highest=3650, unit="days"
        ),
        results.Setting(name=POLICY, kind="text", value="delay", default="delay", choices=choices),
        results.Setting(
            name=RATIO, kind="number", value=10.0, default=10.0, lowest=0.01, highest=1000.0
        ),
        results.Setting(
            name=PERIOD,
            kind="integer",
            value=259200,
            default=259200,
            lowest=60,
            highest=315360000,
            unit="s",
        ),
        results.Setting(name=SWITCH, kind="boolean", value=False, default=False),
    ]


def opened(window: MainWindow, service: Operations, qtbot: QtBot) -> SettingsPage:
    """The page, filled."""
    service.settings = service.settings or all_settings()
    window.go("settings")
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: len(page.rows) == len(service.settings))
    return page


def test_editors_fit_the_kind_of_value(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    rows = opened(window, service, qtbot).rows
    days, policy, ratio, switch = (rows[one].editor for one in (DAYS, POLICY, RATIO, SWITCH))
    assert isinstance(days, QSpinBox)
    assert (days.minimum(), days.maximum(), days.suffix()) == (1, 3650, " days")
    assert isinstance(policy, QComboBox)
    assert policy.currentText() == "kept for the period"
    assert isinstance(ratio, QDoubleSpinBox)
    assert ratio.minimum() == pytest.approx(0.01)
    assert isinstance(switch, QCheckBox)


def test_groups_stand_together_and_defaults_are_told(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    page = opened(window, service, qtbot)
    places = {name: row.y() for name, row in page.rows.items()}
    qtbot.waitUntil(lambda: page.rows[RATIO].y() > 0)
    places = {name: row.y() for name, row in page.rows.items()}
    assert places[POLICY] < places[PERIOD] < places[RATIO]
    assert places[DAYS] < places[POLICY]
    said = [one.text() for one in page.rows[PERIOD].findChildren(QLabel)]
    assert "Default: 259200 s (3 d)" in said
    assert "How long deleted VMs stay in the recycle bin" in said


def test_a_value_is_saved(window: MainWindow, service: Operations, qtbot: QtBot) -> None:
    row = opened(window, service, qtbot).rows[DAYS]
    assert not row.save.isEnabled()
    assert isinstance(row.editor, QSpinBox)
    row.editor.setValue(50)
    QTest.keyClick(row.editor, Qt.Key.Key_Return)
    asked = ("setting.change", {"name": DAYS, "value": 50})
    qtbot.waitUntil(lambda: service.changes() == [asked])
    qtbot.waitUntil(lambda: row.setting.value == 50)
    assert not row.save.isEnabled()


def test_a_choice_is_saved_by_its_name(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    row = opened(window, service, qtbot).rows[POLICY]
    assert isinstance(row.editor, QComboBox)
    row.editor.setCurrentIndex(2)
    row.save.click()
    asked = ("setting.change", {"name": POLICY, "value": "never"})
    qtbot.waitUntil(lambda: service.changes() == [asked])


def test_reset_gives_the_default_back(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    rows = opened(window, service, qtbot).rows
    assert not rows[RATIO].reset.isEnabled()
    rows[DAYS].reset.click()
    qtbot.waitUntil(lambda: service.changes() == [("setting.reset", {"name": DAYS})])
    qtbot.waitUntil(lambda: rows[DAYS].value() == 30)
    assert not rows[DAYS].reset.isEnabled()


def test_a_refused_value_is_told_in_place(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    service.refusals["setting.change"] = InvalidInput(
        "setting.bad_value", field="value", name=DAYS, value="50", allowed="integer 1-3650 days"
    )
    rows = opened(window, service, qtbot).rows
    row = rows[DAYS]
    assert isinstance(row.editor, QSpinBox)
    row.editor.setValue(50)
    row.save.click()
    qtbot.waitUntil(lambda: "no valid value" in row.error.text())
    assert row.value() == 50
    assert row.editor.isEnabled()
    assert rows[POLICY].error.text() == ""


def test_who_may_not_see_them_is_told(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    service.refusals["setting.show"] = Forbidden("auth.forbidden")
    window.go("settings")
    page = window.page("settings")
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: bool(page.error.text()))


def test_tenants_have_no_such_page(
    qtbot: QtBot, look: object, bridge: Bridge, ref: ClientRef, cache: Cache, settings: Settings
) -> None:
    window = MainWindow(bridge, ref, cache, settings, "kim", is_administrator=False)
    qtbot.addWidget(window)
    before = window.current_page()
    window.go("settings")
    assert window.current_page() is before
    assert "Settings" not in [entry.title.removeprefix("Go to ") for entry in window.commands()]


def test_the_filter_finds_by_words(window: MainWindow, service: Operations, qtbot: QtBot) -> None:
    page = opened(window, service, qtbot)
    page.filter.setText("recycle bin")
    qtbot.waitUntil(lambda: not page.rows[DAYS].isVisible())
    assert page.rows[PERIOD].isVisible()
    titles = [one.text() for one in page.findChildren(Label) if one.isVisible()]
    assert "Recycle bin" in titles
    assert "Hosts" not in titles


def test_pictures(told: tuple[MainWindow, str], service: Operations, qtbot: QtBot) -> None:
    window, language = told
    service.settings = [one for one in all_settings() if one.name != SWITCH]
    window.show()
    row = opened(window, service, qtbot).rows[DAYS]
    row.show_error(
        InvalidInput("setting.bad_value", field="value", name=DAYS, value="0", allowed="1-3650")
    )
    image = take(window, f"settings-{language}")
    assert not is_blank(image)
    assert clipped(window) == []
