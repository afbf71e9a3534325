"""The change feed without end: comes back by itself after a lost connection, misses nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.protocol.errors import Unavailable
from appliance.protocol.events import Change, FeedStart

if TYPE_CHECKING:
    from appliance.client.client import Client

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0


@dataclass(frozen=True)
class Connected:
    """The connection stands. With `reset` changes were missed: list again, then go on."""

    seq: int
    reset: bool


@dataclass(frozen=True)
class Lost:
    """The connection is gone: what is known may be old. The next attempt is in `retry_in_s`."""

    error: Unavailable
    retry_in_s: float


FeedEvent = Connected | Change | Lost


async def follow(
    client: Client, since: int | None = None, kinds: Sequence[str] = ()
) -> AsyncGenerator[FeedEvent, None]:
    """Changes after `since` (None: from now on), for ever, over as many connections as it takes;
    with `kinds`, of these kinds only.

    Raises Unauthenticated when the session is over, and Forbidden when the appliance's
    certificate is not the trusted one.
    """
    delay_s = FIRST_DELAY_S
    seq = since

    def note(place: int) -> None:
        nonlocal seq
        seq = place

    while True:
        try:
            async with aclosing(client.feed(seq, kinds=kinds, on_place=note)) as messages:
                async for message in messages:
                    if isinstance(message, FeedStart):
                        delay_s = FIRST_DELAY_S
                        seq = message.seq
                        yield Connected(message.seq, message.reset)
                    else:
                        seq = message.seq or seq
                        yield message
        except Unavailable as error:
            yield Lost(error, delay_s)
        await asyncio.sleep(delay_s * random.uniform(0.8, 1.2))  # noqa: S311 only to spread
        delay_s = min(delay_s * 2, LONGEST_DELAY_S)
