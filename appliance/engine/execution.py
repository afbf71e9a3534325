"""One job's way through its steps: forward, or back when one fails."""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

import msgspec
import structlog

from appliance.engine.cleanup import Cleanup
from appliance.engine.joblog import JobLog
from appliance.engine.jobs import JobDefinition, JobRun, Step, note_child_ended, text
from appliance.engine.jobstates import JOB_MACHINE
from appliance.engine.models import percent
from appliance.protocol.errors import ApiError, Internal, from_body, to_body
from appliance.protocol.events import Change
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Job, JobState, JobStep, Progress, StepState, Waiting
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, when

REPORT_INTERVAL_S = 0.2
MARK_AFTER_S = 0.1
CANCELLED = "job.cancelled"

log = structlog.get_logger()


class _Left(NamedTuple):
    """The step that could not be undone, or done where there is no way back, and why."""

    step: str
    error: Exception


class Execution:
    """Takes one job through its steps.

    Each finished step is written down together with the beginning of the next one. The first
    beginning is written only if the step takes a while: quick jobs cost one write less.
    """

    def __init__(
        self,
        store: Store,
        cleanup: Cleanup,
        joblog: JobLog,
        definition: JobDefinition,
        job: Job,
        data: dict[str, Any],
    ) -> None:
        self._store = store
        self._cleanup = cleanup
        self._definition = definition
        self._job = msgspec.structs.replace(job, waiting=None)
        self._steps: list[JobStep] = list(job.steps)
        self._bodies = {step.name: step for step in definition.steps}
        self._stop: ApiError | None = None
        self._running_step: asyncio.Task[None] | None = None
        self._last_report = 0.0
        self._run = JobRun(
            id=job.id,
            operation=job.operation,
            resource_id=job.resource_id,
            caller_account_id=job.account_id,
            data=dict(data),
            report=self._report,
            wait=self._wait,
            progress=self._progress,
            note=lambda code, /, *, level="info", **params: joblog.add(job.id, code, level, params),
        )

    @property
    def is_undoing(self) -> bool:
        """Whether the job is on its way back."""
        return self._job.state == JobState.UNDOING

    @property
    def _has_begun(self) -> bool:
        return any(step.state != StepState.PENDING for step in self._steps)

    @property
    def can_stop(self) -> bool:
        """Whether the job could still end otherwise than well by being told to."""
        if self._has_begun and not self._definition.can_cancel:
            return False
        return not self.is_undoing and not self._is_past_return

    @property
    def _is_past_return(self) -> bool:
        forward = {step.name for step in self._definition.forward_steps(self._run.data)}
        return any(step.name in forward and step.state != StepState.PENDING for step in self._steps)

    def stop(self, error: ApiError) -> None:
        """End the job with `error`; does nothing once it is on its way back.

        Nor if the job has begun and is one that cannot be cancelled, or has no way back.
        """
        if not self.is_undoing and not self.can_stop:
            self._run.note("job.not_stopped", level="warning", reason=str(error))
        elif self._stop is None and not self.is_undoing:
            self._stop = error
            if self._running_step is not None:
                self._running_step.cancel()

    async def run(self) -> None:
        """To the end: done, or undone."""
        while True:
            if not self.is_undoing:
                try:
                    await self._forward()
                except Exception as error:
                    if self._is_past_return:
                        raise  # the runner goes on with it
                    await self._begin_undo(self._as_told(error))
                else:
                    return
            left = await self._undo()
            if not await self._end_undone(left):
                return

    # Forward

    async def _forward(self) -> None:
        last = len(self._steps) - 1
        left: _Left | None = None
        for index, step in enumerate(self._steps):
            self._check_stop()
            if step.state == StepState.DONE:
                continue
            self._begin(index)
            left = await self._attempt(index)
            if left is not None:
                break
            self._move(index, StepState.DONE)
            self._check_stop()
            if index < last:
                self._begin(index + 1)
                await self._write(JobState.RUNNING)
        self._check_stop()

        def finish(tx: Transaction) -> None:
            if left is not None:
                self._cleanup.postpone(tx, self._job, left.step, self._run.data, left.error)
            if self._definition.done is not None:
                self._definition.done(tx, self._run)
            self._save(tx, JobState.SUCCEEDED)

        await self._store.write(finish)

    def _check_stop(self) -> None:
        if self._stop is not None:
            raise self._stop

    def _begin(self, index: int) -> None:
        if self._steps[index].state != StepState.RUNNING:
            self._move(index, StepState.RUNNING)
        if self._job.started_at is None:
            self._job = msgspec.structs.replace(self._job, started_at=when(now_ms()))

    async def _attempt(self, index: int) -> _Left | None:
        """Carry out a step; returns that it failed if there is no way back, and else raises."""
        try:
            await self._carry_out(index)
        except Exception as error:
            if not self._is_past_return:
                raise
            self._move(index, StepState.FAILED)
            return self._note_left("job.step_postponed", _Left(self._steps[index].name, error))
        return None

    async def _carry_out(self, index: int) -> None:
        body = self._body(self._steps[index]).run
        task = self._running_step = asyncio.ensure_future(body(self._run))
        try:
            if self._job.state == JobState.QUEUED:
                await asyncio.wait({task}, timeout=MARK_AFTER_S)
                if not task.done():
                    await self._write(JobState.RUNNING)
            await task
        except asyncio.CancelledError:
            if self._stop is not None and task.cancelled():
                raise self._stop from None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        finally:
            self._running_step = None

    # Back

    def _as_told(self, error: Exception) -> ApiError:
        """The error that clients are told; what is a fault of ours is logged."""
        if isinstance(error, ApiError):
            return error
        reference = new_id()[-12:]
        log.error("job_step_failed", job=self._job.id, reference=reference, exc_info=error)
        self._run.note("job.step_failed", level="error", reason=str(error))
        return Internal("internal", reference=reference)

    async def _begin_undo(self, error: ApiError) -> None:
        """Note why the job failed before undoing anything."""
        for index, step in enumerate(self._steps):
            if step.state == StepState.RUNNING:
                self._move(index, StepState.FAILED)
        self._job = msgspec.structs.replace(self._job, error=to_body(error))
        await self._write(JobState.UNDOING)

    async def _undo(self) -> _Left | None:
        """Undo whatever began, last step first; returns where that was not possible.

        The steps before stay as they are then: undoing is done in order or not at all.
        """
        self._run.is_undoing = True
        for index in reversed(range(len(self._steps))):
            step = self._steps[index]
            if step.state not in (StepState.DONE, StepState.FAILED, StepState.RUNNING):
                continue
            body = self._body(step).undo
            if body is not None:
                try:
                    await body(self._run)
                except Exception as error:
                    return self._note_left("job.undo_postponed", _Left(step.name, error))
            if step.state == StepState.DONE:
                self._move(index, StepState.UNDONE)
                await self._write(JobState.UNDOING)
        return None

    def _note_left(self, code: str, left: _Left) -> _Left:
        reason = str(left.error)
        log.warning(code, job=self._job.id, step=left.step, error=reason)
        self._run.note(code, level="warning", step=left.step, reason=reason)
        return left

    async def _end_undone(self, left: _Left | None) -> bool:
        """End the undone job, or begin it anew in another way; returns true for the latter."""
        error = self._error()

        def finish(tx: Transaction) -> bool:
            if left is not None:
                self._cleanup.postpone(tx, self._job, left.step, self._run.data, left.error)
            again = self._definition.again
            if error.code != CANCELLED and again is not None and again(tx, self._run, error):
                return True
            if self._definition.failed is not None:
                self._definition.failed(tx, self._run, error)
            cancelled = error.code == CANCELLED
            self._save(tx, JobState.CANCELLED if cancelled else JobState.FAILED)
            return False

        if not await self._store.write(finish):
            return False
        self._run.note("job.again", level="warning", reason=str(error))
        self._run.cache.clear()
        self._run.is_undoing = False
        self._steps = [JobStep(name=step.name, state=StepState.PENDING) for step in self._steps]
        attempts = self._job.attempts + 1
        self._job = msgspec.structs.replace(self._job, error=None, attempts=attempts)
        await self._write(JobState.RUNNING)
        return True

    def _error(self) -> ApiError:
        body = self._job.error
        return ApiError("job.interrupted") if body is None else from_body(409, body)

    # Writing and telling

    def _body(self, step: JobStep) -> Step:
        return self._bodies[step.name]

    def _move(self, index: int, state: StepState) -> None:
        now = when(now_ms())
        step = self._steps[index]
        if state == StepState.RUNNING:
            changed = msgspec.structs.replace(step, state=state, started_at=now, finished_at=None)
        else:
            changed = msgspec.structs.replace(step, state=state, finished_at=now)
        self._steps[index] = changed

    async def _write(self, state: JobState) -> None:
        await self._store.write(lambda tx: self._save(tx, state))

    def _save(self, tx: Transaction, state: JobState) -> None:
        is_over = state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
        finished = now_ms() if is_over else None
        JOB_MACHINE.check(self._job.state, state)
        share = 100 if state == JobState.SUCCEEDED else percent(self._steps)
        job = self._job = msgspec.structs.replace(
            self._job,
            state=state,
            steps=list(self._steps),
            percent=share,
            finished_at=None if finished is None else when(finished),
        )
        started = None if job.started_at is None else round(job.started_at.timestamp() * 1000)
        tx.execute(
            "UPDATE job SET state = ?, steps = ?, data = ?, error = ?, waiting = NULL, "
            "attempts = ?, started_at = ?, finished_at = ? WHERE id = ?",
            *(state, text(self._steps), text(self._run.data), text(job.error), job.attempts),
            *(started, finished, job.id),
        )
        tx.put("job", job.id, job)
        if is_over and job.parent_id is not None:
            note_child_ended(tx, job.parent_id)

    def _report(self, done: int, total: int, unit: str) -> None:
        self._progress(Progress(done=done, total=total, unit=unit))

    def _progress(self, progress: Progress) -> None:
        """Tell clients how far the running step is, at most a few times a second."""
        done, total = progress.done, progress.total
        now = time.monotonic()
        if now - self._last_report < REPORT_INTERVAL_S and done != total:
            return
        self._last_report = now
        share = (done / total if total else 0.0) / max(1, len(self._steps))
        self._tell(
            progress=progress,
            percent=min(99, percent(self._steps) + int(100 * share)),
        )

    def _wait(self, waiting: Waiting | None) -> None:
        self._tell(waiting=waiting)

    def _tell(self, **changes: Any) -> None:
        """A passing change: clients see it, but it is not kept."""
        state = JobState.UNDOING if self.is_undoing else JobState.RUNNING
        job = msgspec.structs.replace(
            self._job, **({"state": state, "steps": list(self._steps)} | changes)
        )
        data = msgspec.Raw(msgspec.json.encode(job))
        change = Change(seq=0, kind="job", id=job.id, action="put", data=data)
        self._store.feed.publish([change])
