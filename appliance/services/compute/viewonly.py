"""View-only consoles: what a client sends is let through only if it changes nothing.

Client messages as in RFC 6143, 7.5, and QEMU's extensions (message type 255).
"""

from __future__ import annotations

from appliance.hosts.links import HostStream
from appliance.protocol.errors import InvalidInput

HANDSHAKE_BYTES = 12 + 1 + 1  # version, security type None, ClientInit
SET_PIXEL_FORMAT, SET_ENCODINGS, UPDATE_REQUEST = 0, 2, 3
KEY, POINTER, CUT_TEXT, QEMU = 4, 5, 6, 255
PASSED = frozenset({SET_PIXEL_FORMAT, SET_ENCODINGS, UPDATE_REQUEST})
FIXED = {SET_PIXEL_FORMAT: 20, UPDATE_REQUEST: 10, KEY: 8, POINTER: 6}
LARGEST_BYTES = 1024**2


class ViewOnlyFilter:
    """Takes the bytes that a client sends; gives those that may reach the machine."""

    def __init__(self) -> None:
        self._greeting_left = HANDSHAKE_BYTES
        self._pending = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Raises InvalidInput for what is no client message."""
        passed = bytearray(data[: self._greeting_left])
        self._greeting_left -= len(passed)
        self._pending += data[len(passed) :]
        while (size := _size(self._pending)) is not None and len(self._pending) >= size:
            if self._pending[0] in PASSED:
                passed += self._pending[:size]
            del self._pending[:size]
        return bytes(passed)


class ViewOnlyStream:
    """A machine's console to which nothing can be typed."""

    def __init__(self, stream: HostStream, kind: str) -> None:
        self._stream = stream
        self._filter = ViewOnlyFilter() if kind == "vnc" else None

    async def read(self) -> bytes:
        """Bytes from the machine; b"" at the end."""
        return await self._stream.read()

    async def write(self, data: bytes) -> None:
        """Bytes of the client; a serial line is told nothing at all."""
        if self._filter is not None and (passed := self._filter.feed(data)):
            await self._stream.write(passed)

    def close(self, error: str | None = None) -> None:
        """End it."""
        self._stream.close(error)


def _size(message: bytearray) -> int | None:
    """The whole size of the first message, None while too little of it is here."""
    if not message:
        return None
    kind = message[0]
    if kind in FIXED:
        return FIXED[kind]
    if kind == SET_ENCODINGS:
        return None if len(message) < 4 else 4 + 4 * int.from_bytes(message[2:4], "big")
    if kind == CUT_TEXT:
        return None if len(message) < 8 else _cut_text_size(message)
    if kind == QEMU:
        return _qemu_size(message)
    raise InvalidInput("request.malformed", reason=f"no client message has type {kind}")


def _cut_text_size(message: bytearray) -> int:
    """A negative length marks the extended clipboard, whose size is the absolute value."""
    size = abs(int.from_bytes(message[4:8], "big", signed=True))
    if size > LARGEST_BYTES:
        raise InvalidInput("request.malformed", reason=f"a text of {size} bytes")
    return 8 + size


def _qemu_size(message: bytearray) -> int | None:
    """Extended key events, and audio: enable, disable, or set a format."""
    if len(message) < 4:
        return None
    if message[1] == 0:
        return 12
    return 10 if int.from_bytes(message[2:4], "big") == 2 else 4
