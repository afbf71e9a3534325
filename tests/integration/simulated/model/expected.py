"""The small model: how each machine must stand after the jobs that worked on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.protocol.resources import Job, JobState

GONE = "gone"
# What a job leads to if it succeeds. If it does not, all is as before.
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
    """States by machine; machines that are gone are not in it."""

    states: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

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
        ref, before = job.resource_id, self.states.get(job.resource_id, GONE)
        if job.state == JobState.SUCCEEDED:
            self.states[ref] = LEADS_TO[job.operation]
        if self.states.get(ref) == GONE:
            del self.states[ref]
        if before not in NEEDS[job.operation]:
            return [f"{job.operation} of {job.resource_name} was accepted when it was {before}"]
        return []
