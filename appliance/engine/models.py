"""Tables of the engine: jobs and clean-up work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee

from appliance.protocol.errors import ErrorBody
from appliance.protocol.resources import Job, JobState, JobStep, StepState
from appliance.store.fields import BaseModel, json_field, when, when_or_none
from appliance.store.kinds import ResourceKind


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
    account_id = peewee.TextField()
    reason = peewee.TextField()
    data: dict[str, Any] = json_field(dict[str, Any])
    steps: list[JobStep] = json_field(list[JobStep])
    error: ErrorBody | None = json_field(ErrorBody, null=True)
    waiting_for = peewee.TextField(null=True)
    created_at = peewee.BigIntegerField()
    started_at = peewee.BigIntegerField(null=True)
    finished_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "job"


class CleanupRow(BaseModel):
    """An undo that could not be done yet; tried again until it works."""

    id = peewee.TextField(primary_key=True)
    job_id = peewee.TextField()
    step = peewee.TextField()
    attempts = peewee.IntegerField()
    next_at = peewee.BigIntegerField()
    error = peewee.TextField()

    class Meta:
        table_name = "cleanup"


def percent(steps: Sequence[JobStep]) -> int:
    """How much of the steps is done, 0 to 100."""
    done = sum(step.state == StepState.DONE for step in steps)
    return 100 * done // len(steps) if steps else 100


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
            steps=row.steps,
            percent=100 if row.state == JobState.SUCCEEDED else percent(row.steps),
            waiting_for=row.waiting_for,
            error=row.error,
            created_at=when(row.created_at),
            started_at=when_or_none(row.started_at),
            finished_at=when_or_none(row.finished_at),
        )
        for row in rows
    ]


JOB_KIND = ResourceKind(
    name="job",
    model=JobRow,
    render=render_jobs,
    search=("operation", "resource_name", "resource_id"),
)
