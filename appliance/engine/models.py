"""Tables of the engine: jobs, their logs, and clean-up work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import peewee

from appliance.protocol.errors import ErrorBody
from appliance.protocol.resources import (
    Cleanup,
    Job,
    JobChildren,
    JobLogEntry,
    JobState,
    JobStep,
    StepState,
    Waiting,
)
from appliance.store.fields import BaseModel, json_field, when, when_or_none
from appliance.store.kinds import Relation, ResourceKind

ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
ACTIVE = (JobState.QUEUED, JobState.RUNNING, JobState.UNDOING)


class JobRow(BaseModel):
    """A job as kept. `data` grows as steps note what they made; undo reads it."""

    number = peewee.AutoField()  # order of acceptance
    id = peewee.TextField(unique=True)
    operation = peewee.TextField()
    state = peewee.TextField(index=True)
    queue = peewee.TextField(index=True)
    resource_kind = peewee.TextField()
    resource_id = peewee.TextField(index=True)
    resource_name = peewee.TextField()
    account_id = peewee.TextField(index=True)
    account_name = peewee.TextField(default="")
    address = peewee.TextField(default="")
    reason = peewee.TextField()
    priority = peewee.IntegerField(default=0)
    after: list[str] = json_field(list[str], default=list)
    parent_id = peewee.TextField(null=True, index=True)
    children: JobChildren | None = json_field(JobChildren, null=True)
    data: dict[str, Any] = json_field(dict[str, Any])
    steps: list[JobStep] = json_field(list[JobStep])
    error: ErrorBody | None = json_field(ErrorBody, null=True)
    waiting: Waiting | None = json_field(Waiting, null=True)
    attempts = peewee.IntegerField(default=1)
    cancelled_by = peewee.TextField(default="")
    created_at = peewee.BigIntegerField()
    started_at = peewee.BigIntegerField(null=True)
    finished_at = peewee.BigIntegerField(null=True, index=True)
    deadline_at = peewee.BigIntegerField(null=True)
    node_id = peewee.TextField(default="")  # who runs it; "" is nobody yet

    class Meta:
        table_name = "job"


class JobLogRow(BaseModel):
    """A line of a job's log."""

    number = peewee.AutoField()
    job_id = peewee.TextField(index=True)
    at = peewee.BigIntegerField()
    level: Literal["info", "warning", "error"] = peewee.TextField()  # type: ignore[assignment]
    code = peewee.TextField()
    params: dict[str, Any] = json_field(dict[str, Any])

    class Meta:
        table_name = "job_log"


class CleanupRow(BaseModel):
    """An undo that could not be done yet, with all that is needed to do it."""

    id = peewee.TextField(primary_key=True)
    job_id = peewee.TextField()
    operation = peewee.TextField(default="")
    resource_id = peewee.TextField(default="")
    resource_name = peewee.TextField(default="")
    step = peewee.TextField()
    data: dict[str, Any] = json_field(dict[str, Any], default=dict)
    attempts = peewee.IntegerField()
    next_at = peewee.BigIntegerField()
    error: ErrorBody | None = json_field(ErrorBody, null=True)
    created_at = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "cleanup"


def percent(steps: Sequence[JobStep]) -> int:
    """How much of the steps is done, 0 to 100."""
    done = sum(step.state == StepState.DONE for step in steps)
    return 100 * done // len(steps) if steps else 100


def _percent_of(row: JobRow) -> int:
    if row.state == JobState.SUCCEEDED:
        return 100
    if row.children is not None:
        return 100 * row.children.ended // max(1, row.children.total)
    return percent(row.steps)


def render_jobs(rows: Sequence[JobRow]) -> list[Job]:
    """Job rows as clients see them."""
    return [
        Job(
            id=row.id,
            operation=row.operation,
            state=JobState(row.state),
            resource_kind=row.resource_kind,
            resource_id=row.resource_id,
            resource_name=row.resource_name,
            account_id=row.account_id,
            account_name=row.account_name,
            address=row.address,
            reason=row.reason,
            priority=row.priority,
            after=row.after,
            parent_id=row.parent_id,
            children=row.children,
            steps=row.steps,
            percent=_percent_of(row),
            waiting=row.waiting,
            attempts=row.attempts,
            cancelled_by=row.cancelled_by,
            error=row.error,
            created_at=when(row.created_at),
            started_at=when_or_none(row.started_at),
            finished_at=when_or_none(row.finished_at),
            deadline_at=when_or_none(row.deadline_at),
        )
        for row in rows
    ]


def render_log(rows: Sequence[JobLogRow]) -> list[JobLogEntry]:
    """Lines of a job's log as clients see them."""
    return [
        JobLogEntry(
            number=row.number, at=when(row.at), level=row.level, code=row.code, params=row.params
        )
        for row in rows
    ]


def render_cleanups(rows: Sequence[CleanupRow]) -> list[Cleanup]:
    """Clean-up work as clients see it."""
    return [
        Cleanup(
            id=row.id,
            job_id=row.job_id,
            operation=row.operation,
            resource_id=row.resource_id,
            resource_name=row.resource_name,
            step=row.step,
            attempts=row.attempts,
            error=row.error,
            created_at=when(row.created_at),
            next_at=when(row.next_at),
        )
        for row in rows
    ]


JOB_KIND = ResourceKind(
    name="job",
    model=JobRow,
    render=render_jobs,
    search=("operation", "resource_name", "resource_id"),
    internal=frozenset({"queue", "data", "number", "node_id"}),
    relations={
        "vm": Relation("vm", ("resource_id", "id")),
        "account": Relation("account", ("account_id", "id")),
        "parent": Relation("job", ("parent_id", "id")),
    },
    owner="account_id",
)
CLEANUP_KIND = ResourceKind(
    name="cleanup",
    model=CleanupRow,
    render=render_cleanups,
    search=("operation", "resource_name", "resource_id"),
    internal=frozenset({"data"}),
    relations={"job": Relation("job", ("job_id", "id"))},
)
