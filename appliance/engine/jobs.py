"""Jobs: what a job is made of, and how one is accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.engine.calls import Caller
from appliance.engine.models import JobRow, render_jobs
from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Job, JobState, JobStep, StepState
from appliance.store.database import Transaction
from appliance.store.fields import now_ms


@dataclass
class JobRun:
    """A running job, as its steps see it.

    `data` is what acceptance put there and what steps add (JSON values only); it is kept with
    each finished step, so a step that runs again after a crash finds what the ones before it
    noted. `report` tells progress: (done, total, unit).
    """

    id: str
    operation: str
    resource_id: str
    caller_account_id: str
    data: dict[str, Any]
    report: Callable[[int, int, str], None]


StepBody = Callable[[JobRun], Awaitable[None]]


@dataclass(frozen=True)
class Step:
    """One step: `run` must bear being repeated; `undo` must bear that `run` never happened."""

    name: str
    run: StepBody
    undo: StepBody | None = None


@dataclass(frozen=True, kw_only=True)
class JobDefinition:
    """How one operation's jobs run.

    `done` and `failed` are run in the very transaction that ends the job, so the resource and
    its job can never disagree.
    """

    operation: str
    steps: tuple[Step, ...]
    done: Callable[[Transaction, JobRun], None] | None = None
    failed: Callable[[Transaction, JobRun, ApiError], None] | None = None
    steps_for: Callable[[dict[str, Any]], tuple[str, ...]] | None = None

    def chosen_steps(self, data: dict[str, Any]) -> tuple[Step, ...]:
        """The steps that a job with this data takes."""
        if self.steps_for is None:
            return self.steps
        names = self.steps_for(data)
        return tuple(step for step in self.steps if step.name in names)


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What acceptance asks for. Jobs of one `queue` run one after the other."""

    definition: JobDefinition
    queue: str
    resource_kind: str
    resource_id: str
    resource_name: str
    data: dict[str, Any] = field(default_factory=dict)


def accept(tx: Transaction, caller: Caller, new: NewJob) -> Job:
    """Write the job down; it is accepted when the transaction commits."""
    row = JobRow.create(
        id=new_id(),
        operation=new.definition.operation,
        state=JobState.QUEUED,
        queue=new.queue,
        resource_kind=new.resource_kind,
        resource_id=new.resource_id,
        resource_name=new.resource_name,
        account_id=caller.account_id,
        reason=caller.reason,
        data=new.data,
        steps=[
            JobStep(name=step.name, state=StepState.PENDING)
            for step in new.definition.chosen_steps(new.data)
        ],
        created_at=now_ms(),
    )
    tx.touch("job", row.id)
    return render_jobs([row])[0]
