"""CopyRect encoding: a part of the picture moves."""

from __future__ import annotations

import struct

from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading

_SOURCE = struct.Struct(">HH")


class CopyRectDecoder:
    """Copies within the framebuffer."""

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Read where the part comes from."""
        source_x, source_y = yield from incoming.unpack(_SOURCE)
        target.check(source_x, source_y, width, height)
        target.copy(source_x, source_y, x, y, width, height)
