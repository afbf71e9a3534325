"""bench recover: the service is killed in the middle of thousands of jobs, and started again.

Machines are created, stopped and destroyed on simulated hosts that take their time. After the
restart each accepted job must end exactly once, the hosts must hold what the service says, and
the ledger must equal a recalculation. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from appliance.client import wait
from appliance.client.jobs import ENDED
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Job, JobState
from tests.bench.lab import BenchLab, machine, run, say
from tests.bench.rows import ends_of_jobs, told_as
from tests.bench.truth import all_vms, ledger_differences, strays
from tests.bench.wire import Answer, share_out
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.service import rss_mb

CONNECTIONS = 16
PER_REQUEST = 100
OTHERS = 0.2  # share of the jobs that stop or destroy a machine
MORE = 1.25  # some end before the kill
SHOWN = 5
SETTLED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.5


@dataclass
class Plan:
    """Jobs that were accepted, by what they do."""

    created: list[Job] = field(default_factory=list)
    stopped: list[Job] = field(default_factory=list)
    destroyed: list[Job] = field(default_factory=list)

    @property
    def all(self) -> list[Job]:
        """All of them."""
        return self.created + self.stopped + self.destroyed


async def submit(lab: BenchLab, jobs: int, running: list[str]) -> Plan:
    """Have all jobs accepted while hosts keep everything waiting."""
    plan = Plan()
    target = lab.target

    def taker(into: list[Job]) -> Any:
        def take(answer: Answer) -> None:
            if answer.status != 202:
                raise RuntimeError(f"HTTP {answer.status}: {answer.body[:300]!r}")
            into.extend(msgspec.json.decode(answer.body, type=Accepted).jobs)

        return take

    connections = await target.open(CONNECTIONS)
    half = len(running) // 2
    stops = [target.request("POST", f"/v1/vms/{ref}/stop", b"{}") for ref in running[:half]]
    await share_out(connections, stops, taker(plan.stopped))
    ends = [target.request("DELETE", f"/v1/vms/{ref}") for ref in running[half:]]
    await share_out(connections, ends, taker(plan.destroyed))
    creates = [
        target.request(
            "POST",
            "/v1/vms",
            msgspec.json.encode(lab.cloud.vm_request(f"new-{number}", count=PER_REQUEST)),
        )
        for number in range((jobs - len(running)) // PER_REQUEST)
    ]
    await share_out(connections, creates, taker(plan.created))
    for connection in connections:
        connection.close()
    return plan


async def make_running(lab: BenchLab, count: int) -> list[str]:
    """Machines that run before anything is killed."""
    ids: list[str] = []
    while len(ids) < count:
        size = min(PER_REQUEST, count - len(ids))
        request = lab.cloud.vm_request(f"old-{len(ids)}", count=size)
        accepted = await lab.client.call("vm.create", **request)
        await wait(lab.client, accepted, timeout_s=300)
        ids += accepted.resource_ids
    return ids


async def kill_and_start(lab: BenchLab) -> float:
    """SIGKILL, then start; returns the seconds until an authenticated request is answered."""
    await asyncio.to_thread(lab.service.kill)
    began = time.perf_counter()
    await lab.service.start()
    await lab.client.call("session.get")
    return time.perf_counter() - began


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The whole story."""
    async with BenchLab(options.hosts) as lab:
        running = await make_running(lab, int(options.jobs * OTHERS))
        await lab.fleet.ask("faults", faults=[Fault(kind="hang")])
        began = time.perf_counter()
        plan = await submit(lab, int(options.jobs * MORE), running)
        say(f"{len(plan.all)} jobs accepted in {time.perf_counter() - began:.1f} s")
        await lab.fleet.ask("faults", faults=[Fault(kind="delay", seconds_to=options.delay)])
        await lab.fleet.ask("thaw")
        await asyncio.sleep(options.run_s)  # jobs get into all their steps
        before = await states(lab)
        in_flight = sum(before[state] for state in before if state not in ENDED)
        say(f"killed with {in_flight} jobs in flight: {dict(before)}")
        serving_s = await kill_and_start(lab)
        say(f"serves again after {serving_s:.2f} s")
        await lab.fleet.ask("faults", faults=[])
        began = time.perf_counter()
        is_all = await all_ended(lab, plan.all, options.limit)
        ended_s = time.perf_counter() - began
        found = await judge(lab, plan)
        return {
            "name": "recover",
            "machine": machine(),
            "hosts": options.hosts,
            "serving_s": round(serving_s, 2),
            "jobs": len(plan.all),
            "in_flight": in_flight,
            "all_ended": is_all,
            "ended_s": round(ended_s, 1),
            **found,
            "rss_mb": rss_mb(lab.service.pid),
        }


async def states(lab: BenchLab) -> Counter[JobState]:
    """How many jobs are in each state."""
    return Counter([job.state async for job in lab.client.iterate("job.list")])


async def all_ended(lab: BenchLab, jobs: list[Job], limit_s: float) -> bool:
    """Wait for the ends of all jobs; says False if some do not come."""
    try:
        ids = [job.id for job in jobs]
        await until_all(
            lab.client,
            "job",
            ids,
            lambda job: job is not None and job.state in ENDED,
            timeout_s=limit_s,
        )
    except TimeoutError:
        return False
    return True


async def judge(lab: BenchLab, plan: Plan) -> dict[str, Any]:
    """Whether each job ended once, and whether everything agrees with everything."""
    await lab.hosts_connected()
    now = {job.id: job async for job in lab.client.iterate("job.list")}
    lost = [job.id for job in plan.all if job.id not in now or now[job.id].state not in ENDED]
    ends = await asyncio.to_thread(ends_of_jobs, lab.service.state)
    twice = [job.id for job in plan.all if ends[job.id] > 1]
    doubled = await effects_too_many(lab, plan, now)
    ledger, wrong, settled_s = await settle(lab)
    stopped = await asyncio.to_thread(told_as, lab.service.state, "stopped")
    flapped = stopped & {job.resource_id for job in plan.created}
    for text in (lost[:SHOWN], twice[:SHOWN], doubled[:SHOWN], ledger[:SHOWN], wrong[:SHOWN]):
        if text:
            say(f"wrong: {text}")
    failed = Counter(job.error.code for job in now.values() if job.error is not None)
    return {
        "lost": len(lost),
        "doubled": len(set(twice) | set(doubled)),
        "failed": dict(failed),
        "ledger_equal": not ledger,
        "strays": len(wrong),
        "settled_s": settled_s,
        "flapped": len(flapped),  # new machines that were called stopped though they never were
    }


async def settle(lab: BenchLab) -> tuple[list[str], list[str], float | None]:
    """Differences of the ledger and with the hosts, once they are gone or do not go away.

    Reading takes several requests, and events of hosts are still being worked off after the last
    job, so a difference counts only if it stays. Also the seconds that it took, None if it never
    settled.
    """
    began = time.perf_counter()
    while True:
        vms = await all_vms(lab.client)
        ledger = await ledger_differences(lab.client, vms)
        wrong = await strays(lab.fleet, vms)
        seconds = time.perf_counter() - began
        if not ledger and not wrong:
            return ledger, wrong, round(seconds, 1)
        if seconds > SETTLED_WITHIN_S:
            return ledger, wrong, None
        await asyncio.sleep(LOOK_EVERY_S)


async def effects_too_many(lab: BenchLab, plan: Plan, now: dict[str, Job]) -> list[str]:
    """Jobs that changed something on hosts more often than their attempts explain."""
    starts = Counter(await lab.fleet.ask("effects", command="domain.start"))
    stops = Counter(await lab.fleet.ask("effects", command="domain.stop"))
    found = []
    for job in plan.created:
        last = now.get(job.id, job)
        should_run = int(last.state == JobState.SUCCEEDED)
        balance = starts[job.resource_id] - stops[job.resource_id]
        if starts[job.resource_id] > last.attempts or balance != should_run:
            found.append(job.id)
    found += [job.id for job in plan.stopped + plan.destroyed if stops[job.resource_id] > 1]
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="build.py bench recover", description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000, help="in flight, about")
    parser.add_argument("--hosts", type=int, default=250)
    parser.add_argument("--delay", type=float, default=0.5, help="longest answer of a host, s")
    parser.add_argument("--run-s", type=float, default=3.0, help="from the first step to the kill")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds until all have ended")
    run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
