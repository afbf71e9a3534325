"""The same request again and again over keep-alive connections: how many answers a second?

As light as Python allows, so that the server is what is measured: no tasks, no futures, the next
request goes out as soon as an answer is complete.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

from tests.bench.wire import Target

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_OK = b"HTTP/1.1 200"


@dataclass
class Count:
    """What all connections together have seen."""

    answers: int = 0
    bytes: int = 0
    wrong: list[bytes] = field(default_factory=list)


class Hammer(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, count: Count) -> None:
        self._request = request
        self._count = count
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.is_over = False

    def begin(self) -> None:
        """Send the first request."""
        assert self._transport is not None
        self._transport.write(self._request)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        head = buffer.find(_END)
        if head < 0 or len(buffer) < head + len(_END) + _length(buffer[:head]):
            self._buffer = buffer
            return
        self._buffer = b""
        self._count.answers += 1
        self._count.bytes += len(buffer)
        if not buffer.startswith(_OK):
            self._count.wrong.append(buffer[:200])
        if not self.is_over and self._transport is not None:
            self._transport.write(self._request)


async def hammer(target: Target, path: str, connections: int, seconds: float) -> float:
    """Answers a second; raises RuntimeError if any was not 200."""
    count = Count()
    loop = asyncio.get_running_loop()
    request = target.request("GET", path)
    protocols: list[Hammer] = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: Hammer(request, count), target.host, target.port, ssl=target.tls
        )
        protocols.append(protocol)
    began = time.perf_counter()
    for protocol in protocols:
        protocol.begin()
    await asyncio.sleep(seconds)
    rate = count.answers / (time.perf_counter() - began)
    for protocol in protocols:
        protocol.is_over = True
        protocol.close()
    if count.wrong:
        raise RuntimeError(f"{len(count.wrong)} wrong answers, like {count.wrong[0]!r}")
    return rate


def _length(head: bytes) -> int:
    start = head.find(_LENGTH)
    if start < 0:
        start = head.lower().find(_LENGTH)
    end = head.find(b"\r", start)
    return int(head[start + len(_LENGTH) : end if end > 0 else len(head)])
