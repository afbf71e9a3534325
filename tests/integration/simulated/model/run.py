"""Carries out a plan and checks it after each round; shrinks a plan that fails."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.client import Client
from appliance.protocol.errors import ApiError, Unavailable
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.model import check
from tests.integration.simulated.model.asking import Asker
from tests.integration.simulated.model.contents import Contents
from tests.integration.simulated.model.expected import ENDED, Expected, history
from tests.integration.simulated.model.places import clear, places
from tests.integration.simulated.model.plan import CLIENTS, SLOTS, Call, Plan, Round, smaller
from tests.integration.simulated.model.replay import Replay
from tests.lab.simulated.cloud import until_all

# Refusals that a call of this kind may get; anything else is a fault of the service.
REFUSALS = frozenset(
    {"vm.wrong_state", "resource.not_found", "network.no_address", "request.id_taken"}
    | {"vm.recovering", "job.over", "job.cannot_cancel", "client.unreachable"}
    | {"vm.in_network", "vm.default_nic", "vm.too_many_volumes", "volume.attached"}
    | {"volume.wrong_status", "volume.elsewhere", "volume.not_attached", "volume.is_root"}
    | {"volume.not_larger", "volume.not_deleted", "volume.has_snapshots", "volume.not_reached"}
    | {"volume.no_snapshots", "snapshot.not_ready", "snapshot.not_made", "snapshot.vm_runs"}
    | {"snapshot.of_other_machine", "snapshot.being_copied", "snapshot.elsewhere"}
    | {"vm.being_reimaged", "vm.no_live_shrink", "vm.no_room_for_cpus"}
    | {"vm.drives_full", "vm.drive_empty", "vm.drive_busy"}
    | {"host.in_maintenance", "host.not_in_maintenance", "host.cleanup_first"}
    | {"host.cannot_be_emptied", "migration.snapshots", "migration.no_host"}
    | {"vm.disk_moves", "migration.disk_busy", "migration.source_away", "migration.unfinished"}
    | {"storage.in_maintenance", "storage.machines_run", "storage.none", "resource.disabled"}
)
PLACES = ("placement.", "move.")
ENDS_WITHIN_S = 40.0
SETTLED_WITHIN_S = 6.0
LOOK_EVERY_S = 0.05
KILL_AFTER_S = 0.2


@dataclass
class Run:
    """One run of a plan on a cloud without machines. The machines get new ids each time."""

    lab: Lab
    clients: list[Client]
    replay: Replay
    asker: Asker
    expected: Expected = field(default_factory=Expected)
    accepted: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    serving: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, plan: Plan) -> list[str]:
        """Do it all; returns what was wrong after the first round with something wrong."""
        self.serving.set()
        for item in plan:
            await self._round(item)
            if self.odd:
                break
        return self.odd

    async def _round(self, item: Round) -> None:
        self.lab.fleet.plan.replace(item.faults)
        works = [self._client(number, item) for number in range(CLIENTS)]
        if item.kill:
            works.append(self._kill())
        await asyncio.gather(*works)
        await self._quiet()
        await self._check()

    async def _client(self, number: int, item: Round) -> None:
        for call in item.calls:
            if call.client == number:
                await self._call(self.clients[number], call)

    async def _call(self, client: Client, call: Call) -> None:
        if call.what == "cut":
            hosts = self.lab.fleet.hosts
            hosts[call.host % len(hosts)].cut()
            return
        try:
            answer = await self.asker.ask(client, call)
        except ApiError as error:
            self.answers[error.code] += 1
            if error.code == "client.unreachable":
                await self.serving.wait()
            if error.code not in REFUSALS and not error.code.startswith(PLACES):
                self.odd.append(f"{call} was answered with {error.code}: {error}")
        else:
            self.answers["accepted"] += 1
            if isinstance(answer, Accepted):
                self.accepted |= {job.id: job.operation for job in answer.jobs}

    async def _kill(self) -> None:
        await asyncio.sleep(KILL_AFTER_S)  # somewhere in the middle of the calls
        self.serving.clear()
        await asyncio.to_thread(self.lab.service.kill)
        await self.lab.service.start()
        self.serving.set()

    # Quiet

    async def _quiet(self) -> None:
        """No faults, all hosts linked, all jobs ended, nothing left to clean up."""
        fleet = self.lab.fleet
        fleet.plan.replace([])
        fleet.plan.thaw()
        if not all(host.is_linked for host in fleet.hosts):
            await asyncio.gather(*(host.stop() for host in fleet.hosts))
            for host in fleet.hosts:
                host.start()
        connected = lambda host: host is not None and host.status == "connected"  # noqa: E731
        await until_all(self.clients[0], "host", fleet.ids, connected, timeout_s=30)
        until = time.monotonic() + ENDS_WITHIN_S
        while self._waits_for_jobs() and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY_S)
        try:
            await self.lab.retry_cleanup()
        except ApiError as error:
            self.odd.append(f"clean-up work goes on: {error}")

    def _waits_for_jobs(self) -> bool:
        return bool(self.replay.unfinished) or any(
            ref not in self.replay.jobs for ref in self.accepted
        )

    async def _check(self) -> None:
        """What is wrong counts if it stays: events are still being worked off, and machines that
        are owed a start get it.
        """
        until = time.monotonic() + SETTLED_WITHIN_S
        while found := await self._wrong():
            if time.monotonic() > until or self.odd:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        self.odd += found
        if found:
            self.odd += self._histories(found)
        self.odd += [
            f"{operation} {ref} was accepted, and never ended"
            for ref, operation in self.accepted.items()
            if not self.replay.ends[ref]
        ]

    async def _wrong(self) -> list[str]:
        jobs = list(self.replay.jobs.values())
        waiting = [f"{job.operation} of {job.resource_name} is still {job.state}" for job in jobs
                   if job.state not in ENDED]  # fmt: skip
        if waiting:
            return waiting
        self.odd += self.expected.take(jobs)
        return await check.disagreements(
            self.clients[0], self.lab.fleet, self.replay, self.expected, self.asker.contents
        )

    def _histories(self, found: list[str]) -> list[str]:
        """The last jobs of machines that are not as they must be, for who reads a failure."""
        jobs = sorted(self.replay.jobs.values(), key=lambda job: job.id)
        named = [job for job in jobs if any(job.resource_name in text for text in found)]
        last = {job.resource_id: job for job in named}
        return [line for job in last.values() for line in history(job, jobs)]


async def try_plan(lab: Lab, plan: Plan) -> tuple[list[str], Counter[str]]:
    """Run a plan on a cloud that is empty before; returns what was wrong, and the answers."""
    await clear(lab)
    clients = [lab.service.another(lab.client) for _ in range(CLIENTS)]
    try:
        async with Replay(clients[0]) as replay:
            ids = [new_id() for _ in range(SLOTS)]
            asker = Asker(lab, replay, await places(lab), Contents(), ids)
            run = Run(lab, clients, replay, asker)
            return await run.play(plan), run.answers
    finally:
        for client in clients:
            await client.close()


async def shrink(lab: Lab, plan: Plan, seconds: float, tell: Callable[[str], None]) -> Plan:
    """A smaller plan that still fails, as small as can be found in this time."""
    until = time.monotonic() + seconds
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for less in smaller(plan):
            if time.monotonic() > until:
                return plan
            try:
                odd, _ = await try_plan(lab, less)
            except (ApiError, Unavailable, TimeoutError) as error:
                tell(f"a smaller plan could not be tried: {error}")
                continue
            if odd:
                plan, is_smaller = less, True
                tell(f"shrunk to {sum(len(item.calls) for item in plan)} calls: {odd[0]}")
                break
    return plan
