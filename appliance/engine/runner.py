"""Runs jobs: one at a time in each queue, resumed after a crash, undone when they fail."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque

import msgspec
import structlog

from appliance.engine.calls import Caller
from appliance.engine.cleanup import Cleanup
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step, accept
from appliance.engine.models import JobRow, render_jobs
from appliance.protocol.errors import ApiError, ErrorBody, Internal, to_body
from appliance.protocol.events import Change
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import JobState, JobStep, Progress, StepState
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, tuples, when

REPORT_INTERVAL_S = 0.2
ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.UNDOING)

log = structlog.get_logger()


class Runner:
    """Takes accepted jobs through their steps.

    A job that was interrupted goes on at the step it was in; one that was being undone goes
    on being undone.
    """

    def __init__(self, store: Store, *, parallel: int = 64) -> None:
        self._store = store
        self._definitions: dict[str, JobDefinition] = {}
        self._queues: dict[str, deque[str]] = defaultdict(deque)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(parallel)
        self._cleanup = Cleanup(store, self._definitions)
        self._stopping = False

    def define(self, definition: JobDefinition) -> JobDefinition:
        """Make jobs of this operation runnable; returns the definition."""
        if definition.operation in self._definitions:
            raise ValueError(f"job {definition.operation} is defined twice")
        self._definitions[definition.operation] = definition
        return definition

    async def start(self) -> None:
        """Go on with every job that had not ended when the service did."""

        def unfinished() -> list[tuple[str, str]]:
            query = JobRow.select(JobRow.queue, JobRow.id).where(JobRow.state.in_(ACTIVE))
            return tuples(query.order_by(JobRow.number))

        found = await self._store.read(unfinished)
        for queue, job_id in found:
            self._enqueue(queue, job_id)
        if found:
            log.info("jobs_resumed", count=len(found))
        self._cleanup.start()

    async def stop(self) -> None:
        """Stop between awaits; what was running goes on at the next start."""
        self._stopping = True
        await self._cleanup.stop()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def accept(self, tx: Transaction, caller: Caller, new: NewJob) -> Accepted:
        """Write a job down and run it once the transaction is on the disk."""
        job = accept(tx, caller, new)
        self.launch(tx, new.queue, job.id)
        return Accepted(jobs=[job], resource_ids=[new.resource_id])

    def launch(self, tx: Transaction, queue: str, job_id: str) -> None:
        """Run a job once the transaction that accepted it is on the disk."""
        tx.on_commit(lambda: self._enqueue(queue, job_id))

    def _enqueue(self, queue: str, job_id: str) -> None:
        waiting = self._queues[queue]
        waiting.append(job_id)
        if len(waiting) == 1 and not self._stopping:
            self._start_next(queue)

    def _start_next(self, queue: str) -> None:
        job_id = self._queues[queue][0]
        task = asyncio.create_task(self._run_slot(job_id), name=f"job {job_id}")
        self._tasks[job_id] = task
        task.add_done_callback(lambda _: self._finished(queue, job_id))

    def _finished(self, queue: str, job_id: str) -> None:
        self._tasks.pop(job_id, None)
        if self._stopping:
            return
        waiting = self._queues[queue]
        waiting.popleft()
        if waiting:
            self._start_next(queue)
        else:
            del self._queues[queue]

    async def _run_slot(self, job_id: str) -> None:
        async with self._slots:
            try:
                await self._run(job_id)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("job_runner_failed", job=job_id)

    async def _run(self, job_id: str) -> None:
        row = await self._store.read(lambda: JobRow.get(JobRow.id == job_id))
        definition = self._definitions[row.operation]
        execution = _Execution(self._store, self._cleanup, definition, row)
        if row.state != JobState.UNDOING:
            try:
                await execution.forward()
            except ApiError as error:
                await execution.begin_undo(error)
            except Exception as error:
                reference = new_id()[-12:]
                log.exception("job_step_failed", job=job_id, reference=reference, error=str(error))
                await execution.begin_undo(Internal("internal", reference=reference))
            else:
                return
        await execution.undo()


class _Execution:
    """One job's way through its steps."""

    def __init__(
        self, store: Store, cleanup: Cleanup, definition: JobDefinition, row: JobRow
    ) -> None:
        self._store = store
        self._cleanup = cleanup
        self._definition = definition
        self._row = row
        self._steps: list[JobStep] = list(row.steps)
        self._bodies = {step.name: step for step in definition.steps}
        self._last_report = 0.0
        self._run = JobRun(
            id=row.id,
            operation=row.operation,
            resource_id=row.resource_id,
            caller_account_id=row.account_id,
            data=dict(row.data),
            report=self._report,
        )

    async def forward(self) -> None:
        """Run all steps that are not done, then end the job."""
        for index, step in enumerate(self._steps):
            if step.state == StepState.DONE:
                continue
            await self._mark(index, StepState.RUNNING)
            await self._body(step).run(self._run)
            # The end of the last step is noted together with the end of the job.
            if index < len(self._steps) - 1:
                await self._mark(index, StepState.DONE)
            else:
                self._steps[index] = _moved(self._steps[index], StepState.DONE)

        def finish(tx: Transaction) -> None:
            if self._definition.done is not None:
                self._definition.done(tx, self._run)
            self._save(tx, JobState.SUCCEEDED, finished_at=now_ms())

        await self._store.write(finish)

    async def begin_undo(self, error: ApiError) -> None:
        """Note why the job failed before undoing anything."""
        body = to_body(error)
        for index, step in enumerate(self._steps):
            if step.state == StepState.RUNNING:
                self._steps[index] = _moved(step, StepState.FAILED)
        self._row.error = body
        await self._store.write(lambda tx: self._save(tx, JobState.UNDOING, error=body))

    async def undo(self) -> None:
        """Undo, last step first, whatever began; then end the job."""
        for index in reversed(range(len(self._steps))):
            step = self._steps[index]
            if step.state not in (StepState.DONE, StepState.FAILED, StepState.RUNNING):
                continue
            body = self._body(step).undo
            if body is not None and not await self._undo_step(step.name, body):
                continue
            if step.state == StepState.DONE:
                self._steps[index] = _moved(step, StepState.UNDONE)
            await self._store.write(lambda tx: self._save(tx, JobState.UNDOING))

        def finish(tx: Transaction) -> None:
            error = self._row.error or ErrorBody(code="job.interrupted")
            failure = ApiError(error.code, field=error.field, **error.params)
            if self._definition.failed is not None:
                self._definition.failed(tx, self._run, failure)
            self._save(tx, JobState.FAILED, finished_at=now_ms())

        await self._store.write(finish)

    async def _undo_step(self, name: str, body: object) -> bool:
        try:
            await body(self._run)  # type: ignore[operator]
        except Exception as error:
            log.warning("undo_postponed", job=self._row.id, step=name, error=str(error))
            await self._cleanup.postpone(self._row.id, name, str(error))
            return False
        return True

    def _body(self, step: JobStep) -> Step:
        return self._bodies[step.name]

    async def _mark(self, index: int, state: StepState) -> None:
        self._steps[index] = _moved(self._steps[index], state)
        started = self._row.started_at or now_ms()
        self._row.started_at = started
        await self._store.write(
            lambda tx: self._save(tx, JobState.RUNNING, started_at=started, waiting_for=None)
        )

    def _save(self, tx: Transaction, state: JobState, **columns: object) -> None:
        JobRow.update(state=state, steps=self._steps, data=self._run.data, **columns).where(
            JobRow.id == self._row.id
        ).execute()
        self._row.state = state
        tx.touch("job", self._row.id)

    def _report(self, done: int, total: int, unit: str) -> None:
        """Tell clients how far the running step is, at most a few times a second."""
        now = time.monotonic()
        if now - self._last_report < REPORT_INTERVAL_S and done != total:
            return
        self._last_report = now
        self._row.steps = self._steps
        job = render_jobs([self._row])[0]
        share = (done / total if total else 0.0) / max(1, len(self._steps))
        job = msgspec.structs.replace(
            job,
            progress=Progress(done=done, total=total, unit=unit),
            percent=min(99, job.percent + int(100 * share)),
        )
        data = msgspec.Raw(msgspec.json.encode(job))
        change = Change(seq=0, kind="job", id=job.id, action="put", data=data)
        self._store.feed.publish([change])


def _moved(step: JobStep, state: StepState) -> JobStep:
    now = when(now_ms())
    if state == StepState.RUNNING:
        return msgspec.structs.replace(step, state=state, started_at=now, finished_at=None)
    return msgspec.structs.replace(step, state=state, finished_at=now)
