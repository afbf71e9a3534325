"""Tight encoding: fills, palettes and full colour, each through its own deflate stream.

Pixels travel as three bytes red, green, blue (the "TPIXEL" of 32-bit formats of depth 24).
JPEG and PNG parts are refused: we never ask for loss, nor for TightPNG.
"""

from __future__ import annotations

import numpy as np

from desktop.console.rfb.encodings.gradient import undo_gradient
from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.framebuffer import OPAQUE, Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading
from desktop.console.rfb.inflate import InflateStream, check_packed_size

FILL, JPEG, PNG = 8, 9, 10
COPY, PALETTE, GRADIENT = 0, 1, 2
UNCOMPRESSED_BELOW_BYTES = 12
MAX_WIDTH_PIXELS = 2048


class TightDecoder:
    """Holds the four streams; the server says when one starts anew."""

    def __init__(self) -> None:
        self._streams = [InflateStream() for _ in range(4)]

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Read the control byte and what it announces."""
        control = yield from incoming.byte()
        for index in range(4):
            if control & (1 << index):
                self._streams[index] = InflateStream()
        kind = control >> 4
        if kind == FILL:
            red, green, blue = yield from incoming.read(3)
            target.fill(x, y, width, height, red << 16 | green << 8 | blue)
            return
        if kind > 7:
            name = {JPEG: "JPEG", PNG: "PNG"}.get(kind, str(kind))
            raise ProtocolError(f"a Tight part of kind {name}, which was not asked for")
        choice = COPY
        if kind & 4:
            choice = yield from incoming.byte()
        stream = self._streams[kind & 3]
        if choice == COPY:
            data = yield from self._data(incoming, stream, width * height * 3)
            target.put_rgb(x, y, width, height, data)
        elif choice == PALETTE:
            yield from self._palette(incoming, stream, target, (x, y, width, height))
        elif choice == GRADIENT:
            data = yield from self._data(incoming, stream, width * height * 3)
            target.put_rgb(x, y, width, height, undo_gradient(data, width, height))
        else:
            raise ProtocolError(f"unknown Tight filter {choice}")

    def _palette(
        self,
        incoming: Incoming,
        stream: InflateStream,
        target: Framebuffer,
        rect: tuple[int, int, int, int],
    ) -> Reading[None]:
        x, y, width, height = rect
        count = (yield from incoming.byte()) + 1
        raw = np.frombuffer((yield from incoming.read(count * 3)), np.uint8).reshape(count, 3)
        parts = raw.astype(np.uint32)
        colours = parts[:, 0] << 16 | parts[:, 1] << 8 | parts[:, 2] | OPAQUE
        if count <= 2:
            row_bytes = (width + 7) // 8
            data = yield from self._data(incoming, stream, row_bytes * height)
            bits = np.frombuffer(data, np.uint8).reshape(height, row_bytes)
            index = np.unpackbits(bits, axis=1, count=width)
        else:
            data = yield from self._data(incoming, stream, width * height)
            index = np.frombuffer(data, np.uint8).reshape(height, width)
        if count < 256 and int(index.max()) >= count:
            raise ProtocolError(f"a Tight part uses colours beyond its palette of {count}")
        target.pixels[y : y + height, x : x + width] = colours[index]

    def _data(
        self, incoming: Incoming, stream: InflateStream, size: int
    ) -> Reading[bytes | bytearray]:
        """`size` bytes of picture: as they are when few, else through the stream."""
        if size < UNCOMPRESSED_BELOW_BYTES:
            return (yield from incoming.read(size))
        packed = yield from _compact_length(incoming)
        check_packed_size(packed, size)
        return stream.inflate((yield from incoming.read(packed)), size)


def _compact_length(incoming: Incoming) -> Reading[int]:
    """A length in one to three bytes: seven bits, seven bits, eight bits."""
    byte = yield from incoming.byte()
    length = byte & 0x7F
    if byte & 0x80:
        byte = yield from incoming.byte()
        length |= (byte & 0x7F) << 7
        if byte & 0x80:
            length |= (yield from incoming.byte()) << 14
    return length
