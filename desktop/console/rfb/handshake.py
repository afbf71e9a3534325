"""The opening of an RFB connection: version, security, sizes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from desktop.console.rfb.constants import MAX_NAME_BYTES, MAX_REASON_BYTES, VERSION, Security
from desktop.console.rfb.errors import ProtocolError, SecurityRefused
from desktop.console.rfb.framebuffer import check_size
from desktop.console.rfb.incoming import Incoming, Reading

_LENGTH = struct.Struct(">I")
_SERVER_INIT = struct.Struct(">HHBBBBHHHBBBxxxI")
NATIVE_FORMAT = (32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


@dataclass(frozen=True)
class ServerInit:
    """What the server says of its screen. `is_native`: pixels are x8r8g8b8, little endian."""

    width: int
    height: int
    name: str
    is_native: bool


def handshake(incoming: Incoming, output: bytearray) -> Reading[ServerInit]:
    """Open the connection, sharing the screen with others; what is to be sent goes to `output`."""
    version = bytes((yield from incoming.read(12)))
    if not (version.startswith(b"RFB ") and version.endswith(b"\n")):
        raise ProtocolError(f"the other end does not speak RFB, it says {version!r}")
    if version < VERSION:
        raise ProtocolError(f"the server speaks {version.decode('latin-1').strip()}, 3.8 is needed")
    output += VERSION
    count = yield from incoming.byte()
    if count == 0:
        raise SecurityRefused((yield from _reason(incoming)))
    offered = yield from incoming.read(count)
    if Security.NONE not in offered:
        raise SecurityRefused(f"the server offers the security types {list(offered)}, not None")
    output.append(Security.NONE)
    (result,) = yield from incoming.unpack(_LENGTH)
    if result != 0:
        raise SecurityRefused((yield from _reason(incoming)))
    output.append(1)  # ClientInit: shared
    width, height, *pixel_format, name_bytes = yield from incoming.unpack(_SERVER_INIT)
    check_size(width, height)
    if name_bytes > MAX_NAME_BYTES:
        raise ProtocolError(f"a screen's name of {name_bytes} bytes is too long")
    name = (yield from incoming.read(name_bytes)).decode("utf-8", "replace")
    return ServerInit(width, height, name, tuple(pixel_format) == NATIVE_FORMAT)


def _reason(incoming: Incoming) -> Reading[str]:
    (size,) = yield from incoming.unpack(_LENGTH)
    if size > MAX_REASON_BYTES:
        raise ProtocolError(f"a reason of {size} bytes is too long")
    return (yield from incoming.read(size)).decode("utf-8", "replace")
