"""Many cases at once, each on a stage of its own: something goes wrong, and the end is judged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.client import Client
from appliance.client.jobs import ENDED, JobFailed
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Job, JobState, Status
from tests.lab.simulated.cloud import side_by_side, until_all
from tests.lab.simulated.faults import Fault, Kind, When
from tests.lab.simulated.fleet import Fleet
from tests.lab.simulated.service import ServiceProcess
from tests.lab.simulated.stages import Stage
from tests.lab.simulated.truth import View, disagreements
from tests.lab.simulated.works import Work

Trouble = Literal["none", "fail", "sick", "drop", "hang", "kill", "cancel", "deadline"]
KINDS: dict[Trouble, Kind] = {
    "fail": "fail",
    "sick": "sick",
    "drop": "crash",
    "hang": "hang",
    "kill": "hang",
    "cancel": "hang",
    "deadline": "hang",
}
BORNE = ("none", "drop", "hang", "kill")  # the job succeeds in spite of them
DEADLINE_S = 1.5
SETTLED_WITHIN_S = 5.0
ENDS_WITHIN_S = 25.0
LOOK_EVERY_S = 0.1
UPLOAD_GIVEN_UP_AFTER_S = 8.0
RETRIES = 3
HANGS_WITHIN_S = 20.0
SHARED = ("network.apply", "image.receive")  # not the job's alone


@dataclass
class Case:
    """One work with trouble at one of its commands."""

    work: Work
    command: str
    stage: Stage
    ref: str = ""
    job: Job | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What fails, where."""
        return f"{self.work.name} at {self.command}"

    @property
    def is_taken_back(self) -> bool:
        """Whether a job that is stopped stops its command on the host, too."""
        by_others = self.command in SHARED or self.work.operation == "zone.delete"
        return self.work.can_cancel and not by_others

    def rules(self, trouble: Trouble, when: When) -> list[Fault]:
        """The faults of this case alone."""
        mine: dict[str, Any] = {"host": self.stage.host.name, "times": 1}
        mine["images"] = [*self.stage.images, self.ref]
        first = [Fault(kind="fail", command=self.work.fails_at, **mine)]
        found = first if self.work.fails_at else []
        if trouble != "none":
            found.append(Fault(kind=KINDS[trouble], command=self.command, when=when, **mine))
        return found


@dataclass
class Theatre:
    """The service, the hosts, and a stage on each of them as they are needed."""

    service: ServiceProcess
    fleet: Fleet
    client: Client
    stages: list[Stage] = field(default_factory=list)
    spoiled: list[Stage] = field(default_factory=list)
    played: list[Case] = field(default_factory=list)  # the last ones

    async def play(
        self, cases: Iterable[tuple[Work, str]], trouble: Trouble, when: When = "before"
    ) -> dict[str, list[str]]:
        """Play (work, command) pairs; returns what went wrong, by case."""
        played = self.played = await self._cast(list(cases))
        await side_by_side(lambda case=case: _prepare(case) for case in played)
        self.fleet.forget_counts()
        self.fleet.plan.replace(rule for case in played for rule in case.rules(trouble, when))
        if trouble == "deadline":
            self.client.wishes = {"Anyun-Deadline": str(DEADLINE_S)}
        await side_by_side(lambda case=case: _ask(case) for case in played)
        self.client.wishes = {}
        begun = [case for case in played if case.job is not None]
        await self._happen(trouble, begun)
        await self._end(begun, trouble)
        await self._judge(begun, trouble)
        self.spoiled += [case.stage for case in played if case.problems]
        return {case.name: case.problems for case in played if case.problems}

    # Before

    async def _cast(self, wanted: Sequence[tuple[Work, str]]) -> list[Case]:
        """A whole stage for each case."""
        pairs = zip(wanted, await self.open_stages(len(wanted)), strict=True)
        return [Case(work, command, stage) for (work, command), stage in pairs]

    async def open_stages(self, count: int) -> list[Stage]:
        """So many stages that are whole; raises ValueError if there are too few hosts."""
        zones = {zone.id async for zone in self.client.iterate("zone.list")}
        free = [stage for stage in self.stages if stage not in self.spoiled][:count]
        lost = [stage for stage in free if stage.zone_id not in zones]
        used = {stage.host.name for stage in self.stages}
        for host in self.fleet.hosts:
            if len(free) < count and host.name not in used:
                stage = Stage(self.client, host, len(self.stages) + 1)
                self.stages.append(stage)
                free.append(stage)
                lost.append(stage)
        if len(free) < count:
            raise ValueError(f"{count} stages need more than {len(self.fleet.hosts)} hosts")
        await side_by_side(lambda stage=stage: stage.set_up() for stage in lost)
        return free

    # In between

    async def _happen(self, trouble: Trouble, cases: list[Case]) -> None:
        """What is done from outside once all commands are where they shall be."""
        if KINDS.get(trouble) != "hang":
            return
        await self._until_hanging(lambda hanging: hanging == len(cases))
        match trouble:
            case "hang":
                for case in cases:
                    case.stage.host.cut()
            case "kill":
                await self._kill(cases)
            case "cancel":
                await side_by_side(lambda case=case: self._cancel(case) for case in cases)
                await self._ended([case for case in cases if case.work.can_cancel])
                await self._let_go(cases)
            case "deadline":
                await self._let_go(cases)

    async def _let_go(self, cases: list[Case]) -> None:
        """Let hosts answer what was not taken back: documents are sent for several jobs."""
        left = sum(not case.is_taken_back for case in cases)
        await self._until_hanging(lambda hanging: hanging <= left)
        self.fleet.plan.thaw()

    async def _until_hanging(self, is_so: Callable[[int], bool]) -> None:
        """Wait until so many commands hang as wanted."""
        async with asyncio.timeout(HANGS_WITHIN_S):
            while not is_so(self.fleet.plan.hanging):
                await asyncio.sleep(0.01)

    async def _kill(self, cases: list[Case]) -> None:
        await asyncio.to_thread(self.service.kill)
        await self.service.start()
        for case in cases:
            if case.command == "image.receive":  # the client sends its file again
                await case.stage.end_uploads()
                case.stage.upload(case.ref)
        await self.connect()

    async def connect(self) -> None:
        """Let all hosts dial at once, without the pauses that they would make."""
        await asyncio.gather(*(host.stop() for host in self.fleet.hosts))
        for host in self.fleet.hosts:
            host.start()
        await self._until_connected()

    async def _until_connected(self) -> None:
        ids = [host.id async for host in self.client.iterate("host.list")]
        await until_all(self.client, "host", ids, _is_connected_or_gone, timeout_s=30)

    async def _cancel(self, case: Case) -> None:
        assert case.job is not None
        try:
            await self.client.call("job.cancel", id=case.job.id)
        except Conflict as error:
            if case.work.can_cancel or error.code != "job.cannot_cancel":
                case.problems.append(f"cancel: {error}")

    # After

    async def _end(self, cases: list[Case], trouble: Trouble) -> None:
        """Wait for the jobs, heal the hosts, and try again what could not be undone."""
        for case in cases:
            if case.work.situation == "by upload" and case.command == "image.receive":
                await self._give_up_upload(case)
        await self._ended(cases)
        self.fleet.plan.replace([])
        self.fleet.plan.thaw()
        if trouble in ("hang", "drop"):
            await self.connect()
        for case in cases:
            failed = await case.stage.end_uploads()
            is_mine = case.work.situation == "by upload"
            case.problems += [repr(item) for item in failed if not is_mine]
        await self._clean_up(cases)

    async def _give_up_upload(self, case: Case) -> None:
        """An upload that broke off waits for its client, which may go on; this one gives up."""
        assert case.job is not None
        ended: list[str] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(UPLOAD_GIVEN_UP_AFTER_S):
                while not ended:
                    job = await self.client.call("job.get", id=case.job.id)
                    ended = [job.id] if job.state in ENDED else []
                    await asyncio.sleep(LOOK_EVERY_S)
        if ended:
            return
        with contextlib.suppress(Conflict):  # it has ended meanwhile
            await self.client.call("job.cancel", id=case.job.id)

    async def _ended(self, cases: list[Case]) -> None:
        jobs = {case.job.id: case for case in cases if case.job is not None}
        try:
            await until_all(self.client, "job", jobs, _has_ended, timeout_s=ENDS_WITHIN_S)
        except TimeoutError:
            pass_on = "its job did not end"
            now = {job.id: job async for job in self.client.iterate("job.list")}
            for ref, case in jobs.items():
                if now[ref].state not in ENDED:
                    case.problems.append(f"{pass_on}: {now[ref].state}")

    async def _clean_up(self, cases: list[Case]) -> None:
        """Clean-up work ends when nothing is in its way any more."""
        errors: dict[str, str] = {}
        for _ in range(RETRIES):
            items = [item async for item in self.client.iterate("cleanup.list")]
            for item in items:
                try:
                    await self.client.call("cleanup.retry", id=item.id)
                except ApiError as error:
                    errors[item.id] = str(error)
        known = {case.job.id: case for case in cases if case.job is not None}
        async for item in self.client.iterate("cleanup.list"):
            case = known.get(item.job_id)
            if case is not None:
                text = f"clean-up work {item.step} never ends: {errors.get(item.id, item.error)}"
                case.problems.append(text)

    # Judging

    async def _judge(self, cases: list[Case], trouble: Trouble) -> None:
        view = await self._compare(cases)
        for case in cases:
            await self._judge_job(case, trouble, view)
        zones = [case for case in cases if case.ref in view.zones]
        await side_by_side(lambda case=case: self._delete_again(case) for case in zones)
        if zones:
            await self._compare(zones)
        resting = [case for case in cases if view.standing(case.stage.host.id) == "maintenance"]
        await side_by_side(lambda case=case: self._use_again(case) for case in resting)
        for case in cases:
            case.stage.host.state.anomalies.clear()

    async def _compare(self, cases: list[Case]) -> View:
        """Note differences that stay: hosts' events are still being worked off."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SETTLED_WITHIN_S
        while True:
            view = await View.read(self.client)
            found = [disagreements(case.stage, view) for case in cases]
            if loop.time() > until or not (any(found) or view.ledger):
                break
            await asyncio.sleep(LOOK_EVERY_S)
        for case, wrong in zip(cases, found, strict=True):
            case.problems += [text for text in wrong if text not in case.problems]
        cases[0].problems += view.ledger
        return view

    async def _delete_again(self, case: Case) -> None:
        """What was left of a zone goes when somebody asks again."""
        try:
            await case.stage.done(await self.client.call("zone.delete", id=case.ref))
        except (ApiError, JobFailed) as error:
            case.problems.append(f"zone.delete again: {error}")

    async def _use_again(self, case: Case) -> None:
        """The next one who plays on this stage needs its host."""
        call = self.client.call("host.leave_maintenance", id=case.stage.host.id)
        await case.stage.done(await call)

    async def _judge_job(self, case: Case, trouble: Trouble, view: View) -> None:
        assert case.job is not None
        work, job = case.work, await self.client.call("job.get", id=case.job.id)
        stands = view.standing(case.ref)
        told = f"{job.state} ({job.error.code if job.error else 'no error'})"
        taken_back = (work.before, *work.halfway, work.after)
        fits = (work.after,) if job.state == JobState.SUCCEEDED else taken_back
        if stands not in fits:
            case.problems.append(f"its job {told}, but it is {stands}")
        if case.command == "image.receive":
            return  # the client's file does not come twice by itself
        is_borne = trouble in BORNE and not work.fails_at
        if is_borne and job.state != JobState.SUCCEEDED:
            case.problems.append(f"its job {told} in spite of all repetitions")
        if trouble == "cancel" and work.can_cancel and job.state != JobState.CANCELLED:
            case.problems.append(f"its job was cancelled, but {told}")
        if trouble == "deadline" and (job.error is None or job.error.code != "job.deadline"):
            case.problems.append(f"its job was to end by a deadline, but {told}")


async def _prepare(case: Case) -> None:
    try:
        case.ref = await case.work.prepare(case.stage)
    except (ApiError, JobFailed) as error:
        case.problems.append(f"preparation: {error}")


async def _ask(case: Case) -> None:
    if case.problems:
        return
    try:
        accepted: Accepted = await case.work.ask(case.stage, case.ref)
    except ApiError as error:
        case.problems.append(f"acceptance: {error}")
    else:
        case.job = accepted.jobs[0]


def _is_connected_or_gone(host: Any) -> bool:
    """A zone that is being deleted takes its host along, perhaps before that is seen to be back."""
    return host is None or host.status == Status.CONNECTED


def _has_ended(job: Any) -> bool:
    return job is not None and job.state in ENDED
