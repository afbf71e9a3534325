"""Clean-up work: what could not be undone, or finished, at once is tried until it works."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

from appliance.engine.jobs import JobDefinition, JobRun, StepBody
from appliance.engine.models import CleanupRow, JobRow
from appliance.protocol.errors import ApiError, ErrorBody, Internal, NotFound, to_body
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Job
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms

FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 600_000
LOOK_EVERY_S = 2.0
ATTEMPT_WITHIN_S = 10.0

log = structlog.get_logger()


class Cleanup:
    """Keeps and retries what is left to do, with growing pauses.

    A piece of work is the undo of `step` and of all steps before it, in this order: none is
    tried before the ones after it worked. If there is no way back from `step`, it is the run of
    it and of all steps after it. It takes its `turn` in the job's own queue, so no job works on
    the same resource meanwhile; whether a later job has made it needless is for the step itself
    to see.
    """

    def __init__(
        self,
        store: Store,
        definitions: dict[str, JobDefinition],
        turn: Callable[[str], AbstractAsyncContextManager[None]],
        may_clean: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._turn = turn
        self._may_clean = may_clean  # which queues are this node's; within a read
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

    def postpone(
        self, tx: Transaction, job: Job, step: str, data: dict[str, Any], error: Exception
    ) -> None:
        """Note that `step` could not be undone, or done if there is no way back from it.

        It, and what is left beyond it, is done with this data.
        """
        ref = _keep(
            job_id=job.id,
            operation=job.operation,
            resource_id=job.resource_id,
            resource_name=job.resource_name,
            step=step,
            data=data,
            attempts=1,
            error=_as_told(error),
        )
        tx.touch("cleanup", ref)

    def leave(
        self,
        tx: Transaction,
        definition: JobDefinition,
        resource_id: str,
        resource_name: str,
        data: dict[str, Any],
    ) -> str:
        """Note work that belongs to no job: the steps of `definition`, all `forward_only`.

        Returns its id for `attempt`; clients hear of it only if that fails.
        """
        return _keep(
            job_id="",
            operation=definition.operation,
            resource_id=resource_id,
            resource_name=resource_name,
            step=definition.chosen_steps(data)[0].name,
            data=data,
            attempts=0,
        )

    async def attempt(self, refs: Sequence[str]) -> None:
        """Try new work at once, but not for long; what fails is tried again."""
        rows = await self._store.read(
            lambda: list(CleanupRow.select().where(CleanupRow.id.in_(refs)))
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ATTEMPT_WITHIN_S):
                await asyncio.gather(*(self._retry_quietly(row) for row in rows))

    async def retry(self, ref: str) -> None:
        """Try one now; raises NotFound, or the ApiError why it failed again."""
        row = await self._store.read(lambda: CleanupRow.get_or_none(CleanupRow.id == ref))
        if row is None:
            raise NotFound("resource.not_found", kind="cleanup", id=ref)
        await self._retry(row)

    async def dismiss(self, ref: str) -> None:
        """Forget one that can never be done, such as that of a host that is gone for good.

        Raises NotFound.
        """

        def forget(tx: Transaction) -> None:
            if not CleanupRow.delete().where(CleanupRow.id == ref).execute():
                raise NotFound("resource.not_found", kind="cleanup", id=ref)
            tx.touch("cleanup", ref)

        await self._store.write(forget)

    async def _forever(self) -> None:
        while True:
            due = await self._store.read(self._due)
            await asyncio.gather(*(self._retry_quietly(row) for row in due))
            await asyncio.sleep(LOOK_EVERY_S)

    def _due(self) -> list[CleanupRow]:
        rows = CleanupRow.select().where(CleanupRow.next_at <= now_ms())
        return [row for row in rows if self._may_clean(_queue_of(row))]

    async def _retry_quietly(self, row: CleanupRow) -> None:
        try:
            await self._retry(row)
        except ApiError as error:
            log.info("cleanup_failed", job=row.job_id, step=row.step, error=str(error))
        except Exception:
            log.exception("cleanup_failed", job=row.job_id, step=row.step)

    async def _retry(self, row: CleanupRow) -> None:
        queue = await self._store.read(lambda: _queue_of(row))
        async with self._turn(queue):
            if await self._store.read(lambda: _is_kept(row.id)):
                await self._carry_out(row)
        log.info("cleanup_done", job=row.job_id, step=row.step, attempts=row.attempts)

        def done(tx: Transaction) -> None:
            CleanupRow.delete().where(CleanupRow.id == row.id).execute()
            tx.touch("cleanup", row.id)

        await self._store.write(done)

    async def _carry_out(self, row: CleanupRow) -> None:
        run = JobRun(
            id=row.job_id,
            operation=row.operation,
            resource_id=row.resource_id,
            caller_account_id="",
            data=dict(row.data),
            report=lambda *_: None,
            is_undoing=True,
        )
        step_name = row.step
        try:
            for name, body in self._left(row):
                step_name = name
                if body is not None:
                    await body(run)
        except Exception as error:
            await self._again(row, step_name, _as_told(error))
            raise

    def _left(self, row: CleanupRow) -> list[tuple[str, StepBody | None]]:
        """What is to be done, first to last."""
        definition = self._definitions[row.operation]
        forward = [(step.name, step.run) for step in definition.forward_steps(row.data)]
        places = [name for name, _ in forward]
        if row.step in places:
            return [*forward[places.index(row.step) :]]
        steps = definition.chosen_steps(row.data)
        place = [step.name for step in steps].index(row.step)
        return [(step.name, step.undo) for step in reversed(steps[: place + 1])]

    async def _again(self, row: CleanupRow, step: str, error: ErrorBody) -> None:
        attempts = row.attempts + 1
        pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** min(attempts, 10))

        def postpone(tx: Transaction) -> None:
            CleanupRow.update(
                step=step, attempts=attempts, next_at=now_ms() + pause, error=error
            ).where(CleanupRow.id == row.id).execute()
            tx.touch("cleanup", row.id)

        await self._store.write(postpone)


def _keep(**values: Any) -> str:
    now = now_ms()
    row = CleanupRow.create(id=new_id(), next_at=now + FIRST_PAUSE_MS, created_at=now, **values)
    return row.id


def _as_told(error: Exception) -> ErrorBody:
    if not isinstance(error, ApiError):
        error = Internal("cleanup.failed", reason=str(error))
    return to_body(error)


def _is_kept(ref: str) -> bool:
    return CleanupRow.get_or_none(CleanupRow.id == ref) is not None


def _queue_of(row: CleanupRow) -> str:
    job = JobRow.get_or_none(JobRow.id == row.job_id)
    return f"cleanup:{row.id}" if job is None else job.queue
