"""Numbers of the RFB protocol, and the limits we hold a server to.

Sources: RFC 6143; the community's rfbproto.rst for the extensions.
"""

from __future__ import annotations

from enum import IntEnum

VERSION = b"RFB 003.008\n"


class Security(IntEnum):
    """Security types; only NONE is spoken: the way to the server is protected outside of RFB."""

    INVALID = 0
    NONE = 1
    VNC = 2


class Encoding(IntEnum):
    """Encodings and pseudo-encodings we know."""

    RAW = 0
    COPY_RECT = 1
    HEXTILE = 5
    ZLIB = 6
    TIGHT = 7
    DESKTOP_SIZE = -223
    LAST_RECT = -224
    RICH_CURSOR = -239
    POINTER_TYPE_CHANGE = -257
    QEMU_EXTENDED_KEY = -258
    LED_STATE = -261
    EXTENDED_DESKTOP_SIZE = -308
    ALPHA_CURSOR = -314


COMPRESS_LEVEL_0 = -256
"""Compress level n is the pseudo-encoding COMPRESS_LEVEL_0 + n, n from 0 to 9."""

PICTURE_ENCODINGS = (Encoding.TIGHT, Encoding.ZLIB, Encoding.HEXTILE, Encoding.RAW)
"""What we ask for, best first. Never ZRLE: QEMU would prefer it, and it is slow to decode here."""

PSEUDO_ENCODINGS = (
    Encoding.COPY_RECT,
    Encoding.DESKTOP_SIZE,
    Encoding.EXTENDED_DESKTOP_SIZE,
    Encoding.QEMU_EXTENDED_KEY,
    Encoding.LED_STATE,
    Encoding.POINTER_TYPE_CHANGE,
    Encoding.ALPHA_CURSOR,
    Encoding.RICH_CURSOR,
)


class ServerMessage(IntEnum):
    """Messages from the server."""

    FRAMEBUFFER_UPDATE = 0
    SET_COLOUR_MAP_ENTRIES = 1
    BELL = 2
    SERVER_CUT_TEXT = 3


MAX_SIDE_PIXELS = 8192
MAX_AREA_PIXELS = 7680 * 4320
MAX_NAME_BYTES = 4096
MAX_REASON_BYTES = 4096
MAX_CUT_TEXT_BYTES = 1024**2
MAX_CURSOR_SIDE_PIXELS = 512
