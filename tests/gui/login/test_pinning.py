"""The certificate is asked about once; another one later is not taken without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.login.window import LoginWindow, Place
from desktop.net import connect
from desktop.net.bridge import Bridge
from desktop.settings import Settings
from tests.gui.wizard.conftest import Until
from tests.gui.wizard.test_looks import clipped
from tests.unit.appliance.client.fake_appliance import FakeAppliance


@pytest.fixture
def key(appliance: FakeAppliance) -> str:
    """Under which the pin is kept."""
    return connect.parse_address(appliance.url).key


@pytest.fixture
def window(
    qtbot: QtBot, bridge: Bridge, settings: Settings, loop: object, appliance: FakeAppliance
) -> Iterator[LoginWindow]:
    made = LoginWindow(bridge, settings, appliance.url)
    qtbot.addWidget(made)
    made.show()
    yield made
    if made._client is not None:
        bridge.submit(made._client.close()).result(10)


def connects(window: LoginWindow, until: Until, place: Place) -> Any:
    """Press the button of the first step; returns the step that follows."""
    window.show_step(Place.ADDRESS)
    step: Any = window.steps.currentWidget()
    QTest.mouseClick(step.main, Qt.MouseButton.LeftButton)
    until(place.name, lambda: window.steps.currentIndex() == place and window.steps.isEnabled())
    return window.steps.currentWidget()


def shown(window: LoginWindow) -> str:
    """The fingerprint on the screen, as it is written elsewhere."""
    text = window._certificate_print.text()
    return "".join(sign for sign in text if sign.isalnum()).lower()


def test_the_first_time_it_is_asked_about(
    window: LoginWindow,
    until: Until,
    settings: Settings,
    appliance: FakeAppliance,
    key: str,
) -> None:
    step = connects(window, until, Place.CERTIFICATE)
    assert shown(window) == appliance.ca.fingerprint
    assert settings.pin(key) == ""
    assert step.main.isEnabled()
    assert set(appliance.asked) == {"ca.pem"}, "nothing is told before somebody agrees"
    assert clipped(window) == []
    QTest.mouseClick(step.main, Qt.MouseButton.LeftButton)
    until("the password", lambda: window.steps.currentIndex() == Place.PASSWORD)
    assert settings.pin(key) == appliance.ca.fingerprint


def test_the_next_time_it_is_not(
    window: LoginWindow, until: Until, settings: Settings, appliance: FakeAppliance, key: str
) -> None:
    settings.set_pin(key, appliance.ca.fingerprint)
    connects(window, until, Place.PASSWORD)


def test_another_certificate_needs_a_second_thought(
    window: LoginWindow,
    until: Until,
    bridge: Bridge,
    settings: Settings,
    appliance: FakeAppliance,
    key: str,
    tmp_path: Path,
) -> None:
    old = appliance.ca.fingerprint
    settings.set_pin(key, old)
    bridge.submit(appliance.stop()).result(10)
    appliance.be_another(tmp_path)
    bridge.submit(appliance.start()).result(10)
    step = connects(window, until, Place.CERTIFICATE)
    assert "changed" in window._certificate_title.text()
    assert shown(window) == appliance.ca.fingerprint != old
    assert not step.main.isEnabled()
    QTest.mouseClick(step.main, Qt.MouseButton.LeftButton)
    assert settings.pin(key) == old
    window._sure.click()
    QTest.mouseClick(step.main, Qt.MouseButton.LeftButton)
    until("the password", lambda: window.steps.currentIndex() == Place.PASSWORD)
    assert settings.pin(key) == appliance.ca.fingerprint


def test_no_is_an_answer(
    window: LoginWindow, until: Until, settings: Settings, appliance: FakeAppliance, key: str
) -> None:
    step = connects(window, until, Place.CERTIFICATE)
    step.back_pressed.emit()
    assert window.steps.currentIndex() == Place.ADDRESS
    assert settings.pin(key) == ""
    assert set(appliance.asked) == {"ca.pem"}
