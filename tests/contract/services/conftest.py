"""Services with a real agent's work, each test in namespaces of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.services.bench import Bench, started
from tests.integration.network.conftest import Guest, inside, run

__all__ = ["inside"]


@pytest.fixture
async def bench(inside: Path) -> AsyncIterator[Bench]:
    """A node without any machine."""
    async with started(inside) as found:
        yield found


@pytest.fixture
async def cloud(bench: Bench) -> Bench:
    """A node with all that machines need, but for image and network."""
    await bench.build()
    return bench


@pytest.fixture
def wire(inside: Path) -> Guest:
    """A router at 10.70.0.1 on the other end of the NIC `wan0`, where the host is 10.70.0.5."""
    router = Guest("router", "wan0", "0a:ff:ff:ff:ff:01", inside)
    router.do("ip", "addr", "add", "10.70.0.1/24", "dev", "eth0")
    run("ip", "addr", "add", "10.70.0.5/24", "dev", "wan0")
    run("ip", "route", "add", "default", "via", "10.70.0.1")
    return router
