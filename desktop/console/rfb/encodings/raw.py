"""Raw encoding: pixels as they are."""

from __future__ import annotations

from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.incoming import Incoming, Reading

BAND_BYTES = 1024**2


class RawDecoder:
    """Paints in bands, so that a full screen is not held in memory twice."""

    def decode(
        self, incoming: Incoming, target: Framebuffer, x: int, y: int, width: int, height: int
    ) -> Reading[None]:
        """Read width * height pixels of four bytes."""
        band = max(1, BAND_BYTES // (width * 4))
        for top in range(0, height, band):
            rows = min(band, height - top)
            data = yield from incoming.read(width * rows * 4)
            target.put(x, y + top, width, rows, data)
