"""Clean-up work: undo steps that could not be done at once are tried until they work."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from appliance.engine.jobs import JobDefinition, JobRun
from appliance.engine.models import CleanupRow, JobRow
from appliance.protocol.ids import new_id
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

    async def postpone(self, job_id: str, step: str, error: str) -> None:
        """Note that the undo of `step` failed and must be tried again."""

        def add(tx: Transaction) -> None:
            CleanupRow.create(
                id=new_id(),
                job_id=job_id,
                step=step,
                attempts=1,
                next_at=now_ms() + FIRST_PAUSE_MS,
                error=error,
            )

        await self._store.write(add)

    async def _forever(self) -> None:
        while True:
            due = await self._store.read(
                lambda: list(CleanupRow.select().where(CleanupRow.next_at <= now_ms()))
            )
            for row in due:
                await self._retry(row)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _retry(self, row: CleanupRow) -> None:
        job = await self._store.read(lambda: JobRow.get_or_none(JobRow.id == row.job_id))
        if job is not None:
            steps = {step.name: step for step in self._definitions[job.operation].steps}
            run = JobRun(
                id=job.id,
                operation=job.operation,
                resource_id=job.resource_id,
                caller_account_id=job.account_id,
                data=dict(job.data),
                report=lambda *_: None,
            )
            undo = steps[row.step].undo
            try:
                if undo is not None:
                    await undo(run)
            except Exception as error:
                await self._again(row, str(error))
                return
        log.info("cleanup_done", job=row.job_id, step=row.step, attempts=row.attempts)
        await self._store.write(
            lambda tx: CleanupRow.delete().where(CleanupRow.id == row.id).execute()
        )

    async def _again(self, row: CleanupRow, error: str) -> None:
        attempts = row.attempts + 1
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** min(attempts, 10))
        await self._store.write(
            lambda tx: (
                CleanupRow.update(attempts=attempts, next_at=now_ms() + pause, error=error)
                .where(CleanupRow.id == row.id)
                .execute()
            )
        )
