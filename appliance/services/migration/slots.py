"""How many migrations a host takes part in at once, whether they come or go."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from appliance.hosts.lanes import OnWait
from appliance.protocol.resources import Waiting


class Slots:
    """The places of all hosts. A migration takes one on each of its two at the same time, so
    none holds one while it waits for the other; who came first goes first, unless its hosts are
    busy and another's are not.
    """

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._used: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def place(self, hosts: Sequence[tuple[str, str]], on_wait: OnWait) -> AsyncIterator[None]:
        """Hold a place on each of the hosts, given as ids and names."""
        ids = [host_id for host_id, _ in hosts]
        async with self._changed:
            full = [name for host_id, name in hosts if self._used[host_id] >= self._limit()]
            if full:
                count = self._limit()
                params = {"host": full[0], "count": count}
                on_wait(Waiting(code="wait.migrations", params=params))
            await self._changed.wait_for(lambda: self._is_free(ids))
            if full:
                on_wait(None)
            self._used.update(ids)
        try:
            yield
        finally:
            async with self._changed:
                self._used.subtract(ids)
                self._changed.notify_all()

    def _is_free(self, ids: Sequence[str]) -> bool:
        return all(self._used[host_id] < self._limit() for host_id in ids)
