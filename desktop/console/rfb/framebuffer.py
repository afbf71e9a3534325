"""The picture of a guest's screen: a numpy array that a QImage can show without a copy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop.console.rfb.constants import MAX_AREA_PIXELS, MAX_SIDE_PIXELS
from desktop.console.rfb.errors import ProtocolError

OPAQUE = np.uint32(0xFF000000)
"""Kept set in every pixel, because Qt's RGB32 wants the unused byte to be 0xff."""


class Framebuffer:
    """Pixels 0xffRRGGBB, rows from top to bottom, without padding.

    A framebuffer never changes its size: a resized screen is a new framebuffer. So a painter in
    another thread may hold on to an old one.
    """

    def __init__(self, width: int, height: int) -> None:
        check_size(width, height)
        self.width = width
        self.height = height
        self.pixels: npt.NDArray[np.uint32] = np.full((height, width), OPAQUE, dtype=np.uint32)

    def check(self, x: int, y: int, width: int, height: int) -> None:
        """Raise ProtocolError unless the rectangle lies within the picture."""
        if x + width > self.width or y + height > self.height:
            raise ProtocolError(
                f"rectangle {width}x{height} at {x},{y} leaves the screen "
                f"of {self.width}x{self.height}"
            )

    def fill(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        """Paint a rectangle in one colour 0xRRGGBB."""
        self.pixels[y : y + height, x : x + width] = colour | 0xFF000000

    def put(self, x: int, y: int, width: int, height: int, data: bytes | bytearray) -> None:
        """Set a rectangle from 32-bit little-endian pixels."""
        source = np.frombuffer(data, dtype="<u4").reshape(height, width)
        np.bitwise_or(source, OPAQUE, out=self.pixels[y : y + height, x : x + width])

    def put_rgb(self, x: int, y: int, width: int, height: int, data: bytes | bytearray) -> None:
        """Set a rectangle from 3-byte pixels red, green, blue."""
        # Four bytes are read for each pixel, the first of them the last one of its neighbour:
        # one pass over the data instead of three. Masking and setting the top byte removes it.
        padded = b"\x00" + data
        source = np.ndarray((height, width), ">u4", buffer=padded, strides=(3 * width, 3))
        np.bitwise_or(source, OPAQUE, out=self.pixels[y : y + height, x : x + width])

    def copy(self, source_x: int, source_y: int, x: int, y: int, width: int, height: int) -> None:
        """Copy a rectangle within the picture; both may overlap."""
        part = self.pixels[source_y : source_y + height, source_x : source_x + width].copy()
        self.pixels[y : y + height, x : x + width] = part

    def resized(self, width: int, height: int) -> Framebuffer:
        """A framebuffer of another size showing what both have in common."""
        result = Framebuffer(width, height)
        rows, columns = min(height, self.height), min(width, self.width)
        result.pixels[:rows, :columns] = self.pixels[:rows, :columns]
        return result


def check_size(width: int, height: int) -> None:
    """Raise ProtocolError for a screen that no guest has."""
    if (
        not 0 < width <= MAX_SIDE_PIXELS
        or not 0 < height <= MAX_SIDE_PIXELS
        or width * height > MAX_AREA_PIXELS
    ):
        raise ProtocolError(f"the screen cannot be {width}x{height} pixels")
