"""Services with a real agent's work, each test in namespaces of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.services.bench import Bench, started
from tests.integration.network.conftest import inside

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
