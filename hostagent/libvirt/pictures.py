"""Screens as PNG: QEMU gives PNG or, where it was built without, PPM."""

from __future__ import annotations

import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def to_png(picture: bytes) -> bytes:
    """`picture` as PNG; PPM (type P6, 8 bits a channel) is converted. Raises ValueError."""
    if picture.startswith(PNG_SIGNATURE):
        return picture
    fields = picture.split(maxsplit=4)
    if len(fields) != 5 or fields[0] != b"P6" or fields[3] != b"255":
        raise ValueError("the screen is neither PNG nor PPM")
    width, height = int(fields[1]), int(fields[2])
    pixels = picture[len(picture) - width * height * 3 :]
    rows = b"".join(
        b"\0" + pixels[line * width * 3 : (line + 1) * width * 3] for line in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
