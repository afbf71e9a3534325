"""The states of a job and what may follow what."""

from __future__ import annotations

from appliance.engine.machines import StateMachine
from appliance.protocol.resources import JobState as S

JOB_MACHINE: StateMachine[S] = StateMachine(
    "job",
    {
        S.QUEUED: frozenset({S.RUNNING, S.UNDOING, S.SUCCEEDED}),
        # Back to running: undone, and begun anew in another way.
        S.RUNNING: frozenset({S.UNDOING, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
        S.UNDOING: frozenset({S.RUNNING, S.FAILED, S.CANCELLED}),
        S.SUCCEEDED: frozenset(),
        S.FAILED: frozenset(),
        S.CANCELLED: frozenset(),
    },
)
