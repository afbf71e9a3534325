"""The network thread: results, errors, batches, and its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from desktop.net.bridge import Batcher, Bridge, single_flight


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge()
    made.start()
    yield made
    made.stop()


async def test_runs_in_another_thread(bridge: Bridge) -> None:
    async def who() -> str:
        return threading.current_thread().name

    assert await bridge.run(who()) == "network"


async def test_errors_come_back(bridge: Bridge) -> None:
    async def fail() -> None:
        raise ValueError("gone")

    with pytest.raises(ValueError, match="gone"):
        await bridge.run(fail())


async def test_close_cancels_what_runs(bridge: Bridge) -> None:
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    bridge.submit(forever())
    await asyncio.sleep(0)
    await bridge.close()
    await bridge.close()
    assert ended.wait(5)


async def test_batches_are_few_and_in_order() -> None:
    batches: list[list[int]] = []
    batcher = Batcher(batches.append, interval_s=0.02)
    for number in range(100):
        batcher.add(number)
        await asyncio.sleep(0.001)
    batcher.flush()
    assert [one for batch in batches for one in batch] == list(range(100))
    assert len(batches) < 30


async def test_second_call_in_flight_does_nothing() -> None:
    class Page:
        calls = 0
        gate = asyncio.Event()

        @single_flight
        async def save(self) -> Any:
            self.calls += 1
            await self.gate.wait()

    page = Page()
    first = asyncio.ensure_future(page.save())
    await asyncio.sleep(0)
    await page.save()
    assert page.calls == 1
    page.gate.set()
    await first
    await page.save()
    assert page.calls == 2
