"""The small model: how each machine must stand after the jobs that worked on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.protocol.resources import Job, JobState

GONE = "gone"
# What a job leads to if it succeeds.
LEADS_TO = {
    "vm.create": "running",
    "vm.start": "running",
    "vm.stop": "stopped",
    "vm.reboot": "running",
    "vm.pause": "paused",
    "vm.resume": "running",
    "vm.destroy": "destroyed",
    "vm.recover": "stopped",
    "vm.expunge": GONE,
}
UNKNOWN = "unknown"  # until its host, which did not say, is asked again
# How a machine may stand besides as before, if its job does not succeed: what has happened on the
# host is not always to be taken back, but it is seen, at once or as soon as the host says.
HALFWAY: dict[str, tuple[str, ...]] = {
    "vm.start": ("running",),
    "vm.stop": ("stopped", UNKNOWN),
    "vm.reboot": (UNKNOWN,),
    "vm.pause": ("paused", UNKNOWN),
    "vm.resume": ("running", UNKNOWN),
    "vm.destroy": ("stopped", UNKNOWN),
}
SHOWN = 6  # jobs of a machine
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
# States in which a job must have found the machine, or it should not have been accepted.
NEEDS = {
    "vm.create": (GONE,),
    "vm.start": ("stopped",),
    "vm.stop": ("running", "paused", UNKNOWN),
    "vm.reboot": ("running",),
    "vm.pause": ("running",),
    "vm.resume": ("paused",),
    "vm.destroy": ("running", "paused", "stopped", UNKNOWN),
    "vm.recover": ("destroyed",),
    "vm.expunge": ("destroyed",),
}


@dataclass
class Expected:
    """How each machine may stand; machines that are certainly gone are not in it."""

    states: dict[str, frozenset[str]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def may_be(self, ref: str) -> frozenset[str]:
        """How a machine may stand."""
        return self.states.get(ref, frozenset({GONE}))

    def is_seen(self, ref: str, state: str) -> None:
        """From here on it is certain how the machine stands."""
        self.states[ref] = frozenset({state})
        if state == GONE:
            del self.states[ref]

    def take(self, jobs: Iterable[Job]) -> list[str]:
        """Follow jobs that have ended, in the order of their acceptance; returns what is odd."""
        odd = []
        ordered = sorted(jobs, key=lambda job: job.id)
        for job in ordered:
            if job.id in self._seen or job.operation not in LEADS_TO:
                continue
            if job.state not in ENDED:
                odd.append(f"{job.operation} of {job.resource_name} is still {job.state}")
                continue
            self._seen.add(job.id)
            wrong = self._follow(job)
            odd += wrong + (history(job, ordered) if wrong else [])
        return odd

    def _follow(self, job: Job) -> list[str]:
        ref, before = job.resource_id, self.may_be(job.resource_id)
        if job.state == JobState.SUCCEEDED:
            self.is_seen(ref, LEADS_TO[job.operation])
        else:
            self.states[ref] = before | frozenset(HALFWAY.get(job.operation, ()))
        if before.isdisjoint(NEEDS[job.operation]):
            was = " or ".join(sorted(before))
            return [f"{job.operation} of {job.resource_name} was accepted when it was {was}"]
        return []


def history(job: Job, jobs: Iterable[Job]) -> list[str]:
    """The last jobs of the same machine, for who reads a failure."""
    same = [one for one in jobs if one.resource_id == job.resource_id and one.id <= job.id]
    return [
        f"  {one.created_at:%H:%M:%S.%f} to {one.finished_at:%H:%M:%S.%f}: {one.operation} "
        f"{one.state} {[f'{step.name} {step.state}' for step in one.steps]} {one.error}"
        for one in same[-SHOWN:]
    ]
