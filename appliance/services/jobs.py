"""Operations on jobs and clean-up work: cancel, read the log, try again now, forget."""

from __future__ import annotations

from appliance.engine.calls import Call
from appliance.engine.models import CLEANUP_KIND, JOB_KIND, JobLogRow, JobRow, render_log
from appliance.protocol import requests as q
from appliance.protocol.errors import NotFound
from appliance.protocol.resources import Job, JobLog
from appliance.services.parts import Parts


def install(parts: Parts) -> None:
    """Register the kinds and bind the operations."""
    store, runner = parts.store, parts.runner
    store.kinds.add(JOB_KIND)
    store.kinds.add(CLEANUP_KIND)

    async def cancel(call: Call, _: q.Empty) -> Job:
        return await runner.cancel(call.caller, call.target)

    async def log(call: Call, _: q.Empty) -> JobLog:
        def read() -> JobLog:
            find_job(call.target)
            query = JobLogRow.select().where(JobLogRow.job_id == call.target)
            return JobLog(items=render_log(list(query.order_by(JobLogRow.number))))

        return await store.read(read)

    async def retry(call: Call, _: q.Empty) -> None:
        await runner.cleanup.retry(call.target)

    async def dismiss(call: Call, _: q.Empty) -> None:
        await runner.cleanup.dismiss(call.target)

    parts.registry.bind("job.cancel", cancel)
    parts.registry.bind("job.log", log)
    parts.registry.bind("cleanup.retry", retry)
    parts.registry.bind("cleanup.dismiss", dismiss)


def find_job(ref: str) -> JobRow:
    """The job with this id (its primary key is its number); raises NotFound."""
    row = JobRow.get_or_none(JobRow.id == ref)
    if row is None:
        raise NotFound("resource.not_found", kind="job", id=ref)
    return row
