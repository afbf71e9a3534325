"""A job's log: what its user can read of what happened on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from appliance.engine.models import JobLogRow
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms

log = structlog.get_logger()


class JobLog:
    """Adds lines; callers need not wait for them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, job_id: str, code: str, level: str, params: dict[str, Any]) -> None:
        """Note a line; lines keep the order of the calls."""
        at = now_ms()

        def insert(tx: Transaction) -> None:
            JobLogRow.create(job_id=job_id, at=at, level=level, code=code, params=params)

        task = asyncio.ensure_future(self._store.write(insert))
        self._tasks.add(task)
        task.add_done_callback(self._written)

    async def flush(self) -> None:
        """Wait until all lines are on the disk."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_log_not_written", error=str(error))
