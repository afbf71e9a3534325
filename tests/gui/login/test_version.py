"""What the login window shows of an appliance whose version does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QLabel

from appliance.protocol.operations import API_VERSION
from desktop.login.window import LoginWindow, Place
from desktop.net.bridge import Bridge
from desktop.settings import Settings
from tests.gui.wizard.conftest import Until
from tests.gui.wizard.test_looks import clipped, picture
from tests.unit.appliance.client.fake_appliance import FakeAppliance


@pytest.fixture
def window(
    bridge: Bridge, settings: Settings, appliance: FakeAppliance, until: Until
) -> Iterator[LoginWindow]:
    """It knows the appliance's address and certificate."""
    made = LoginWindow(bridge, settings, appliance.url, appliance.ca.fingerprint)
    made.show()
    yield made
    made.close()
    if made._client is not None:
        bridge.submit(made._client.close()).result(10)


def test_one_that_fits_is_asked_for_the_password(
    window: LoginWindow, bridge: Bridge, until: Until
) -> None:
    bridge.spawn(window.connect_to())
    until("the password", lambda: window.steps.currentIndex() == Place.PASSWORD)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("api", "least"), [(API_VERSION + 6, API_VERSION + 1), (API_VERSION - 1, API_VERSION - 1)]
)
def test_one_that_does_not_fit_is_told_with_both_versions_and_what_to_do(
    window: LoginWindow,
    bridge: Bridge,
    appliance: FakeAppliance,
    until: Until,
    look: Callable[..., None],
    language: str,
    api: int,
    least: int,
) -> None:
    look(language, "light")
    appliance.be_version(api=api, least=least)
    bridge.spawn(window.connect_to())
    until("the refusal", window.error.text)
    assert window.steps.currentIndex() == Place.ADDRESS
    versions = {
        "en": f"client API {API_VERSION}, appliance API {api}",
        "zh": f"客户端接口 {API_VERSION}，设备接口 {api}",
    }
    assert versions[language] in window.error.text()
    remedy = {"en": "Install the client that belongs", "zh": "请安装与设备匹配的客户端"}
    words = [label.text() for label in window.error.findChildren(QLabel) if label.isVisible()]
    assert any(remedy[language] in text for text in words)
    assert window.address.isEnabled()
    picture(window, f"login_version_{language}_{api}")
    assert clipped(window) == []
