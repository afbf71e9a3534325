"""One stream for many readers: everything is kept once, and each reader has a place in it.

Readers that are at the same place get the very same object, so what is made of a part of the
stream (its JSON, say) is made once for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

T = TypeVar("T")
M = TypeVar("M")

# Waking a reader and sending to it takes about so long. A round begins no sooner than four times
# the time that all readers need after the round before, so that much is left for other work; few
# readers are told at once.
READER_S = 0.00005
BATCH = 500  # items at once
KEPT_PARTS = 64


class SlowReader(Exception):
    """A reader did not keep up and was cut off; it resumes where it was."""


class Broadcast(Generic[T]):
    """Parameters: `limit`, how many items a reader may be behind."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._items: deque[T] = deque()
        self._begin = 0  # the number of the first item that is kept
        self._told = 0  # up to where readers have been told
        self._readers: set[Reader[T]] = set()
        self._round = asyncio.Event()
        self._planned: asyncio.TimerHandle | None = None
        self._last_round = 0.0
        self._parts: dict[Hashable, Any] = {}

    @property
    def end(self) -> int:
        """The number that the next item will have."""
        return self._begin + len(self._items)

    @property
    def has_readers(self) -> bool:
        """Whether anybody listens."""
        return bool(self._readers)

    def publish(self, items: Iterable[T]) -> None:
        """Add `items`; readers learn of them in the next round."""
        self._items.extend(items)
        while len(self._items) > self.limit:
            self._items.popleft()
            self._begin += 1
        if self._planned is None:
            loop = asyncio.get_running_loop()
            due = self._last_round + 4 * READER_S * len(self._readers)
            self._planned = loop.call_at(max(due, loop.time()), self._begin_round)

    def _begin_round(self) -> None:
        self._planned = None
        self._last_round = asyncio.get_running_loop().time()
        self._told = self.end
        self._forget()
        current, self._round = self._round, asyncio.Event()
        current.set()

    def _forget(self) -> None:
        """Drop what all have read."""
        first = min((reader.position for reader in self._readers), default=self.end)
        while self._begin < first and self._items:
            self._items.popleft()
            self._begin += 1
        self._parts.clear()

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader[T]]:
        """Read from now on."""
        reader = Reader(self)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            if not self._readers:
                self._forget()

    async def more_than(self, position: int) -> int:
        """Return when there is something from `position` on: up to where it goes."""
        while self._told <= position:
            await self._round.wait()
        return self._told

    def find(self, wanted: Callable[[T], bool]) -> int | None:
        """The number of the last item that is `wanted`, if one is kept."""
        for back, item in enumerate(reversed(self._items), 1):
            if wanted(item):
                return self.end - back
        return None

    def part(self, begin: int, end: int, make: Callable[[list[T]], M], key: Hashable) -> M:
        """What `make` makes of the items from `begin` to `end`: once for all with this `key`."""
        found = self._parts.get((begin, end, key))
        if found is None:
            start = begin - self._begin
            found = make(list(islice(self._items, start, end - self._begin)))
            if len(self._parts) < KEPT_PARTS:
                self._parts[begin, end, key] = found
        return found

    def is_kept(self, position: int) -> bool:
        """Whether nothing from `position` on has been dropped."""
        return position >= self._begin


class Reader(Generic[T]):
    """A place in the stream."""

    def __init__(self, broadcast: Broadcast[T]) -> None:
        self._broadcast = broadcast
        self.position = broadcast.end

    async def next(self, make: Callable[[list[T]], M], key: Hashable) -> M:
        """What `make` makes of the next items; raises SlowReader if some were dropped before."""
        told = await self._broadcast.more_than(self.position)
        if not self._broadcast.is_kept(self.position):
            raise SlowReader
        end = min(told, self.position + BATCH)
        begin, self.position = self.position, end
        return self._broadcast.part(begin, end, make, key)
