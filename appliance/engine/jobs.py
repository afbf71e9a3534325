"""Jobs: what a job is made of, and how one is accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from appliance.engine.calls import Caller
from appliance.engine.models import ENDED, JobRow, percent
from appliance.protocol.errors import ApiError, InvalidInput, to_body
from appliance.protocol.ids import new_id
from appliance.protocol.resources import (
    Job,
    JobChildren,
    JobState,
    JobStep,
    Progress,
    StepState,
    Waiting,
)
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples, when, when_or_none

PARENT_QUEUE = "parent:"  # parents of bulk operations have no steps and wait in no queue


class Note(Protocol):
    """Adds a line to a job's log."""

    def __call__(self, code: str, /, *, level: str = "info", **params: Any) -> None: ...


def _not_noted(code: str, /, *, level: str = "info", **params: Any) -> None:
    """For runs without a log."""


@dataclass
class JobRun:
    """A running job, as its steps see it; `is_undoing` on its way back.

    `data` is what acceptance put there and what steps add (JSON values only); it is kept with
    each finished step, so a step that runs again after a crash finds what the ones before it
    noted. `cache` is for the steps of this run and never kept. `report` tells progress: (done,
    total, unit), `progress` the same with further numbers. `wait` tells what the job waits for,
    None when it goes on. `note` adds a line to the job's log; it is for the event loop, so hooks
    that run within a write use `tx.on_commit`.
    """

    id: str
    operation: str
    resource_id: str
    caller_account_id: str
    data: dict[str, Any]
    report: Callable[[int, int, str], None]
    wait: Callable[[Waiting | None], None] = lambda _: None
    progress: Callable[[Progress], None] = lambda _: None
    note: Note = _not_noted
    is_undoing: bool = False
    cache: dict[str, Any] = field(default_factory=dict)


StepBody = Callable[[JobRun], Awaitable[None]]


@dataclass(frozen=True)
class Step:
    """One step: `run` must bear being repeated; `undo` must bear that `run` never happened.

    `undo` may use nothing but the run's `data`: the resource may be gone when it is repeated.

    From the beginning of a step that is `forward_only` there is no way back: the job cannot be
    stopped any more and ends well. If that step or one after it fails, it and those after it are
    left as clean-up work, so they, too, may use nothing but `data`.
    """

    name: str
    run: StepBody
    undo: StepBody | None = None
    forward_only: bool = False


@dataclass(frozen=True, kw_only=True)
class JobDefinition:
    """How one operation's jobs run.

    `done` and `failed` are run in the very transaction that ends the job, so the resource and
    its job can never disagree. `again` is asked in that transaction, before `failed`, whether
    the undone job shall be tried in another way (on another host): it changes the run's data
    and returns true, and the steps begin anew. `can_cancel` says whether the job may be
    cancelled once it has begun.
    """

    operation: str
    steps: tuple[Step, ...]
    done: Callable[[Transaction, JobRun], None] | None = None
    failed: Callable[[Transaction, JobRun, ApiError], None] | None = None
    again: Callable[[Transaction, JobRun, ApiError], bool] | None = None
    steps_for: Callable[[dict[str, Any]], tuple[str, ...]] | None = None
    can_cancel: bool = True

    def chosen_steps(self, data: dict[str, Any]) -> tuple[Step, ...]:
        """The steps that a job with this data takes."""
        if self.steps_for is None:
            return self.steps
        names = self.steps_for(data)
        return tuple(step for step in self.steps if step.name in names)

    def forward_steps(self, data: dict[str, Any]) -> tuple[Step, ...]:
        """Those of a job with this data from which there is no way back."""
        steps = self.chosen_steps(data)
        places = (place for place, step in enumerate(steps) if step.forward_only)
        return steps[next(places, len(steps)) :]


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What acceptance asks for. Jobs of one `queue` run one after the other."""

    definition: JobDefinition
    queue: str
    resource_kind: str
    resource_id: str
    resource_name: str
    data: dict[str, Any] = field(default_factory=dict)
    parent_id: str | None = None


def accept(tx: Transaction, caller: Caller, new: NewJob, *, node_id: str = "") -> Job:
    """Write the job down; it is accepted when the transaction commits.

    `node_id` is the management node that runs it, "" if that is still open.
    """
    wishes = caller.wishes
    steps = [
        JobStep(name=step.name, state=StepState.PENDING)
        for step in new.definition.chosen_steps(new.data)
    ]
    now = now_ms()
    deadline_at = None if wishes.deadline_s is None else now + int(wishes.deadline_s * 1000)
    job = Job(
        id=new_id(),
        operation=new.definition.operation,
        state=JobState.QUEUED,
        resource_kind=new.resource_kind,
        resource_id=new.resource_id,
        resource_name=new.resource_name,
        account_id=caller.account_id,
        account_name=caller.account_name,
        address=caller.address,
        reason=caller.reason,
        priority=wishes.priority,
        after=list(wishes.after),
        parent_id=new.parent_id or wishes.parent_id,
        steps=steps,
        percent=percent(steps),
        waiting=_waits_for(tx, new.queue, wishes.after),
        created_at=when(now),
        deadline_at=when_or_none(deadline_at),
    )
    _insert(tx, job, new.queue, new.data, node_id)
    return job


def accept_parent(
    tx: Transaction, caller: Caller, operation: str, kind: str, name: str, total: int
) -> Job:
    """Write down the parent of a bulk operation: it ends when its last child does."""
    job = Job(
        id=new_id(),
        operation=operation,
        state=JobState.RUNNING,
        resource_kind=kind,
        resource_id="",
        resource_name=name,
        account_id=caller.account_id,
        account_name=caller.account_name,
        address=caller.address,
        reason=caller.reason,
        children=JobChildren(total=total),
        steps=[],
        percent=0,
        created_at=when(now_ms()),
        started_at=when(now_ms()),
    )
    _insert(tx, job, f"{PARENT_QUEUE}{job.id}", {})
    return job


def refuse_child(tx: Transaction, parent: Job, new: NewJob, error: ApiError) -> None:
    """Write down a part of a bulk operation that could not be accepted: it has failed."""
    job = msgspec.structs.replace(
        parent,
        id=new_id(),
        operation=new.definition.operation,
        state=JobState.FAILED,
        resource_id=new.resource_id,
        resource_name=new.resource_name,
        parent_id=parent.id,
        children=None,
        error=to_body(error),
        finished_at=when(now_ms()),
    )
    _insert(tx, job, new.queue, new.data)


def note_child_ended(tx: Transaction, parent_id: str) -> None:
    """Count the parts of a bulk operation anew; the last one ends it."""
    row = JobRow.get_or_none(JobRow.id == parent_id)
    if row is None or row.state in ENDED or row.children is None:
        return
    counts: dict[str, int] = dict(
        tx.execute(
            "SELECT state, COUNT(*) FROM job WHERE parent_id = ? GROUP BY state", parent_id
        ).fetchall()
    )
    children = JobChildren(
        total=row.children.total,
        succeeded=counts.get(JobState.SUCCEEDED, 0),
        failed=counts.get(JobState.FAILED, 0),
        cancelled=counts.get(JobState.CANCELLED, 0),
    )
    row.children = children
    if children.ended >= children.total:
        row.finished_at = now_ms()
        if children.succeeded == children.total:
            row.state = JobState.SUCCEEDED
        else:
            row.state = JobState.CANCELLED if row.cancelled_by else JobState.FAILED
            failed = children.failed + children.cancelled
            row.error = to_body(
                ApiError("job.children_failed", failed=failed, total=children.total)
            )
    row.save()
    tx.touch("job", parent_id)


def check_wishes(after: Sequence[str]) -> None:
    """Raises InvalidInput for a dependency that does not exist; within a write."""
    known = {ref for (ref,) in tuples(JobRow.select(JobRow.id).where(JobRow.id.in_(after)))}
    for ref in after:
        if ref not in known:
            raise InvalidInput("job.unknown_dependency", field="after", id=ref)


def _waits_for(tx: Transaction, queue: str, after: Sequence[str]) -> Waiting | None:
    """The last unfinished job of the same queue, or the dependencies."""
    if after:
        check_wishes(after)
        return Waiting(code="wait.jobs", params={"jobs": list(after), "count": len(after)})
    row = tx.execute(
        "SELECT id, operation, resource_name, account_name FROM job "
        "WHERE queue = ? AND finished_at IS NULL ORDER BY number DESC LIMIT 1",
        queue,
    ).fetchone()
    if row is None:
        return None
    names = ("job", "operation", "name", "account")
    return Waiting(code="wait.job", params=dict(zip(names, row, strict=True)))


_COLUMNS = (
    "id, operation, state, queue, resource_kind, resource_id, resource_name, account_id, "
    "account_name, address, reason, priority, after, parent_id, children, data, steps, error, "
    "waiting, attempts, cancelled_by, created_at, started_at, finished_at, deadline_at, node_id"
)
_INSERT = f"INSERT INTO job ({_COLUMNS}) VALUES ({', '.join('?' * 26)})"  # noqa: S608 fixed text


def _insert(tx: Transaction, job: Job, queue: str, data: dict[str, Any], node_id: str = "") -> None:
    tx.execute(
        _INSERT,
        *(job.id, job.operation, job.state, queue, job.resource_kind, job.resource_id),
        *(job.resource_name, job.account_id, job.account_name, job.address, job.reason),
        *(job.priority, text(job.after), job.parent_id, text(job.children), text(data)),
        *(text(job.steps), text(job.error), text(job.waiting), job.attempts, job.cancelled_by),
        *(_ms(job.created_at), _ms(job.started_at), _ms(job.finished_at), _ms(job.deadline_at)),
        node_id,
    )
    tx.put("job", job.id, job)


def text(value: Any) -> str | None:
    """A value as kept in a JSON column."""
    return None if value is None else msgspec.json.encode(value).decode()


def _ms(at: Any) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)
