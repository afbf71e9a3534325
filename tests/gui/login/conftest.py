"""The client against a tiny appliance of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.net.bridge import Bridge
from tests.gui.wizard.conftest import loop, until  # fixtures
from tests.unit.appliance.client.fake_appliance import FakeAppliance

__all__ = ["appliance", "loop", "until"]


@pytest.fixture
def appliance(bridge: Bridge, tmp_path: Path) -> Iterator[FakeAppliance]:
    """It serves in the network thread."""
    found = FakeAppliance(tmp_path)
    bridge.submit(found.start()).result(10)
    yield found
    bridge.submit(found.stop()).result(10)
