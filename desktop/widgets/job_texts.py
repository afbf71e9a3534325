"""Jobs in words: what they do, where they are, who asked for them, and how their parts fare."""

from __future__ import annotations

from appliance.protocol import resources as r
from desktop import texts
from desktop.net.cache import FINISHED
from desktop.operation_titles import operation_title
from desktop.texts import translate

CANCELLABLE = (r.JobState.QUEUED, r.JobState.RUNNING)


def job_title(job: r.Job) -> str:
    """What a job does, with the name of what it works on: `Start VM web-1`."""
    return f"{operation_title(job.operation)} {job.resource_name}".strip()


def job_words(job: r.Job) -> str:
    """Where a job is: its running step and progress, or how it ended."""
    if job.state in FINISHED:
        return texts.word(f"job.state.{job.state.value}")
    if job.waiting:
        return texts.waiting(job.waiting)
    if job.state is r.JobState.QUEUED:
        return texts.word("job.state.queued")
    if job.children is not None:
        return children_words(job.children)
    step = next((one for one in job.steps if one.state is r.StepState.RUNNING), None)
    words = texts.word(f"step.{step.name}") if step else texts.word("job.state.running")
    progress = job.progress
    if progress and progress.unit == "bytes" and progress.total:
        words += f" {texts.size(progress.done)} / {texts.size(progress.total)}"
        words = " · ".join((words, *_further(progress.details)))
    elif progress and progress.unit == "machines":
        words += f" {texts.number(progress.done)} / {texts.number(progress.total)}"
    return words


def _further(details: dict[str, int]) -> list[str]:
    """What else is known of something that moves: how fast, and how long it will stand still."""
    found = []
    if rate := details.get("rate_bytes_s"):
        found.append(translate("Jobs", "{size}/s").format(size=texts.size(rate)))
    if downtime := details.get("downtime_ms"):
        words = translate("Jobs", "will stand still for {n} ms")
        found.append(words.format(n=texts.number(downtime)))
    if throttle := details.get("throttle_percent"):
        words = translate("Jobs", "slowed down by {n} %")
        found.append(words.format(n=texts.number(throttle)))
    return found


def children_words(children: r.JobChildren) -> str:
    """How far the parts are: `3 of 5 parts done, 1 failed`."""
    words = translate("Jobs", "{done} of {total} parts done").format(
        done=texts.number(children.succeeded), total=texts.number(children.total)
    )
    if children.failed:
        failed = translate("Jobs", "{n} failed").format(n=texts.number(children.failed))
        words = translate("Jobs", "{words}, {more}").format(words=words, more=failed)
    if children.cancelled:
        over = translate("Jobs", "{n} cancelled").format(n=texts.number(children.cancelled))
        words = translate("Jobs", "{words}, {more}").format(words=words, more=over)
    return words


def job_facts(job: r.Job) -> list[tuple[str, str]]:
    """Who asked for a job, from where and why, and what else is not usual about it."""
    waits = texts.waiting(job.waiting) if job.waiting and job.state not in FINISHED else ""
    found = [
        (translate("Jobs", "Asked for by"), _asked_by(job)),
        (translate("Jobs", "Reason"), job.reason),
        (translate("Jobs", "Waits for"), waits),
        (translate("Jobs", "Follows"), _follows(job)),
        (translate("Jobs", "Attempts"), str(job.attempts) if job.attempts > 1 else ""),
        (translate("Jobs", "Priority"), str(job.priority) if job.priority else ""),
        (
            translate("Jobs", "To be done by"),
            texts.moment(job.deadline_at) if job.deadline_at else "",
        ),
        (translate("Jobs", "Cancelled by"), job.cancelled_by),
        (translate("Jobs", "Parts"), children_words(job.children) if job.children else ""),
    ]
    return [(name, value) for name, value in found if value]


def cancel_refusal(job: r.Job) -> str:
    """Why a job cannot be cancelled, empty if it can."""
    if job.state in CANCELLABLE:
        return ""
    words = translate("Jobs", "The job can no longer be cancelled: {state}.")
    return words.format(state=texts.word(f"job.state.{job.state.value}"))


def _asked_by(job: r.Job) -> str:
    if job.account_id == "system":
        return translate("Jobs", "the system")
    if not job.address:
        return job.account_name
    words = translate("Jobs", "{account}, from {address}")
    return words.format(account=job.account_name or "–", address=job.address)


def _follows(job: r.Job) -> str:
    if not job.after:
        return ""
    return translate("Jobs", "{n} other jobs").format(n=texts.number(len(job.after)))
