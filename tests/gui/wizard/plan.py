"""The set-up as the service keeps it, from structs alone: what the wizard's tests talk to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

import msgspec

from appliance.protocol import resources as r
from appliance.protocol.errors import ApiError, ErrorBody
from appliance.protocol.events import Change, FeedStart
from appliance.protocol.operations import Accepted, Page
from appliance.services.setup.proposals import STEPS, Machine, propose
from tests.gui.samples import NOW, infrastructure, make_host, make_id, make_job

MACHINE = make_id(900_003)
STEP_OF = {
    "zone.create": "zone",
    "cluster.create": "cluster",
    "host.create": "host",
    "image_store.create": "image_store",
    "primary_storage.create": "primary_storage",
    "instance_offering.create": "offering",
    "image.create": "image",
    "network.create": "network",
}
JOBS = ("image", "network")


def candidate(number: int = 3, **changes: Any) -> r.HostCandidate:
    """A machine whose agent has enrolled; it runs emulated."""
    values: dict[str, Any] = {
        "id": make_id(900_000 + number),
        "hostname": f"node-{number}",
        "address": f"192.168.10.{10 + number}",
        "is_local": number == 3,
        "status": r.Status.CONNECTED,
        "accelerator": "tcg",
        "accelerator_reason": "hangs",
        "cpu_model": "AMD EPYC 7763",
        "cpu_count": 16,
        "memory_bytes": 64 * 1024**3,
        "nics": [
            r.HostNic(name="eno1", addresses=[f"192.168.10.{10 + number}/24"], is_up=True),
            r.HostNic(name="eno2"),
        ],
        "enrolled_at": NOW,
    }
    return r.HostCandidate(**{**values, **changes})


class PlanService:
    """Answers what the wizard asks; keeps what was asked, in order.

    `refusals` are raised by the operation they belong to, `found` are problems of the tests
    before a commitment, and `failures` are the errors that jobs end with, by step. Jobs end at
    once, but for those that `begin` was called for: they run until `end`.
    """

    def __init__(self, *done: str, has_machine: bool = True) -> None:
        machine = Machine(MACHINE, "node-3", 64 * 1024**3, ("192.168.10.13/24",))
        root = PurePosixPath("/var/lib/anyun/storage")
        self.requests = propose(machine if has_machine else None, root, has_starter=True)
        self.machines = [candidate()] if has_machine else []
        self.done = set(done)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusals: dict[str, ApiError] = {}
        self.found: dict[str, ErrorBody] = {}
        self.failures: dict[str, ErrorBody] = {}
        self.removed = 0
        self.facts: dict[str, dict[str, Any]] = {}
        self.warnings: dict[str, ErrorBody] = {}
        self.gate: asyncio.Event | None = None  # tests before a commitment wait for it
        self.jobs: dict[str, r.Job] = {}
        self.uploading: set[str] = set()
        self._listeners: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Change]]] = []

    def operations(self) -> list[str]:
        """What was asked for, without looking."""
        reads = ("setup.get", "host_candidate.list", "job.get", "host.get", "image.get")
        return [name for name, _ in self.asked if name not in reads]

    # Jobs that take their time

    def begin(self, step: str, operation: str, **changes: Any) -> r.Job:
        """A job works on a step from now on, whoever asked for it."""
        values: dict[str, Any] = {
            "id": make_id(500_000 + len(self.jobs)),
            "operation": operation,
            "resource_id": self._ref(step),
        }
        job = make_job(1, r.JobState.RUNNING, **{**values, **changes})
        self.jobs[step] = job
        return job

    def change(self, step: str, **changes: Any) -> None:
        """The job of a step tells something new."""
        self.jobs[step] = msgspec.structs.replace(self.jobs[step], **changes)
        job = self.jobs[step]
        data = msgspec.Raw(msgspec.json.encode(job))
        told = Change(seq=3, kind="job", id=job.id, action="put", data=data)
        for loop, queue in self._listeners:
            with suppress(RuntimeError):  # its thread has ended
                loop.call_soon_threadsafe(queue.put_nowait, told)

    def end(self, step: str, error: ErrorBody | None = None) -> None:
        """The job of a step ends: well, or with an error."""
        if error is None and self.jobs[step].operation == "setup.remove":
            self.done.clear()
            self.requests = PlanService().requests
        elif error is None:
            self.done.add(step)
        state = r.JobState.FAILED if error else r.JobState.SUCCEEDED
        self.change(step, state=state, error=error, percent=100)

    def plan(self) -> r.SetupPlan:
        """The plan as it stands."""
        steps = [
            r.SetupStepPlan(
                name=name,
                request=self.requests[name],
                done=name in self.done and not self._runs(name),
                job_id=self.jobs[name].id if self._runs(name) else None,
            )
            for name in STEPS
        ]
        return r.SetupPlan(complete=len(self.done) == len(STEPS), steps=steps)

    async def call(self, operation: str, /, **fields: Any) -> Any:
        """The answer to an operation."""
        self.asked.append((operation, fields))
        if operation in self.refusals:
            raise self.refusals[operation]
        match operation:
            case "setup.get":
                self._offer_machine()
                return self.plan()
            case "setup.update":
                self.requests[fields["step"]] |= fields["request"]
                return self.plan()
            case "setup.remove":
                self.done.clear()
                self.removed += 1
                return self._accepted("setup.remove", "zone")
            case "host_candidate.list":
                free = [] if "host" in self.done else self.machines
                return Page(items=free, next=None, total=len(free), seq=1)
            case "host.get":
                return make_host(name=self.requests["host"]["name"])
            case "job.get":
                known = (job for job in self.jobs.values() if job.id == fields["id"])
                return next(known, None) or self._job("job", fields["id"])
            case "image.get":
                image = infrastructure()["image"][0]
                is_waiting = fields["id"] in self.uploading
                status = r.ImageStatus.UPLOADING if is_waiting else r.ImageStatus.CREATING
                return msgspec.structs.replace(image, id=fields["id"], status=status)
        if ".check_" in operation:
            return await self._check(operation)
        return self._create(STEP_OF[operation])

    async def _check(self, operation: str) -> r.CheckResult:
        if self.gate is not None:
            await self.gate.wait()
        problem, warning = self.found.get(operation), self.warnings.get(operation)
        return r.CheckResult(
            problems=[problem] if problem else [],
            warnings=[warning] if warning else [],
            facts=self.facts.get(operation, {}),
        )

    def _runs(self, step: str) -> bool:
        job = self.jobs.get(step)
        return job is not None and job.state is r.JobState.RUNNING

    def _offer_machine(self) -> None:
        """A machine that came late is proposed, as the service does."""
        host = self.requests["host"]
        if self.machines and not host["candidate_id"]:
            first = self.machines[0]
            host |= {"candidate_id": first.id, "name": host["name"] or first.hostname}

    def _create(self, step: str) -> Any:
        if step not in self.failures:
            self.done.add(step)
        return self._accepted(f"{step}.create", step) if step in JOBS else None

    def _accepted(self, operation: str, step: str) -> Accepted:
        return Accepted(jobs=[self._job(operation, step)], resource_ids=[self._ref(step)])

    def _ref(self, step: str) -> str:
        return self.requests[step].get("id", MACHINE)

    def _job(self, operation: str, step: str) -> r.Job:
        error = self.failures.get(step)
        state = r.JobState.FAILED if error else r.JobState.SUCCEEDED
        changes: dict[str, Any] = {"operation": operation, "id": step, "error": error}
        return make_job(1, state, **changes)

    async def feed(self, since: int | None = None) -> AsyncGenerator[FeedStart | Change, None]:
        """What `change` and `end` tell; jobs that end at once need no telling."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        listener = (asyncio.get_running_loop(), queue)
        self._listeners.append(listener)
        try:
            yield FeedStart(seq=since or 1, oldest=1)
            while True:
                yield await queue.get()
        finally:
            self._listeners.remove(listener)
