"""Zlib encoding: raw pixels through one deflate stream."""

from __future__ import annotations

import struct

from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading
from desktop.console.rfb.inflate import InflateStream, check_packed_size

_LENGTH = struct.Struct(">I")


class ZlibDecoder:
    """Holds the stream, which goes on from rectangle to rectangle."""

    def __init__(self) -> None:
        self._stream = InflateStream()

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Read a length and so many compressed bytes."""
        (packed,) = yield from incoming.unpack(_LENGTH)
        size = width * height * 4
        check_packed_size(packed, size)
        data = yield from incoming.read(packed)
        target.put(x, y, width, height, self._stream.inflate(data, size))
