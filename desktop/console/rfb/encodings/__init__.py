"""Decoders of rectangles, one module for each encoding."""

from __future__ import annotations

from typing import Protocol

from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading


class Decoder(Protocol):
    """Reads one rectangle and paints it; the rectangle is known to lie within the picture."""

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Take the rectangle's bytes from `incoming` and paint it onto `target`."""
        ...
