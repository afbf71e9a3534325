"""An appliance that became another one while the client is connected is left, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from appliance.protocol.operations import API_VERSION
from desktop.app import Application
from desktop.login.window import LoginWindow, Place
from desktop.main_window.window import MainWindow
from desktop.net import feeder as feeder_module
from desktop.net.bridge import Bridge
from tests.gui.wizard.conftest import Until
from tests.gui.wizard.test_looks import clipped, picture
from tests.unit.appliance.client.fake_appliance import FakeAppliance


@pytest.fixture(autouse=True)
def _comes_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder_module, "FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(feeder_module, "LONGEST_DELAY_S", 0.2)


def login_window(application: Application, until: Until) -> LoginWindow:
    """The login window, when it says something."""
    until("the login window", lambda: isinstance(application.window, LoginWindow))
    window = application.window
    assert isinstance(window, LoginWindow)
    until("the reason", window.error.text)
    QApplication.processEvents()
    return window


def restart(bridge: Bridge, appliance: FakeAppliance, change: Callable[[], object]) -> None:
    """Have the appliance come back changed."""
    bridge.submit(appliance.stop()).result(10)
    change()
    bridge.submit(appliance.start()).result(10)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_another_certificate_leads_to_the_login_window_with_the_reason(
    application: Application,
    bridge: Bridge,
    appliance: FakeAppliance,
    until: Until,
    tmp_path: Path,
    look: Callable[..., None],
    language: str,
) -> None:
    look(language, "light")
    restart(bridge, appliance, lambda: appliance.be_another(tmp_path))
    window = login_window(application, until)
    reason = {"en": "not the one that was trusted before", "zh": "与之前信任的不一致"}
    assert reason[language] in window.error.text()
    picture(window, f"login_certificate_{language}")
    if language == "en":  # Chinese has no words to measure
        assert clipped(window) == []
    bridge.spawn(window.connect_to())
    until("the question", lambda: window.steps.currentIndex() == Place.CERTIFICATE)
    assert not window.steps.currentWidget().main.isEnabled()  # type: ignore[attr-defined]


def test_an_upgrade_that_does_not_fit_leads_to_the_login_window_with_the_versions(
    application: Application, bridge: Bridge, appliance: FakeAppliance, until: Until
) -> None:
    newer = API_VERSION + 1
    restart(bridge, appliance, lambda: appliance.be_version(api=newer, least=newer))
    window = login_window(application, until)
    assert f"client API {API_VERSION}, appliance API {newer}" in window.error.text()
    assert application.cache.count("zone") == 0


def test_an_upgrade_that_fits_is_asked_for_and_goes_on(
    application: Application, bridge: Bridge, appliance: FakeAppliance, until: Until
) -> None:
    appliance.asked.clear()
    restart(bridge, appliance, lambda: appliance.be_version(api=API_VERSION + 1))
    until("the feed again", lambda: "feed" in appliance.asked)
    until("online again", lambda: application.cache.is_online)
    assert "info" in appliance.asked
    assert isinstance(application.window, MainWindow)


def test_answers_that_cannot_be_read_lead_to_the_login_window(
    application: Application, bridge: Bridge, appliance: FakeAppliance, until: Until
) -> None:
    restart(bridge, appliance, lambda: setattr(appliance, "garbage", b'{"items":3}'))
    window = login_window(application, until)
    assert f"appliance API {API_VERSION} (9.9.9)" in window.error.text()


def test_the_reason_is_told_once(
    application: Application,
    bridge: Bridge,
    appliance: FakeAppliance,
    until: Until,
    tmp_path: Path,
) -> None:
    restart(bridge, appliance, lambda: appliance.be_another(tmp_path))
    login_window(application, until)
    application.show_login("Bye.")
    QApplication.processEvents()
    window = application.window
    assert isinstance(window, LoginWindow)
    assert window.error.text() == "Bye."
