"""A small HTTP/1.1 client for load: keep-alive TLS connections, one request at a time on each."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

_LENGTH = b"content-length:"
_END = b"\r\n\r\n"


class WireError(Exception):
    """The connection ended, or its answer cannot be understood."""


@dataclass(frozen=True)
class Answer:
    """An answer: its status and its body."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One connection; `open_connections` makes them."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._needed = 0
        self._waiting: asyncio.Future[Answer] | None = None

    async def send(self, request: bytes) -> Answer:
        """Send a whole request and wait for its answer; raises WireError."""
        if self._transport is None or self._transport.is_closing():
            raise WireError("the connection is closed")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) < self._needed:
            return
        head_end = self._buffer.find(_END)
        if head_end < 0:
            return
        head = bytes(self._buffer[:head_end]).lower()
        size = _length_of(head)
        if size is None:
            self._fail(WireError(f"an answer without length: {head[:80]!r}"))
            return
        self._needed = head_end + len(_END) + size
        if len(self._buffer) < self._needed:
            return
        body = bytes(self._buffer[head_end + len(_END) : self._needed])
        del self._buffer[: self._needed]
        self._needed = 0
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(WireError(f"the connection was lost: {exc or 'closed'}"))

    def _fail(self, error: WireError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


@dataclass(frozen=True)
class Target:
    """Where requests go, and the login that they carry."""

    host: str
    port: int
    tls: ssl.SSLContext
    token: str = ""

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A whole request as bytes."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if body:
            lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def open(self, count: int) -> list[Connection]:
        """So many connections."""
        return list(await asyncio.gather(*(self._open() for _ in range(count))))

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(Connection, self.host, self.port, ssl=self.tls)
        return protocol


async def share_out(
    connections: Iterable[Connection],
    requests: Iterable[bytes],
    take: Callable[[Answer], Any] | None = None,
) -> None:
    """Send all requests over the connections, each as soon as one is free.

    `take` gets each answer. Raises WireError.
    """
    left = iter(requests)

    async def work(connection: Connection) -> None:
        for request in left:
            answer = await connection.send(request)
            if take is not None:
                take(answer)

    await all_of(work(connection) for connection in connections)


async def all_of(works: Iterable[Awaitable[Any]]) -> None:
    """Wait for all; the first that fails ends the others."""

    async def run(work: Awaitable[Any]) -> None:
        await work

    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(run(work))


def _length_of(head: bytes) -> int | None:
    start = head.find(_LENGTH)
    if start < 0:
        return None
    end = head.find(b"\r\n", start)
    return int(head[start + len(_LENGTH) : end if end >= 0 else len(head)])
