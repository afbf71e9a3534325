"""Tight's gradient filter: each pixel is told as the difference from what its neighbours foretell.

Rare: servers choose it for smooth pictures only, and QEMU only when loss is allowed.
"""

from __future__ import annotations

import numpy as np


def undo_gradient(data: bytes | bytearray, width: int, height: int) -> bytes:
    """The pixels (red, green, blue) behind `data`.

    A pixel needs the ones at its left, above, and above left. Those on one falling diagonal need
    none of each other, so they are computed together.
    """
    differences = np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(np.int32)
    result = np.zeros((height + 1, width + 1, 3), np.int32)  # a black frame at the left and top
    for diagonal in range(width + height - 1):
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        columns = diagonal - rows
        foretold = result[rows + 1, columns] + result[rows, columns + 1] - result[rows, columns]
        np.clip(foretold, 0, 255, out=foretold)
        result[rows + 1, columns + 1] = (differences[rows, columns] + foretold) & 255
    return result[1:, 1:].astype(np.uint8).tobytes()
