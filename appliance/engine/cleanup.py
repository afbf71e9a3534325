"""Clean-up work: undo steps that could not be done at once are tried until they work."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog

from appliance.engine.jobs import JobDefinition, JobRun
from appliance.engine.models import CleanupRow
from appliance.protocol.errors import ApiError, NotFound
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Job
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms

FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 600_000
LOOK_EVERY_S = 2.0

log = structlog.get_logger()


class Cleanup:
    """Keeps and retries what is left to undo, with growing pauses."""

    def __init__(self, store: Store, definitions: dict[str, JobDefinition]) -> None:
        self._store = store
        self._definitions = definitions
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to retry."""
        self._task = asyncio.create_task(self._forever(), name="cleanup")

    async def stop(self) -> None:
        """Stop retrying; what is left is kept."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def postpone(self, job: Job, step: str, data: dict[str, Any], error: str) -> None:
        """Note that the undo of `step` failed and must be tried again with this data."""
        ref = new_id()

        def add(tx: Transaction) -> None:
            now = now_ms()
            CleanupRow.create(
                id=ref,
                job_id=job.id,
                operation=job.operation,
                resource_id=job.resource_id,
                resource_name=job.resource_name,
                step=step,
                data=data,
                attempts=1,
                next_at=now + FIRST_PAUSE_MS,
                error=error,
                created_at=now,
            )
            tx.touch("cleanup", ref)

        await self._store.write(add)

    async def retry(self, ref: str) -> None:
        """Try one now; raises NotFound, or the ApiError why it failed again."""
        row = await self._store.read(lambda: CleanupRow.get_or_none(CleanupRow.id == ref))
        if row is None:
            raise NotFound("resource.not_found", kind="cleanup", id=ref)
        await self._retry(row)

    async def _forever(self) -> None:
        while True:
            due = await self._store.read(
                lambda: list(CleanupRow.select().where(CleanupRow.next_at <= now_ms()))
            )
            await asyncio.gather(*(self._retry_quietly(row) for row in due))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _retry_quietly(self, row: CleanupRow) -> None:
        try:
            await self._retry(row)
        except ApiError as error:
            log.info("cleanup_failed", job=row.job_id, step=row.step, error=str(error))
        except Exception:
            log.exception("cleanup_failed", job=row.job_id, step=row.step)

    async def _retry(self, row: CleanupRow) -> None:
        steps = {step.name: step for step in self._definitions[row.operation].steps}
        run = JobRun(
            id=row.job_id,
            operation=row.operation,
            resource_id=row.resource_id,
            caller_account_id="",
            data=dict(row.data),
            report=lambda *_: None,
            is_undoing=True,
        )
        undo = steps[row.step].undo
        try:
            if undo is not None:
                await undo(run)
        except Exception as error:
            await self._again(row, str(error))
            raise
        log.info("cleanup_done", job=row.job_id, step=row.step, attempts=row.attempts)

        def done(tx: Transaction) -> None:
            CleanupRow.delete().where(CleanupRow.id == row.id).execute()
            tx.touch("cleanup", row.id)

        await self._store.write(done)

    async def _again(self, row: CleanupRow, error: str) -> None:
        attempts = row.attempts + 1
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** min(attempts, 10))

        def postpone(tx: Transaction) -> None:
            CleanupRow.update(attempts=attempts, next_at=now_ms() + pause, error=error).where(
                CleanupRow.id == row.id
            ).execute()
            tx.touch("cleanup", row.id)

        await self._store.write(postpone)
