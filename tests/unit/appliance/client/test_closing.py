"""A client lets go of its sockets in every event loop that it is used in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvloop

from appliance.client import Client
from tests.unit.appliance.client.fake_appliance import FakeAppliance


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_closing_with_a_feed_that_is_followed(
    factory: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path
) -> None:
    async def follow() -> None:
        appliance = FakeAppliance(tmp_path)
        await appliance.start()
        client = Client(appliance.url, fingerprint=appliance.ca.fingerprint, token="t")
        try:
            async with client, asyncio.timeout(10):
                async for _ in client.feed():
                    break
        finally:
            await appliance.stop()

    def run() -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(follow())

    with ThreadPoolExecutor(1) as thread:  # which has no event loop that others use
        thread.submit(run).result()
