"""Waiting for a job to end, from within the service."""

from __future__ import annotations

from appliance.engine.models import JobRow
from appliance.protocol.errors import from_body
from appliance.protocol.resources import JobState
from appliance.store.database import Store

ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


async def finished(store: Store, job_id: str) -> None:
    """Return when the job has succeeded; raises its error (ApiError) when it has failed."""
    with store.feed.subscribe() as changes:
        row = await store.read(lambda: JobRow.get(JobRow.id == job_id))
        if row.state not in ENDED:
            async for change in changes:
                if change.kind != "job" or change.id != job_id or not change.seq:
                    continue
                row = await store.read(lambda: JobRow.get(JobRow.id == job_id))
                if row.state in ENDED:
                    break
    if row.state != JobState.SUCCEEDED and row.error is not None:
        raise from_body(409, row.error)
