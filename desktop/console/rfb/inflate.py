"""A zlib stream that lives as long as its connection, held to the size it must give."""

from __future__ import annotations

import zlib

from desktop.console.rfb.errors import ProtocolError


class InflateStream:
    """Inflates one block after the other; each block's size is known beforehand."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()

    def inflate(self, data: bytes | bytearray, size: int) -> bytes:
        """Exactly `size` bytes out of `data`; anything else is a ProtocolError."""
        try:
            result = self._stream.decompress(data, size)
            # Reaching `size` may leave the end marker of the block unread, but no more than that.
            rest = self._stream.unconsumed_tail
            if rest and self._stream.decompress(rest, 1):
                raise ProtocolError(f"a compressed block holds more than its {size} bytes")
        except zlib.error as error:
            raise ProtocolError(f"a compressed block is damaged: {error}") from error
        if len(result) != size:
            raise ProtocolError(f"a compressed block holds {len(result)} bytes, not {size}")
        return result


def check_packed_size(packed: int, size: int) -> None:
    """Raise ProtocolError if `packed` bytes are more than deflate can make of `size` bytes."""
    if packed > size + size // 16 + 1024:
        raise ProtocolError(f"{packed} compressed bytes are too many for {size} bytes of picture")
