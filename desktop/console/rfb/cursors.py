"""Pointer shapes sent by the server."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop.console.rfb.constants import MAX_CURSOR_SIDE_PIXELS, Encoding
from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.events import CursorChanged
from desktop.console.rfb.incoming import Incoming, Reading


def read_rich_cursor(
    incoming: Incoming, hot_x: int, hot_y: int, width: int, height: int
) -> Reading[CursorChanged]:
    """Pixels and a mask of one bit each."""
    _check(width, height)
    row_bytes = (width + 7) // 8
    colours = yield from incoming.read(width * height * 4)
    mask = yield from incoming.read(row_bytes * height)
    if not width or not height:
        return CursorChanged(None, 0, 0)
    bits = np.frombuffer(mask, np.uint8).reshape(height, row_bytes)
    alpha = np.unpackbits(bits, axis=1, count=width) * np.uint8(255)
    pixels = np.frombuffer(colours, np.uint8).reshape(height, width, 4).copy()
    pixels[..., 3] = 255
    pixels &= alpha[..., None]
    return _shape(pixels, hot_x, hot_y)


def read_alpha_cursor(
    incoming: Incoming, hot_x: int, hot_y: int, width: int, height: int
) -> Reading[CursorChanged]:
    """Pixels with alpha, which QEMU sends as blue, green, red, alpha."""
    _check(width, height)
    encoding = int.from_bytes((yield from incoming.read(4)), "big", signed=True)
    if encoding != Encoding.RAW:
        raise ProtocolError(f"a cursor in encoding {encoding}, only raw ones are spoken")
    data = yield from incoming.read(width * height * 4)
    if not width or not height:
        return CursorChanged(None, 0, 0)
    pixels = np.frombuffer(data, np.uint8).reshape(height, width, 4).copy()
    alpha = pixels[..., 3:]
    if bool((pixels[..., :3] > alpha).any()):
        # QEMU before 10 passes on what the guest said, whose colours are not premultiplied.
        pixels[..., :3] = pixels[..., :3].astype(np.uint16) * alpha // 255
    return _shape(pixels, hot_x, hot_y)


def _check(width: int, height: int) -> None:
    if width > MAX_CURSOR_SIDE_PIXELS or height > MAX_CURSOR_SIDE_PIXELS:
        raise ProtocolError(f"the pointer cannot be {width}x{height} pixels")


def _shape(pixels: npt.NDArray[np.uint8], hot_x: int, hot_y: int) -> CursorChanged:
    if not pixels[..., 3].any():
        return CursorChanged(None, 0, 0)
    height, width = pixels.shape[:2]
    return CursorChanged(pixels, min(hot_x, width - 1), min(hot_y, height - 1))
