"""Bytes that have arrived, read by generators that pause until enough are there."""

from __future__ import annotations

import struct
from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")
Reading = Generator[None, None, T]
"""A generator that yields whenever it needs more bytes and in the end returns a T."""


class Incoming:
    """A queue of bytes. `wanted` says how many the paused reader waits for."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.wanted = 0

    def read(self, size: int) -> Reading[bytearray]:
        """Take exactly `size` bytes."""
        buffer = self.buffer
        while len(buffer) < size:
            self.wanted = size
            yield
        data = buffer[:size]
        del buffer[:size]
        return data

    def unpack(self, layout: struct.Struct) -> Reading[tuple[Any, ...]]:
        """Take and decode one `layout`."""
        return layout.unpack((yield from self.read(layout.size)))

    def byte(self) -> Reading[int]:
        """Take one byte."""
        return (yield from self.read(1))[0]

    def more(self) -> Reading[None]:
        """Wait until at least one byte more than now is there; nothing is taken."""
        self.wanted = len(self.buffer) + 1
        yield


class Driver:
    """Runs one reading generator over the bytes given to it."""

    def __init__(self, incoming: Incoming, generator: Reading[None]) -> None:
        self._incoming = incoming
        self._generator = generator
        self.is_done = False
        self._step()

    def feed(self, data: bytes) -> None:
        """Go on with more bytes; errors of the generator are raised here."""
        incoming = self._incoming
        incoming.buffer += data
        while not self.is_done and len(incoming.buffer) >= incoming.wanted:
            self._step()

    def _step(self) -> None:
        try:
            next(self._generator)
        except StopIteration:
            self.is_done = True
