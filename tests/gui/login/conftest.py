"""The client against a tiny appliance of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication

from desktop.app import Application, Options
from desktop.net import connect
from desktop.net.bridge import Bridge
from desktop.settings import Settings
from tests.gui.wizard.conftest import Until, loop, until  # fixtures
from tests.unit.appliance.client.fake_appliance import FakeAppliance

__all__ = ["appliance", "loop", "until"]


@pytest.fixture
def appliance(bridge: Bridge, tmp_path: Path) -> Iterator[FakeAppliance]:
    """It serves in the network thread."""
    found = FakeAppliance(tmp_path)
    bridge.submit(found.start()).result(10)
    yield found
    bridge.submit(found.stop()).result(10)


@pytest.fixture
def application(
    qapp: QApplication,
    settings: Settings,
    bridge: Bridge,
    appliance: FakeAppliance,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Application]:
    """The client, logged in and online."""
    endpoint = connect.parse_address(appliance.url)
    settings.url = appliance.url
    settings.set_pin(endpoint.key, appliance.ca.fingerprint)
    monkeypatch.setattr("desktop.app.Bridge", lambda: bridge)
    made = Application(qapp, Options(), settings)
    opening = connect.open_client(endpoint, appliance.ca.fingerprint)
    client, _ = bridge.submit(opening).result(10)
    account = SimpleNamespace(name="operator", kind="tenant")
    made._logged_in(client, SimpleNamespace(account=account))
    until("the copy is fresh", lambda: made.cache.is_online)
    yield made
    made.cache.stop()
    if made.ref.is_set:
        bridge.submit(client.close()).result(10)
    assert made.window is not None
    made.window.blockSignals(True)
    made.window.close()
