"""What the tiles of one hextile rectangle say, painted with a few operations on whole arrays.

A screen full of text has a hundred thousand little rectangles: one by one they would take a
tenth of a second and more.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.framebuffer import OPAQUE, Framebuffer

TILE = 16
_COLOURED = np.dtype([("colour", "<u4"), ("place", "u1"), ("extent", "u1")])
_PLAIN = np.dtype([("place", "u1"), ("extent", "u1")])
Numbers = npt.NDArray[np.int32]


class _Parts:
    """Little rectangles of one kind, and the tiles they belong to."""

    def __init__(self, layout: np.dtype) -> None:
        self.layout = layout
        self.data = bytearray()
        self.tiles: list[tuple[int, int, int, int, int]] = []
        """Left, top, width << 8 | height, colour, and how many rectangles the tile has."""


class Tiles:
    """Collects the tiles of a rectangle, which come row by row from left to right."""

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._height = height
        self._backgrounds: list[int] = []
        self._raw: list[tuple[int, int, int, int, bytearray]] = []
        self._coloured = _Parts(_COLOURED)
        self._plain = _Parts(_PLAIN)

    def add_raw(self, x: int, y: int, width: int, height: int, data: bytearray) -> None:
        """A tile of plain pixels."""
        self._backgrounds.append(0)
        self._raw.append((x, y, width, height, data))

    def add_background(self, colour: int) -> None:
        """A tile of one colour, maybe with rectangles on it."""
        self._backgrounds.append(colour)

    def add_subrects(
        self, x: int, y: int, width: int, height: int, data: bytearray, colour: int | None
    ) -> None:
        """Rectangles on the last tile, all in `colour`, or each with its own (None)."""
        parts = self._coloured if colour is None else self._plain
        parts.data += data
        count = len(data) // (6 if colour is None else 2)
        parts.tiles.append((x, y, width << 8 | height, colour or 0, count))

    def paint(self, target: Framebuffer, x: int, y: int) -> None:
        """Paint everything; the rectangle's upper left corner is at x, y."""
        width, height = self._width, self._height
        part = target.pixels[y : y + height, x : x + width]
        across = (width + TILE - 1) // TILE
        colours = np.array(self._backgrounds, np.uint32).reshape(-1, across) | OPAQUE
        wide = np.repeat(colours, TILE, axis=1)[:, :width]
        for row in range(len(wide)):
            part[row * TILE : (row + 1) * TILE] = wide[row]
        for left, top, columns, rows, data in self._raw:
            target.put(x + left, y + top, columns, rows, data)
        for parts in (self._plain, self._coloured):
            if parts.tiles:
                _paint_parts(parts, target, x, y)


def _paint_parts(parts: _Parts, target: Framebuffer, x: int, y: int) -> None:
    rects = np.frombuffer(parts.data, parts.layout)
    place, extent = rects["place"].astype(np.int32), rects["extent"].astype(np.int32)
    width, height = (extent >> 4) + 1, (extent & 15) + 1
    told = np.array(parts.tiles, np.uint32)
    counts = told[:, 4]
    right, bottom = (place >> 4) + width, (place & 15) + height
    limits = np.repeat(told[:, 2], counts)
    if bool((right > limits >> 8).any() or (bottom > limits & 255).any()):
        raise ProtocolError("a part of a hextile tile leaves its tile")
    is_coloured = "colour" in (parts.layout.names or ())
    values = (rects["colour"] if is_coloured else np.repeat(told[:, 3], counts)) | OPAQUE
    stride = target.width
    origins = ((told[:, 1] + y) * stride + told[:, 0] + x).astype(np.int32)
    index = np.repeat(origins, counts) + (place & 15) * stride + (place >> 4)
    # Every rectangle becomes its rows, every row its pixels. Where rectangles overlap the later
    # one wins: assigning by index keeps the order.
    if bool((height > 1).any()):
        values, width = np.repeat(values, height), np.repeat(width, height)
        index = np.repeat(index, height) + stride * _count_up(height)
    if bool((width > 1).any()):
        values = np.repeat(values, width)
        index = np.repeat(index, width) + _count_up(width)
    target.pixels.reshape(-1)[index] = values


def _count_up(lengths: Numbers) -> Numbers:
    """0, 1, … up to each of `lengths`, one after the other."""
    ends = np.cumsum(lengths, dtype=np.int32)
    return np.arange(int(ends[-1]), dtype=np.int32) - np.repeat(ends - lengths, lengths)
