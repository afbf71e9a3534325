"""Messages from client to server, as bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from desktop.console.rfb.constants import MAX_CUT_TEXT_BYTES

_UPDATE_REQUEST = struct.Struct(">BBHHHH")
_KEY = struct.Struct(">BBxxI")
_EXTENDED_KEY = struct.Struct(">BBHII")
_POINTER = struct.Struct(">BBHH")
_DESKTOP_SIZE = struct.Struct(">BxHHBxIHHHHI")


def set_pixel_format() -> bytes:
    """32 bits a pixel, little endian, x8r8g8b8."""
    return struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


def set_encodings(encodings: Sequence[int]) -> bytes:
    """What we understand, in the order we like it."""
    return struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings)


def update_request(width: int, height: int, *, is_incremental: bool) -> bytes:
    """Ask for the whole screen: what changed since, or everything."""
    return _UPDATE_REQUEST.pack(3, is_incremental, 0, 0, width, height)


def key(keysym: int, *, is_down: bool) -> bytes:
    """A key by its X11 keysym."""
    return _KEY.pack(4, is_down, keysym)


def extended_key(scancode: int, keysym: int, *, is_down: bool) -> bytes:
    """A key by its XT set-1 scan code, with 0xE0 prefixes folded into bit 7 (QEMU)."""
    return _EXTENDED_KEY.pack(255, 0, is_down, keysym, scancode)


def pointer(buttons: int, x: int, y: int) -> bytes:
    """Mouse: bits of `buttons` are left, middle, right, wheel up, down, left, right."""
    return _POINTER.pack(5, buttons, x & 0xFFFF, y & 0xFFFF)


def cut_text(text: str) -> bytes:
    """Offer text to the guest's clipboard; empty bytes if nothing of it can be said.

    The message knows Latin-1 only. A zero-length text is never sent: servers had trouble with it.
    """
    data = text.replace("\r\n", "\n").encode("latin-1", "ignore")[:MAX_CUT_TEXT_BYTES]
    if not data:
        return b""
    return struct.pack(">BxxxI", 6, len(data)) + data


def set_desktop_size(width: int, height: int, screen_id: int = 0, flags: int = 0) -> bytes:
    """Ask the guest for another screen size."""
    return _DESKTOP_SIZE.pack(251, width, height, 1, screen_id, 0, 0, width, height, flags)
