"""The end of a session closes what it holds open, at the real service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from appliance.client import Client
from appliance.protocol.errors import Unauthenticated
from appliance.protocol.events import FeedStart
from tests.contract.api.appliance import PASSWORD, Appliance

WITHIN_S = 20


@pytest.fixture
async def client(appliance: Appliance) -> AsyncIterator[Client]:
    ready = appliance.ready
    async with Client(ready["url"], fingerprint=ready["ca_fingerprint"]) as found:
        await found.login("admin", PASSWORD)
        yield found


async def test_logging_out_closes_the_feed_with_a_reason(client: Client) -> None:
    headers, last = {"Authorization": f"Bearer {client.token}"}, ""
    await client.call("session.get")
    async with await client._websocket("/v1/feed", headers) as socket:
        assert (await socket.receive(WITHIN_S)).type is aiohttp.WSMsgType.TEXT
        await client.logout()
        async with asyncio.timeout(WITHIN_S):
            while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                last = message.data
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert (message.data, message.extra) == (4401, "session.ended")
        assert '"code":"session.required"' in last


async def test_the_sdk_tells_that_the_session_is_over(client: Client) -> None:
    feed = client.feed()
    assert isinstance(await anext(feed), FeedStart)
    await client.call("session.delete")
    with pytest.raises(Unauthenticated):
        await asyncio.wait_for(_read_on(feed), WITHIN_S)


async def _read_on(feed: AsyncIterator[object]) -> None:
    async for _ in feed:
        pass


async def test_another_session_goes_on(client: Client, appliance: Appliance) -> None:
    feed = client.feed()
    assert isinstance(await anext(feed), FeedStart)
    async with Client(client.url, fingerprint=appliance.ready["ca_fingerprint"]) as other:
        await other.login("admin", PASSWORD)
        await other.logout()
    await client.call("zone.create", name="still here")
    async with asyncio.timeout(WITHIN_S):
        async for change in feed:
            if not isinstance(change, FeedStart) and change.kind == "zone":
                break
    await feed.aclose()
