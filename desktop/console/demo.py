"""What the console needs of the client around it, for a server on this machine: demo and tests."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop.console.transport import SocketStream, connect_tcp, connect_unix


class NetworkThread:
    """A stock asyncio loop in a background thread. Call `stop` at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, Any], /) -> concurrent.futures.Future[Any]:
        """Run `coroutine` in that thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """Cancel what runs, and end the thread."""
        with contextlib.suppress(TimeoutError, concurrent.futures.TimeoutError):
            self.submit(_cancel_others()).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()


@dataclass(frozen=True)
class DemoMachine:
    """A machine with a name."""

    id: str
    name: str


class SocketConnection:
    """A socket in the form in which the client library gives a console."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream

    async def receive(self) -> bytes:
        """The next bytes; b"" at the end."""
        return await self._stream.read()

    async def send(self, data: bytes, /) -> None:
        """Send all of `data`."""
        await self._stream.write(data)

    async def close(self) -> None:
        """Close the socket."""
        await self._stream.close()


@dataclass
class SocketClient:
    """Opens consoles of UNIX socket paths or `host:port`."""

    vnc: str
    serial: str = ""

    @property
    def client(self) -> SocketClient:
        """Itself: there is no login here."""
        return self

    async def open_console(self, vm_id: str, /, *, kind: str = "vnc") -> SocketConnection:
        """Connect to the screen or the serial line."""
        address = self.vnc if kind == "vnc" else self.serial
        if not address:
            raise ConnectionError(f"no {kind} address was given")
        host, colon, port = address.rpartition(":")
        if colon and port.isdigit() and "/" not in address:
            return SocketConnection(await connect_tcp(host, int(port)))
        return SocketConnection(await connect_unix(Path(address)))


async def _cancel_others() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
