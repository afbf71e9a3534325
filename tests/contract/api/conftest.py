"""The real management service in its own process, reached as any client reaches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.api.appliance import Appliance, set_up


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """An appliance without hosts, with somebody logged in; one for all tests of a module."""
    appliance = Appliance(tmp_path_factory.mktemp("appliance"))
    try:
        appliance.start()
        set_up(appliance)
        yield appliance
    finally:
        appliance.stop()
