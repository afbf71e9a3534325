"""Waiting for jobs by the change feed: no polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from appliance.client.client import Client
from appliance.protocol.errors import ApiError, ErrorBody, Unavailable, from_body
from appliance.protocol.events import FeedStart
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Job, JobState

ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
RETRY_S = 1.0


class JobFailed(Exception):
    """A job ended badly; `error` is what the service says of it."""

    def __init__(self, job: Job) -> None:
        body = job.error or ErrorBody(code="job.interrupted")
        self.job = job
        self.error: ApiError = from_body(409, body)
        super().__init__(str(self.error))


async def wait(
    client: Client,
    accepted: Accepted | Job,
    *,
    on_progress: Callable[[Job], None] | None = None,
    on_lost: Callable[[Unavailable], None] | None = None,
    timeout_s: float | None = None,
) -> list[Job]:
    """Wait until all jobs have ended; survives a lost connection (and tells `on_lost` of it).

    Raises JobFailed for the first job that ended badly (after all have ended), TimeoutError.
    """
    listed = [accepted] if isinstance(accepted, Job) else accepted.jobs
    jobs = {job.id: job for job in listed}
    async with asyncio.timeout(timeout_s):
        while not _all_ended(jobs):
            try:
                await _follow(client, jobs, on_progress)
            except Unavailable as error:
                if on_lost is not None:
                    on_lost(error)
                await asyncio.sleep(RETRY_S)
    for job in jobs.values():
        if job.state != JobState.SUCCEEDED:
            raise JobFailed(job)
    return list(jobs.values())


async def _follow(
    client: Client, jobs: dict[str, Job], on_progress: Callable[[Job], None] | None
) -> None:
    async with aclosing(client.feed()) as feed:
        async for message in feed:
            if isinstance(message, FeedStart):
                # From here on nothing is missed; what happened before is read once.
                for job_id in jobs:
                    _take(jobs, await client.call("job.get", id=job_id), on_progress)
            elif message.kind == "job" and message.id in jobs and message.action == "put":
                _take(jobs, msgspec.json.decode(message.data, type=Job), on_progress)
            if _all_ended(jobs):
                return


def _take(jobs: dict[str, Job], job: Job, on_progress: Callable[[Job], None] | None) -> None:
    if jobs[job.id].state in ENDED:
        return  # a late progress message says nothing new
    jobs[job.id] = job
    if on_progress is not None:
        on_progress(job)


def _all_ended(jobs: dict[str, Job]) -> bool:
    return all(job.state in ENDED for job in jobs.values())
