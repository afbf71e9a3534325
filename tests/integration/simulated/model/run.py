"""Carries out a plan and checks it after each round; shrinks a plan that fails."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.client import Client
from appliance.protocol.errors import ApiError, Unavailable
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.model import check
from tests.integration.simulated.model.expected import Expected
from tests.integration.simulated.model.plan import CLIENTS, SLOTS, Call, Plan, Round, smaller
from tests.integration.simulated.model.replay import Replay
from tests.lab.simulated.cloud import until_all

# Refusals that a call of this kind may get; anything else is a fault of the service.
REFUSALS = frozenset(
    {"vm.wrong_state", "resource.not_found", "network.no_address", "request.id_taken"}
    | {"vm.recovering", "job.over", "job.cannot_cancel", "client.unreachable"}
    | {"vm.in_network", "vm.default_nic", "vm.too_many_volumes", "volume.attached"}
    | {"volume.wrong_status", "volume.elsewhere", "volume.not_attached", "volume.is_root"}
    | {"volume.not_larger"}
)
PLACEMENT = "placement."
ENDS_WITHIN_S = 40.0
SETTLED_WITHIN_S = 6.0
LOOK_EVERY_S = 0.05
CANCELLABLE = (
    *("vm.create", "vm.start", "vm.stop", "vm.reboot", "vm.pause", "vm.resume"),
    *("vm.attach_nic", "vm.detach_nic"),
)
VOLUME_VERBS = ("make_volume", "attach_volume", "detach_volume", "grow_volume")
MiB = 1024**2
SIDE = "side"  # the network of further NICs
KILL_AFTER_S = 0.2


@dataclass
class Run:
    """One run of a plan on a cloud without machines. The machines get new ids each time."""

    lab: Lab
    clients: list[Client]
    replay: Replay
    side_id: str
    expected: Expected = field(default_factory=Expected)
    ids: list[str] = field(default_factory=lambda: [new_id() for _ in range(SLOTS)])
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
            answer = await self._ask(client, call)
        except ApiError as error:
            self.answers[error.code] += 1
            if error.code == "client.unreachable":
                await self.serving.wait()
            if error.code not in REFUSALS and not error.code.startswith(PLACEMENT):
                self.odd.append(f"{call} was answered with {error.code}: {error}")
        else:
            self.answers["accepted"] += 1
            if isinstance(answer, Accepted):
                self.accepted |= {job.id: job.operation for job in answer.jobs}

    async def _ask(self, client: Client, call: Call) -> object:
        ref = self.ids[call.slot]
        if call.what == "create":
            request = self.lab.cloud.vm_request(f"slot-{call.slot}", id=ref)
            return await client.call("vm.create", **request)
        if call.what == "cancel":
            return await self._cancel(client, ref)
        if call.what in VOLUME_VERBS:
            return await self._ask_volume(client, call.what, ref, call.slot)
        return await client.call(f"vm.{call.what}", id=ref, **self._options(call.what, ref))

    async def _ask_volume(self, client: Client, verb: str, ref: str, slot: int) -> object:
        """What is asked of the data disks of a machine; of one that it has, or of a free one."""
        if verb == "make_volume":
            name = f"data-{slot}"
            return await client.call("volume.create", name=name, size_bytes=MiB, vm_id=ref)
        if verb == "attach_volume":
            free = (await client.call("volume.list", filter="kind = data and vm is null")).items
            chosen = free[slot % len(free)].id if free else new_id()
            return await client.call("volume.attach", id=chosen, vm_id=ref)
        vm = self.replay.vms.get(ref)
        last = vm.volumes[-1] if vm is not None and vm.volumes else None
        chosen = new_id() if last is None else last.id
        if verb == "detach_volume":
            return await client.call("volume.detach", id=chosen)
        size_bytes = MiB + (0 if last is None else last.size_bytes // MiB * MiB)
        return await client.call("volume.resize", id=chosen, size_bytes=size_bytes)

    def _options(self, verb: str, ref: str) -> dict[str, Any]:
        """What a verb needs besides the machine."""
        match verb:
            case "stop":
                return {"timeout_s": 5}
            case "attach_nic":
                return {"network_id": self.side_id}
            case "detach_nic":
                # The last one, or one that nobody has; others may have changed it meanwhile.
                vm = self.replay.vms.get(ref)
                return {"nic_id": vm.nics[-1].id if vm is not None and vm.nics else new_id()}
            case _:
                return {}

    async def _cancel(self, client: Client, ref: str) -> object:
        """Cancel the newest job of a machine, if it is one that can be taken back."""
        jobs = [job for job in self.replay.jobs.values() if job.resource_id == ref]
        newest = max(jobs, key=lambda job: job.id, default=None)
        if newest is None or newest.operation not in CANCELLABLE:
            return None
        return await client.call("job.cancel", id=newest.id)

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
        """What is wrong counts if it stays: events are still being worked off."""
        self.odd += self.expected.take(self.replay.jobs.values())
        self.odd += [
            f"{operation} {ref} was accepted, and never ended"
            for ref, operation in self.accepted.items()
            if not self.replay.ends[ref]
        ]
        until = time.monotonic() + SETTLED_WITHIN_S
        client, fleet = self.clients[0], self.lab.fleet
        while found := await check.disagreements(client, fleet, self.replay, self.expected):
            if time.monotonic() > until:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        self.odd += found


async def try_plan(lab: Lab, plan: Plan) -> tuple[list[str], Counter[str]]:
    """Run a plan on a cloud that is empty before; returns what was wrong, and the answers."""
    await clear(lab)
    clients = [lab.service.another(lab.client) for _ in range(CLIENTS)]
    try:
        async with Replay(clients[0]) as replay:
            run = Run(lab, clients, replay, await side_network(lab))
            return await run.play(plan), run.answers
    finally:
        for client in clients:
            await client.close()


async def side_network(lab: Lab) -> str:
    """The id of the network of further NICs, which is made once."""
    async for network in lab.client.iterate("network.list"):
        if network.name == SIDE:
            return network.id
    accepted = await lab.client.call(
        "network.create",
        name=SIDE,
        cluster_id=lab.cloud.cluster_ids[0],
        cidr="172.30.0.0/24",
        gateway="172.30.0.1",
        ranges=[{"first": "172.30.0.10", "last": "172.30.0.30"}],
    )
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


async def clear(lab: Lab) -> None:
    """Remove all machines, in whichever state they are."""
    found = await lab.vms()
    await lab.on_all("vm.destroy", [vm.id for vm in found if vm.state != "destroyed"])
    await lab.on_all("vm.expunge", [vm.id for vm in found])
    volumes = [volume async for volume in lab.client.iterate("volume.list")]
    await lab.on_all("volume.delete", [one.id for one in volumes if one.status != "deleted"])
    await lab.on_all("volume.expunge", [one.id for one in volumes])
    for host in lab.fleet.hosts:
        host.state.anomalies.clear()


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
