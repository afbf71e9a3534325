"""Lanes: how many commands of a kind a host carries out at once, so that no storm floods it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from appliance.protocol.resources import Waiting

OnWait = Callable[[Waiting | None], None]

# Commands by the beginning of their name, the first that fits, and how many of them run at once on
# one host.
LIMITS = {
    "image.": 2,  # they move whole images
    "volume.transfer": 2,  # they move whole disks
    "volume.mirror": 2,
    "volume.send": 2,
    "volume.": 8,
    "foreign.take_disk": 2,
    "domain.shutdown": 64,  # they mostly wait for guests
    "domain.start": 8,
    "network.apply": 1,
}
OTHERS = 32


@dataclass
class _Lane:
    places: asyncio.Semaphore
    waiting: int = 0


@dataclass
class Lanes:
    """The lanes of all hosts."""

    _lanes: dict[tuple[str, str], _Lane] = field(default_factory=dict)

    @asynccontextmanager
    async def place(
        self, host_id: str, host_name: str, command: str, on_wait: OnWait | None
    ) -> AsyncIterator[None]:
        """Wait for a free place in the command's lane, and hold it for the block.

        `on_wait` is told what is waited for, and None when the wait is over.
        """
        lane = self._lane(host_id, command)
        is_late = lane.places.locked()
        if is_late and on_wait is not None:
            on_wait(Waiting(code="wait.host", params={"host": host_name, "before": lane.waiting}))
        lane.waiting += 1
        try:
            await lane.places.acquire()
        finally:
            lane.waiting -= 1
        if is_late and on_wait is not None:
            on_wait(None)
        try:
            yield
        finally:
            lane.places.release()

    def _lane(self, host_id: str, command: str) -> _Lane:
        name = next((name for name in LIMITS if command.startswith(name)), "")
        key = host_id, name
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane(asyncio.Semaphore(LIMITS.get(name, OTHERS)))
        return lane
