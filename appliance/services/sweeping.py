"""Looks into the recycle bins now and then: what lay there for its whole period goes for good."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

SWEEP_EVERY_S = 30.0

log = structlog.get_logger()


class Sweeper:
    """Calls each of `sweeps`, which let go what is due and return how much it was."""

    def __init__(self, *sweeps: Callable[[], Awaitable[int]]) -> None:
        self._sweeps = sweeps
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to sweep."""
        self._task = asyncio.create_task(self._forever(), name="recycle bins")

    async def stop(self) -> None:
        """Stop sweeping; jobs that were accepted go on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _forever(self) -> None:
        while True:
            for sweep in self._sweeps:
                try:
                    await sweep()
                except Exception:
                    log.exception("recycle_bin_failed")
            await asyncio.sleep(SWEEP_EVERY_S)
