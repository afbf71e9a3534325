"""Reading of framebuffer updates: rectangles, and the pseudo-rectangles that say other things."""

from __future__ import annotations

import struct

from desktop.console.rfb.constants import Encoding
from desktop.console.rfb.cursors import read_alpha_cursor, read_rich_cursor
from desktop.console.rfb.encodings import Decoder
from desktop.console.rfb.encodings.copy_rect import CopyRectDecoder
from desktop.console.rfb.encodings.hextile import HextileDecoder
from desktop.console.rfb.encodings.raw import RawDecoder
from desktop.console.rfb.encodings.tight import TightDecoder
from desktop.console.rfb.encodings.zlib import ZlibDecoder
from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.events import (
    Event,
    LedsChanged,
    PointerModeChanged,
    Rect,
    Resized,
    Updated,
)
from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading

_HEAD = struct.Struct(">xH")
_RECT = struct.Struct(">HHHHi")
_SCREENS = struct.Struct(">Bxxx")
_SCREEN = struct.Struct(">IHHHHI")
MANY_RECTS = 0xFFFF
"""Stands for "until the last-rectangle mark"."""


class Screen:
    """What is known of the guest's screen and of the server's abilities."""

    def __init__(self, framebuffer: Framebuffer) -> None:
        self.framebuffer = framebuffer
        self.speaks_scancodes = False
        self.layout: tuple[int, int] | None = None
        """Id and flags of the first screen, once the server has told that it can resize."""
        self._is_resized = False

    def resize(self, width: int, height: int) -> bool:
        """Use a framebuffer of another size; False if it has that size."""
        if (width, height) == (self.framebuffer.width, self.framebuffer.height):
            return False
        self.framebuffer = self.framebuffer.resized(width, height)
        self._is_resized = True
        return True

    def take_resized(self) -> bool:
        """Whether the size has changed since the last call."""
        result, self._is_resized = self._is_resized, False
        return result


class UpdateReader:
    """Reads updates and appends what happened to `events`."""

    def __init__(self, incoming: Incoming, screen: Screen, events: list[Event]) -> None:
        self._incoming = incoming
        self._screen = screen
        self._events = events
        self._decoders: dict[int, Decoder] = {
            Encoding.RAW: RawDecoder(),
            Encoding.COPY_RECT: CopyRectDecoder(),
            Encoding.HEXTILE: HextileDecoder(),
            Encoding.ZLIB: ZlibDecoder(),
            Encoding.TIGHT: TightDecoder(),
        }

    def read(self) -> Reading[None]:
        """One update, after its message type."""
        (count,) = yield from self._incoming.unpack(_HEAD)
        dirty: list[Rect] = []
        while count:
            x, y, width, height, encoding = yield from self._incoming.unpack(_RECT)
            if encoding == Encoding.LAST_RECT:
                break
            decoder = self._decoders.get(encoding)
            if decoder is None:
                yield from self._pseudo(encoding, x, y, width, height)
            else:
                target = self._screen.framebuffer
                target.check(x, y, width, height)
                if width and height:
                    yield from decoder.decode(self._incoming, target, x, y, width, height)
                    dirty.append(Rect(x, y, width, height))
            if count != MANY_RECTS:
                count -= 1
        self._events.append(Updated(tuple(dirty)))

    def _pseudo(self, encoding: int, x: int, y: int, width: int, height: int) -> Reading[None]:
        if encoding == Encoding.DESKTOP_SIZE:
            self._resize(width, height)
        elif encoding == Encoding.EXTENDED_DESKTOP_SIZE:
            yield from self._extended_size(x, y, width, height)
        elif encoding == Encoding.RICH_CURSOR:
            shape = yield from read_rich_cursor(self._incoming, x, y, width, height)
            self._events.append(shape)
        elif encoding == Encoding.ALPHA_CURSOR:
            shape = yield from read_alpha_cursor(self._incoming, x, y, width, height)
            self._events.append(shape)
        elif encoding == Encoding.POINTER_TYPE_CHANGE:
            self._events.append(PointerModeChanged(is_absolute=bool(x)))
        elif encoding == Encoding.QEMU_EXTENDED_KEY:
            self._screen.speaks_scancodes = True
        elif encoding == Encoding.LED_STATE:
            lamps = yield from self._incoming.byte()
            self._events.append(LedsChanged(bool(lamps & 1), bool(lamps & 2), bool(lamps & 4)))
        else:
            raise ProtocolError(f"a rectangle in encoding {encoding}, which was not asked for")

    def _extended_size(self, reason: int, status: int, width: int, height: int) -> Reading[None]:
        """`reason`: 0 the server, 1 this client, 2 another one; `status`: 0 when it was done."""
        (count,) = yield from self._incoming.unpack(_SCREENS)
        for index in range(count):
            screen_id, _x, _y, _width, _height, flags = yield from self._incoming.unpack(_SCREEN)
            if index == 0:
                self._screen.layout = (screen_id, flags)
        if reason != 1 or status == 0:
            self._resize(width, height)

    def _resize(self, width: int, height: int) -> None:
        if self._screen.resize(width, height):
            self._events.append(Resized(self._screen.framebuffer))
