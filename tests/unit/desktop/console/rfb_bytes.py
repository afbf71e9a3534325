"""What a server says, as bytes, for tests of the RFB client; and a small encoder of pictures."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from desktop.console.rfb.client import RfbClient
from desktop.console.rfb.events import Event

NATIVE_FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
Pixels = npt.NDArray[np.uint32]


def opening(
    width: int = 8, height: int = 4, name: bytes = b"vm", pf: bytes = NATIVE_FORMAT
) -> bytes:
    """Everything a server says before the first update."""
    init = struct.pack(">HH", width, height) + pf + struct.pack(">I", len(name)) + name
    return b"RFB 003.008\n" + b"\x01\x01" + struct.pack(">I", 0) + init


def rect(x: int, y: int, width: int, height: int, encoding: int, body: bytes = b"") -> bytes:
    """One rectangle."""
    return struct.pack(">HHHHi", x, y, width, height, encoding) + body


def update(*rects: bytes) -> bytes:
    """One framebuffer update."""
    return struct.pack(">BxH", 0, len(rects)) + b"".join(rects)


def connected(width: int = 8, height: int = 4) -> RfbClient:
    """A client after the handshake, whose output was taken."""
    client = RfbClient()
    client.feed(opening(width, height))
    client.take_output()
    return client


def feed_bytewise(client: RfbClient, data: bytes) -> list[Event]:
    """Feed one byte at a time: every pause of the reader is met."""
    events: list[Event] = []
    for at in range(len(data)):
        events += client.feed(data[at : at + 1])
    return events


def shown(client: RfbClient) -> Pixels:
    """The picture without its opaque byte."""
    assert client.framebuffer is not None
    return client.framebuffer.pixels & np.uint32(0xFFFFFF)


def raw(pixels: Pixels) -> bytes:
    """Raw encoding."""
    return pixels.astype("<u4").tobytes()


def rgb(pixels: Pixels) -> bytes:
    """Three bytes a pixel: red, green, blue."""
    return np.stack([pixels >> 16, pixels >> 8, pixels], axis=-1).astype(np.uint8).tobytes()


def compact(length: int) -> bytes:
    """Tight's length."""
    if length < 0x80:
        return bytes([length])
    if length < 0x4000:
        return bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14])


class Deflate:
    """A deflate stream that goes on from block to block."""

    def __init__(self, level: int = 1) -> None:
        self._stream = zlib.compressobj(level)

    def block(self, data: bytes) -> bytes:
        """`data` compressed up to a point from which it can be read."""
        return self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class TightEncoder:
    """Full colour, palettes and two colours, as QEMU sends them."""

    def __init__(self, level: int = 1) -> None:
        self._streams = [Deflate(level) for _ in range(4)]

    def _data(self, index: int, data: bytes) -> bytes:
        if len(data) < 12:
            return data
        packed = self._streams[index].block(data)
        return compact(len(packed)) + packed

    def fill(self, colour: int) -> bytes:
        """One colour."""
        return b"\x80" + colour.to_bytes(3, "big")

    def full(self, pixels: Pixels) -> bytes:
        """Full colour."""
        return b"\x00" + self._data(0, rgb(pixels))

    def palette(self, pixels: Pixels) -> bytes:
        """At most 256 colours; two of them as bits."""
        colours, index = np.unique(pixels, return_inverse=True)
        index = index.reshape(pixels.shape).astype(np.uint8)
        head = bytes([1, len(colours) - 1]) + rgb(colours)
        if len(colours) <= 2:
            return b"\x50" + head + self._data(1, np.packbits(index, axis=1).tobytes())
        return b"\x60" + head + self._data(2, index.tobytes())


def hextile(pixels: Pixels) -> bytes:
    """Solid tiles as such, tiles with few colours as subrectangles of one row, others raw."""
    out = bytearray()
    height, width = pixels.shape
    for top in range(0, height, 16):
        for left in range(0, width, 16):
            out += _tile(pixels[top : top + 16, left : left + 16])
    return bytes(out)


def _tile(tile: Pixels) -> bytes:
    colours, counts = np.unique(tile, return_counts=True)
    background = int(colours[counts.argmax()])
    head = struct.pack("<I", background)
    if len(colours) == 1:
        return b"\x02" + head
    parts = bytearray()
    count = 0
    for y, row in enumerate(tile):
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        for start, end in pairwise(edges):
            if int(row[start]) != background:
                parts += struct.pack(
                    "<IBB", int(row[start]), start << 4 | y, (end - start - 1) << 4
                )
                count += 1
    if count > 255 or len(parts) >= tile.size * 4:
        return b"\x01" + raw(tile)
    return b"\x1a" + head + bytes([count]) + bytes(parts)
