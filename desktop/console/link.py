"""A console's connection: lives in the networking thread, tells the GUI, and comes back by itself.

Everything called from the GUI is handed over to the networking thread's loop; everything told to
the GUI is a Qt signal, which Qt delivers in the GUI thread.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import structlog
from PySide6.QtCore import QObject, Signal, SignalInstance

from desktop.console.transport import ByteStream, Connect, Submitter
from desktop.widgets.abstract import AbstractQObject

log = structlog.get_logger(__name__)

PAUSES_S = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0)
"""Pauses before one attempt after the other; the last one is repeated."""

CONNECT_TIMEOUT_S = 20.0
STABLE_AFTER_S = 5.0


class Phase(Enum):
    """What a connection does now."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"


@dataclass(frozen=True)
class LinkState:
    """The phase; while waiting also what went wrong (None: the other end hung up)."""

    phase: Phase
    error: Exception | None = None
    retry_in_s: float = 0.0


class ConsoleLink(QObject, metaclass=AbstractQObject):
    """Base of the screen's and the serial line's connection: connects again after each end."""

    state_changed = Signal(object)
    """A LinkState."""

    def __init__(
        self,
        submitter: Submitter,
        connect: Connect,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.state = LinkState(Phase.STOPPED)
        self._submitter = submitter
        self._connect = connect
        self._pauses_s = tuple(pauses_s)
        self._future: concurrent.futures.Future[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._retry = asyncio.Event()
        self._was_up = False

    # Called in the GUI thread

    def start(self) -> None:
        """Connect, and connect again whenever the connection ends, until `stop`."""
        if self._future is None:
            self._tell(LinkState(Phase.CONNECTING))
            self._future = self._submitter.submit(self._run())

    def stop(self) -> None:
        """End the connection. Safe to call twice."""
        future, self._future = self._future, None
        if future is not None:
            future.cancel()
            self._loop = None
            self._tell(LinkState(Phase.STOPPED))

    def retry_now(self) -> None:
        """Cut the present pause short."""
        self._hand_over(self._retry.set)

    def _hand_over(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` in the networking thread; forgotten if there is no connection."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(function, *args)

    # Running in the networking thread

    @abstractmethod
    async def _serve(self, stream: ByteStream) -> None:
        """Use one connection until it ends."""

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        attempt = -1
        while True:
            self._tell(LinkState(Phase.CONNECTING))
            self._was_up = False
            began = loop.time()
            error = await self._attempt()
            # One that was up but did not last is no reason to hurry.
            lasted = self._was_up and loop.time() - began >= STABLE_AFTER_S
            attempt = 0 if lasted else attempt + 1
            pause_s = self._pauses_s[min(attempt, len(self._pauses_s) - 1)]
            self._tell(LinkState(Phase.WAITING, error, pause_s))
            self._retry.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._retry.wait(), pause_s)

    async def _attempt(self) -> Exception | None:
        stream: ByteStream | None = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                stream = await self._connect()
            await self._serve(stream)
        except Exception as error:  # whatever ends a connection is shown, and tried again
            log.info("console_connection_ended", error=str(error) or type(error).__name__)
            return error
        finally:
            if stream is not None:
                with contextlib.suppress(OSError, RuntimeError):
                    await stream.close()
        return None

    def _is_up(self) -> None:
        """The connection has proved to be of use."""
        if not self._was_up:
            self._was_up = True
            self._tell(LinkState(Phase.CONNECTED))

    def _tell(self, state: LinkState) -> None:
        self.state = state
        self._emit(self.state_changed, state)

    def _emit(self, signal: SignalInstance, *values: object) -> None:
        # The window may be gone while the networking thread still ends the connection.
        with contextlib.suppress(RuntimeError):
            signal.emit(*values)


class Outbox:
    """Bytes to be sent, in order, by a task of its own: nobody waits for a slow line."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._waiting = bytearray()
        self._filled = asyncio.Event()
        self._task = asyncio.create_task(self._send())

    def put(self, data: bytes) -> None:
        """Send `data` after what waits already."""
        if data:
            self._waiting += data
            self._filled.set()

    async def close(self) -> None:
        """Stop sending; what still waits is dropped."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _send(self) -> None:
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                data, self._waiting = bytes(self._waiting), bytearray()
                await self._stream.write(data)
        except (OSError, RuntimeError) as error:
            # The reading side notices the same end and tells it.
            log.info("console_write_failed", error=str(error))
            await self._stream.close()
