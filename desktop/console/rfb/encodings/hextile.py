"""Hextile encoding: tiles of 16x16 pixels with a background and small rectangles on it."""

from __future__ import annotations

from desktop.console.rfb.encodings.tiles import TILE, Tiles
from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading

RAW, BACKGROUND, FOREGROUND, SUBRECTS, COLOURED = 1, 2, 4, 8, 16
_INCOMPLETE = -1


class HextileDecoder:
    """Parses whole tiles out of the buffer: a pause for each byte would cost more than the work.

    A tile has at most 1,541 bytes, so starting one again when more bytes arrive is cheap. What
    the tiles say is collected and painted at once for the whole rectangle.
    """

    def __init__(self) -> None:
        self._background = 0
        self._foreground = 0

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Read tiles row by row, from left to right."""
        self._background = self._foreground = 0
        tiles = Tiles(width, height)
        buffer = incoming.buffer
        start = 0
        for top in range(0, height, TILE):
            rows = min(TILE, height - top)
            for left in range(0, width, TILE):
                columns = min(TILE, width - left)
                while (end := self._tile(buffer, start, tiles, left, top, columns, rows)) < 0:
                    del buffer[:start]
                    start = 0
                    yield from incoming.more()
                start = end
        del buffer[:start]
        tiles.paint(target, x, y)

    def _tile(
        self, data: bytearray, at: int, tiles: Tiles, x: int, y: int, width: int, height: int
    ) -> int:
        """Take the tile at `data[at]`; the index after it, or _INCOMPLETE with nothing taken."""
        size = len(data)
        if at >= size:
            return _INCOMPLETE
        flags = data[at]
        at += 1
        if flags & RAW:
            end = at + width * height * 4
            if end > size:
                return _INCOMPLETE
            tiles.add_raw(x, y, width, height, data[at:end])
            return end
        background, foreground = self._background, self._foreground
        if flags & BACKGROUND:
            background = int.from_bytes(data[at : at + 4], "little") & 0xFFFFFF
            at += 4
        if flags & FOREGROUND:
            foreground = int.from_bytes(data[at : at + 4], "little") & 0xFFFFFF
            at += 4
        end = at
        if flags & SUBRECTS:
            if at >= size:
                return _INCOMPLETE
            at += 1
            end = at + data[at - 1] * (6 if flags & COLOURED else 2)
        if end > size:
            return _INCOMPLETE
        self._background, self._foreground = background, foreground
        tiles.add_background(background)
        if end > at:
            colour = None if flags & COLOURED else foreground
            tiles.add_subrects(x, y, width, height, data[at:end], colour)
        return end
