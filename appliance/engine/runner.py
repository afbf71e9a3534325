"""Runs jobs: one at a time in each queue, resumed after a crash, undone when they fail."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import structlog

from appliance.engine.adoption import adopt, claim, is_free
from appliance.engine.calls import Caller
from appliance.engine.cleanup import Cleanup
from appliance.engine.execution import CANCELLED, Execution
from appliance.engine.joblog import JobLog
from appliance.engine.jobs import (
    JobDefinition,
    NewJob,
    accept,
    accept_parent,
    note_child_ended,
    refuse_child,
)
from appliance.engine.models import ACTIVE, ENDED, JobRow, render_jobs
from appliance.engine.nodes import Alone, Ownership
from appliance.engine.scheduler import Entry, Scheduler
from appliance.protocol.errors import ApiError, Conflict, NotFound
from appliance.protocol.events import Change
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Job, JobState, Waiting
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, tuples
from hostagent.protocol.trail import TRAIL, Trail

PARALLEL = 512
TELL_LINE_EVERY_S = 2.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 600.0
TELL_LINE_OF = 100  # jobs

log = structlog.get_logger()


class Runner:
    """Takes accepted jobs through their steps.

    A job that was interrupted goes on at the step it was in; one that was being undone goes
    on being undone. `ownership` says which queues belong to this node.
    """

    def __init__(
        self,
        store: Store,
        *,
        parallel: int = PARALLEL,
        ownership: Ownership | None = None,
    ) -> None:
        self._store = store
        self._ownership: Ownership = ownership or Alone()
        self._definitions: dict[str, JobDefinition] = {}
        self._scheduler = Scheduler(parallel)
        self._executions: dict[str, Execution] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._stopped: dict[str, ApiError] = {}
        self._accepted: dict[str, tuple[Job, dict[str, Any]]] = {}  # saves reading them again
        self._joblog = JobLog(store)
        self._turns: dict[str, asyncio.Event] = {}
        self.cleanup = Cleanup(store, self._definitions, self._turn, self._may_clean)
        self._telling: asyncio.Task[None] | None = None
        self._stopping = False

    def define(self, definition: JobDefinition) -> JobDefinition:
        """Make jobs of this operation runnable; returns the definition."""
        if definition.operation in self._definitions:
            raise ValueError(f"job {definition.operation} is defined twice")
        self._definitions[definition.operation] = definition
        return definition

    def definition(self, operation: str) -> JobDefinition:
        """How jobs of this operation run."""
        return self._definitions[operation]

    @property
    def unfinished(self) -> int:
        """How many jobs wait or run here."""
        return len(self._scheduler)

    async def start(self) -> None:
        """Go on with every job that had not ended when the service did."""
        await self.adopt()
        self.cleanup.start()
        self._telling = asyncio.create_task(self._tell_line(), name="job line")

    async def adopt(self) -> None:
        """Take on the jobs that are this node's by now and that no other node runs."""
        rows = await self._store.write(lambda tx: adopt(tx, self._ownership))
        new = [row for row in rows if row.id not in self._scheduler]
        for row in new:
            if row.cancelled_by:
                self._stopped[row.id] = ApiError(CANCELLED, account=row.cancelled_by)
            self._add(_entry(row), row.deadline_at)
        if new:
            log.info("jobs_resumed", count=len(new))
        self._start_ready()

    async def stop(self) -> None:
        """Stop between awaits; what was running goes on at the next start."""
        self._stopping = True
        await self.cleanup.stop()
        for timer in self._deadlines.values():
            timer.cancel()
        tasks = list(self._tasks.values())
        if self._telling is not None:
            tasks.append(self._telling)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._joblog.flush()

    # Accepting

    def accept(self, tx: Transaction, caller: Caller, new: NewJob) -> Accepted:
        """Write a job down and run it once the transaction is on the disk."""
        job = self._accept(tx, caller, new)
        return Accepted(jobs=[job], resource_ids=[new.resource_id])

    def accept_bulk(
        self,
        tx: Transaction,
        caller: Caller,
        operation: str,
        kind: str,
        parts: Sequence[NewJob | tuple[NewJob, ApiError]],
        *,
        name: str = "",
    ) -> Accepted:
        """Write down a bulk operation: a parent, and a child for each part.

        A part that comes with an error is written down as failed.
        """
        parent = accept_parent(tx, caller, operation, kind, name, len(parts))
        for part in parts:
            if isinstance(part, tuple):
                refuse_child(tx, parent, *part)
                continue
            self._accept(tx, caller, dataclasses.replace(part, parent_id=parent.id))
        note_child_ended(tx, parent.id)
        ids = [(part[0] if isinstance(part, tuple) else part).resource_id for part in parts]
        return Accepted(jobs=[parent], resource_ids=ids)

    def _accept(self, tx: Transaction, caller: Caller, new: NewJob) -> Job:
        node_id = claim(tx, self._ownership, new.queue, tuple(caller.wishes.after))
        job = accept(tx, caller, new, node_id=node_id or "")
        if node_id is not None:
            self._launch(tx, new, job)
        return job

    def _launch(self, tx: Transaction, new: NewJob, job: Job) -> None:
        entry = Entry(job.id, new.queue, job.account_id, job.priority, tuple(job.after))
        deadline = None if job.deadline_at is None else round(job.deadline_at.timestamp() * 1000)

        def enqueue() -> None:
            self._accepted[job.id] = job, new.data
            self._enqueue(entry, deadline)

        tx.on_commit(enqueue)

    def _enqueue(self, entry: Entry, deadline_at: int | None) -> None:
        if self._stopping:
            return
        self._add(entry, deadline_at)
        self._start_ready()

    def _add(self, entry: Entry, deadline_at: int | None) -> None:
        self._scheduler.add(entry)
        if deadline_at is not None:
            seconds = max(0.0, (deadline_at - now_ms()) / 1000)
            self._deadlines[entry.job_id] = asyncio.get_running_loop().call_later(
                seconds, self._expire, entry.job_id
            )

    # Stopping single jobs

    async def cancel(self, caller: Caller, job_id: str) -> Job:
        """Cancel a job, or all parts of a bulk operation.

        Raises NotFound; Conflict if it is over, or cannot be cancelled once it has begun.
        """

        def mark(tx: Transaction) -> list[str]:
            row = JobRow.get_or_none(JobRow.id == job_id)
            if row is None:
                raise NotFound("resource.not_found", kind="job", id=job_id)
            self._check_cancel(row)
            marked = [row]
            if row.children is not None:
                parts = JobRow.select().where(JobRow.parent_id == job_id)
                marked += [part for part in parts if part.state in ACTIVE]
            for item in marked:
                item.cancelled_by = caller.account_name
                item.save()
                tx.touch("job", item.id)
            return [item.id for item in marked]

        for ref in await self._store.write(mark):
            self._stop_job(ref, ApiError(CANCELLED, account=caller.account_name))
        row = await self._store.read(lambda: JobRow.get(JobRow.id == job_id))
        return render_jobs([row])[0]

    def _check_cancel(self, row: JobRow) -> None:
        if row.state in ENDED:
            raise Conflict("job.over", state=row.state)
        has_begun = row.state != JobState.QUEUED or not self._scheduler.is_waiting(row.id)
        definition = self._definitions.get(row.operation)
        cannot = definition is not None and not definition.can_cancel
        execution = self._executions.get(row.id)
        is_past_return = execution is not None and not execution.can_stop
        if row.state == JobState.UNDOING or (has_begun and cannot) or is_past_return:
            raise Conflict("job.cannot_cancel", operation=row.operation)

    def _expire(self, job_id: str) -> None:
        self._deadlines.pop(job_id, None)
        self._stop_job(job_id, ApiError("job.deadline", seconds=""))

    def _stop_job(self, job_id: str, error: ApiError) -> None:
        """Stop a job: at once if it runs or could, else when its turn comes."""
        execution = self._executions.get(job_id)
        if execution is not None:
            execution.stop(error)
        elif job_id in self._tasks or self._scheduler.is_waiting(job_id):
            self._stopped.setdefault(job_id, error)
            entry = self._scheduler.seize(job_id)
            if entry is not None:
                self._start(entry)

    # Running

    def _start_ready(self) -> None:
        for entry in self._scheduler.take():
            self._start(entry)

    def _start(self, entry: Entry) -> None:
        turn = self._turns.get(entry.job_id)
        if turn is not None:
            turn.set()
            return
        task = asyncio.create_task(self._run_logged(entry.job_id), name=f"job {entry.job_id}")
        self._tasks[entry.job_id] = task
        task.add_done_callback(lambda _: self._finished(entry.job_id))

    def _may_clean(self, queue: str) -> bool:
        """Whether clean-up work of a queue is this node's; within a read."""
        return self._ownership.owns(queue) and is_free(self._ownership, queue)

    @contextlib.asynccontextmanager
    async def _turn(self, queue: str) -> AsyncIterator[None]:
        """Stand in a queue like a job: none of its jobs runs meanwhile."""
        entry = Entry(new_id(), queue, account_id="")
        turn = self._turns[entry.job_id] = asyncio.Event()
        self._scheduler.add(entry)
        self._start_ready()
        try:
            await turn.wait()
            yield
        finally:
            del self._turns[entry.job_id]
            self._scheduler.finished(entry.job_id)
            self._start_ready()

    def _finished(self, job_id: str) -> None:
        self._tasks.pop(job_id, None)
        self._executions.pop(job_id, None)
        self._stopped.pop(job_id, None)
        self._accepted.pop(job_id, None)
        timer = self._deadlines.pop(job_id, None)
        if timer is not None:
            timer.cancel()
        if self._stopping:
            return
        self._scheduler.finished(job_id)
        self._start_ready()

    async def _run_logged(self, job_id: str) -> None:
        """Run it; a fault of ours on the way must not leave it half-done for ever."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._run(job_id)
            except Exception:
                log.exception("job_runner_failed", job=job_id, again_in_s=pause_s)
            else:
                return
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    async def _run(self, job_id: str) -> None:
        job, data = self._accepted.pop(job_id, None) or await self._kept(job_id)
        trail = {"account": job.account_name, "address": job.address, "reason": job.reason}
        TRAIL.set(Trail(job_id=job.id, operation=job.operation, **trail))
        definition = self._definitions[job.operation]
        execution = Execution(self._store, self.cleanup, self._joblog, definition, job, data)
        if job.after and (failed := await self._failed_dependency(job.after)):
            self._stopped.setdefault(job_id, ApiError("job.dependency_failed", job=failed))
        self._executions[job_id] = execution
        if job_id in self._stopped:
            execution.stop(self._stopped[job_id])
        await execution.run()

    async def _kept(self, job_id: str) -> tuple[Job, dict[str, Any]]:
        row = await self._store.read(lambda: JobRow.get(JobRow.id == job_id))
        return render_jobs([row])[0], row.data

    async def _failed_dependency(self, after: Sequence[str]) -> str | None:
        query = JobRow.select(JobRow.id).where(
            JobRow.id.in_(after), JobRow.state.in_((JobState.FAILED, JobState.CANCELLED))
        )
        failed = await self._store.read(lambda: tuples(query))
        return failed[0][0] if failed else None

    async def _tell_line(self) -> None:
        """Tell those who only wait for a free place how many are before them."""
        while True:
            await asyncio.sleep(TELL_LINE_EVERY_S)
            line = self._scheduler.in_line()[:TELL_LINE_OF]
            if not line:
                continue
            query = JobRow.select().where(JobRow.id.in_(line))
            rows = {row.id: row for row in await self._store.read(lambda query=query: list(query))}
            self._store.feed.publish(
                _in_line(rows[ref], place, self._scheduler.running)
                for place, ref in enumerate(line)
                if ref in rows and self._scheduler.is_waiting(ref)
            )


def _in_line(row: JobRow, before: int, running: int) -> Change:
    row.waiting = Waiting(code="wait.place", params={"before": before, "running": running})
    data = msgspec.Raw(msgspec.json.encode(render_jobs([row])[0]))
    return Change(seq=0, kind="job", id=row.id, action="put", data=data)


def _entry(row: JobRow) -> Entry:
    return Entry(row.id, row.queue, row.account_id, row.priority, tuple(row.after))
