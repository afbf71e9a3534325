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
# How a machine may stand besides as before, if its job does not succeed: what has happened on the
# host is not always to be taken back, but it is seen.
HALFWAY: dict[str, tuple[str, ...]] = {
    "vm.start": ("running",),
    "vm.stop": ("stopped",),
    "vm.pause": ("paused",),
    "vm.resume": ("running",),
    "vm.destroy": ("stopped",),
}
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
# States in which a job must have found the machine, or it should not have been accepted.
NEEDS = {
    "vm.create": (GONE,),
    "vm.start": ("stopped",),
    "vm.stop": ("running", "paused"),
    "vm.reboot": ("running",),
    "vm.pause": ("running",),
    "vm.resume": ("paused",),
    "vm.destroy": ("running", "paused", "stopped"),
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
        for job in sorted(jobs, key=lambda job: job.id):
            if job.id in self._seen or job.operation not in LEADS_TO:
                continue
            if job.state not in ENDED:
                odd.append(f"{job.operation} of {job.resource_name} is still {job.state}")
                continue
            self._seen.add(job.id)
            odd += self._follow(job)
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
