"""Hextile encoding: tiles of 16x16 pixels with a background and small rectangles on it."""

from __future__ import annotations

from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading

RAW, BACKGROUND, FOREGROUND, SUBRECTS, COLOURED = 1, 2, 4, 8, 16
TILE = 16
_INCOMPLETE = -1


class HextileDecoder:
    """Parses whole tiles out of the buffer: a pause for each byte would cost more than the work.

    A tile has at most 1,541 bytes, so starting one again when more bytes arrive is cheap.
    """

    def __init__(self) -> None:
        self._background = 0
        self._foreground = 0

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Read tiles row by row, from left to right."""
        self._background = self._foreground = 0
        start = 0
        buffer = incoming.buffer
        for top in range(y, y + height, TILE):
            rows = min(TILE, y + height - top)
            for left in range(x, x + width, TILE):
                columns = min(TILE, x + width - left)
                while True:
                    end = self._tile(buffer, start, target, left, top, columns, rows)
                    if end != _INCOMPLETE:
                        start = end
                        break
                    del buffer[:start]
                    start = 0
                    yield from incoming.more()
        del buffer[:start]

    def _tile(
        self, data: bytearray, at: int, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> int:
        """Paint the tile at `data[at]`; the index after it, or _INCOMPLETE."""
        size = len(data)
        if at >= size:
            return _INCOMPLETE
        flags = data[at]
        at += 1
        if flags & RAW:
            end = at + width * height * 4
            if end > size:
                return _INCOMPLETE
            target.put(x, y, width, height, data[at:end])
            return end
        colours = (4 if flags & BACKGROUND else 0) + (4 if flags & FOREGROUND else 0)
        if at + colours > size:
            return _INCOMPLETE
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
            end = at + 1 + data[at] * (6 if flags & COLOURED else 2)
            if end > size:
                return _INCOMPLETE
        self._background, self._foreground = background, foreground
        target.fill(x, y, width, height, background)
        if flags & SUBRECTS:
            is_coloured = bool(flags & COLOURED)
            self._subrects(data[at + 1 : end], target, (x, y, width, height), is_coloured)
        return end

    def _subrects(
        self,
        data: bytearray,
        target: Framebuffer,
        tile: tuple[int, int, int, int],
        is_coloured: bool,
    ) -> None:
        left, top, width, height = tile
        pixels = target.pixels
        colour = self._foreground | 0xFF000000
        step = 6 if is_coloured else 2
        for at in range(0, len(data), step):
            if is_coloured:
                colour = int.from_bytes(data[at : at + 4], "little") | 0xFF000000
            place, extent = data[at + step - 2], data[at + step - 1]
            x, y = place >> 4, place & 15
            right, bottom = x + (extent >> 4) + 1, y + (extent & 15) + 1
            if right > width or bottom > height:
                raise ProtocolError(f"a hextile part {right}x{bottom} leaves its tile")
            pixels[top + y : top + bottom, left + x : left + right] = colour
