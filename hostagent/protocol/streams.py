"""Byte streams inside a link, with credit: a sender never sends more than was granted."""

import asyncio
from collections import deque
from collections.abc import Callable

from hostagent.protocol.frames import Frame, StreamClose, StreamCredit, StreamData

WINDOW_BYTES = 1024**2
CHUNK_BYTES = 64 * 1024


class StreamBroken(Exception):
    """The other side ended the stream with an error, or the link is gone."""


class Stream:
    """One two-way stream. Each direction ends by itself."""

    def __init__(self, stream_id: int, send: Callable[[Frame], None]) -> None:
        self.id = stream_id
        self._send = send
        self._credit = WINDOW_BYTES
        self._credit_grew = asyncio.Event()
        self._received: deque[bytes] = deque()
        self._pending_bytes = 0
        self._arrived = asyncio.Event()
        self._ended = False
        self._error: str | None = None
        self._closed = False

    async def read(self) -> bytes:
        """The next bytes; b"" when the other side has ended. Raises StreamBroken."""
        while not self._received:
            if self._ended:
                if self._error is not None:
                    raise StreamBroken(self._error)
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = self._received.popleft()
        self._pending_bytes -= len(data)
        if not self._ended:
            self._send(StreamCredit(stream=self.id, size_bytes=len(data)))
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`, waiting for credit. Raises StreamBroken when nobody takes it any more."""
        view = memoryview(data)
        while view:
            while self._credit <= 0:
                self._refuse_if_over()
                self._credit_grew.clear()
                await self._credit_grew.wait()
            self._refuse_if_over()
            size = min(len(view), self._credit, CHUNK_BYTES)
            self._credit -= size
            self._send(StreamData(stream=self.id, data=bytes(view[:size])))
            view = view[size:]

    def close(self, error: str | None = None) -> None:
        """End our direction; may be called again."""
        if not self._closed:
            self._closed = True
            self._send(StreamClose(stream=self.id, error=error))

    @property
    def is_over(self) -> bool:
        """Whether both directions have ended."""
        return self._closed and self._ended

    def accept(self, frame: StreamData | StreamCredit | StreamClose) -> bool:
        """Take a frame of the other side; False if it broke the rules of credit."""
        match frame:
            case StreamData():
                self._pending_bytes += len(frame.data)
                self._received.append(frame.data)
                self._arrived.set()
                return self._pending_bytes <= WINDOW_BYTES
            case StreamCredit():
                self._credit += frame.size_bytes
                self._credit_grew.set()
            case StreamClose():
                self.end(frame.error)
        return True

    def end(self, error: str | None) -> None:
        """The other side has ended, or the link is lost."""
        self._ended = True
        self._error = self._error or error
        self._arrived.set()
        self._credit_grew.set()

    def _refuse_if_over(self) -> None:
        if self._closed:
            raise StreamBroken("the stream is closed")
        if self._ended and self._error is not None:
            raise StreamBroken(self._error)
