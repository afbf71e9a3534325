"""Ways to a console: anything that gives and takes bytes."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

READ_BYTES = 256 * 1024


class ByteStream(Protocol):
    """A two-way stream of bytes, used in the networking thread."""

    async def read(self) -> bytes:
        """The next bytes; b"" at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of `data`; raises OSError or ConnectionError when that is not possible."""
        ...

    async def close(self) -> None:
        """End the stream. Safe to call twice."""
        ...


Connect = Callable[[], Awaitable[ByteStream]]
"""Opens a new stream: called for every attempt."""


class Submitter(Protocol):
    """Runs coroutines in the networking thread (the client's bridge does)."""

    def submit(self, coroutine: Coroutine[Any, Any, Any], /) -> concurrent.futures.Future[Any]:
        """Start `coroutine` there."""
        ...


class ConsoleConnection(Protocol):
    """What the service's client library gives for an open console."""

    async def receive(self) -> bytes: ...
    async def send(self, data: bytes, /) -> None: ...
    async def close(self) -> None: ...


class ServiceStream:
    """A console relayed by the management service."""

    def __init__(self, connection: ConsoleConnection) -> None:
        self._connection = connection

    async def read(self) -> bytes:
        """The next bytes; b"" at the end."""
        return await self._connection.receive()

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        await self._connection.send(data)

    async def close(self) -> None:
        """End the console."""
        await self._connection.close()


class SocketStream:
    """A plain socket: a server on this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """The next bytes; b"" at the end."""
        return await self._reader.read(READ_BYTES)

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        """Close the socket."""
        self._writer.close()


async def connect_unix(path: Path) -> SocketStream:
    """Connect to a UNIX socket."""
    return SocketStream(*await asyncio.open_unix_connection(str(path), limit=READ_BYTES))


async def connect_tcp(host: str, port: int) -> SocketStream:
    """Connect to a TCP port."""
    return SocketStream(*await asyncio.open_connection(host, port, limit=READ_BYTES))
