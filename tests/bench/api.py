"""bench api: how fast the service answers, beside what server, disk and wire could do at best.

GET of one machine beside a constant from the same server; durable job submissions beside bare
SQLite commits; the first page of a hundred thousand machines, filtered and sorted; the change
feed with many subscribers. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import Any

import msgspec

from appliance.client import wait
from appliance.client.jobs import ENDED
from tests.bench.constant import Constant
from tests.bench.feedload import measure_feed
from tests.bench.hammer import hammer
from tests.bench.lab import BenchLab, machine, run, say
from tests.bench.rawcommits import commits_per_s
from tests.bench.reader import figures
from tests.bench.rows import average_row_bytes, copy_machines, count_rows
from tests.bench.wire import Answer, Target, share_out
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.service import cpu_s, rss_mb

CONNECTIONS = 64
LIST_PATHS = {
    "state, by name": "/v1/vms?state=stopped&sort=name",
    "state, newest first": "/v1/vms?state=stopped&sort=-created_at",
    "state and size, by name": "/v1/vms?state=stopped&cpu_count=2&sort=-name",
    "size, by memory": "/v1/vms?cpu_count=4&sort=-memory_bytes",
}
PARTS = "get,list,submit,feed,feed_plain"
SEARCH_PATH = "/v1/vms?q=web-0777&sort=name"


class JobId(msgspec.Struct):
    """A job by its id."""

    id: str


class Accepted(msgspec.Struct):
    """All that is needed of an answer: the ids of its jobs."""

    jobs: list[JobId]


async def measure_get(lab: BenchLab, vm_id: str, rounds: int, seconds: float) -> dict[str, Any]:
    """The service and the constant in turns, so that the machine's moods hit both."""
    path = f"/v1/vms/{vm_id}"
    (connection,) = await lab.target.open(1)
    size_bytes = len((await connection.send(lab.target.request("GET", path))).body)
    connection.close()
    constant = Constant(lab.service.state, size_bytes)
    bare = Target("127.0.0.1", constant.port, lab.trust.tls())
    ours: list[float] = []
    theirs: list[float] = []
    load = {"service": 0.0, "constant": 0.0}
    servers = (
        ("service", lab.target, lab.service.pid, ours),
        ("constant", bare, constant.pid, theirs),
    )
    try:
        for number in range(rounds):
            for name, target, pid, rates in servers:
                before = time.process_time(), cpu_s(pid), time.perf_counter()
                rates.append(await hammer(target, path, CONNECTIONS, seconds))
                spent = time.perf_counter() - before[2]
                load[name] = round((time.process_time() - before[0]) / spent, 2)
                server = (cpu_s(pid) - before[1]) / spent
                say(
                    f"get, round {number + 1}: {name} {rates[-1]:.0f}/s, server {server:.2f} "
                    f"CPUs, load generator {load[name]:.2f}"
                )
    finally:
        await asyncio.to_thread(constant.stop)
    return {
        "get_per_s": round(statistics.median(ours)),
        "get_constant_per_s": round(statistics.median(theirs)),
        "get_ratio": round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 3),
        "get_load_cpus": load,
    }


async def measure_submit(lab: BenchLab, vm_ids: list[str], raw_s: float) -> dict[str, Any]:
    """Jobs without work on hosts: machines are taken out of the recycle bin, each by a request."""
    target = lab.target
    requests = [target.request("POST", f"/v1/vms/{ref}/recover", b"{}") for ref in vm_ids]
    jobs: list[str] = []

    def take(answer: Answer) -> None:
        if answer.status != 202:
            raise RuntimeError(f"HTTP {answer.status}: {answer.body[:300]!r}")
        jobs.extend(job.id for job in msgspec.json.decode(answer.body, type=Accepted).jobs)

    connections = await target.open(CONNECTIONS)
    rows = await asyncio.to_thread(count_rows, lab.service.state)
    lab.start_clock()
    began = time.perf_counter()
    await share_out(connections, requests, take)
    accepted_s = time.perf_counter() - began
    cpus = lab.cpu_shares()
    cpu_us = 1e6 * accepted_s * cpus["service"] / len(vm_ids)
    await until_all(lab.client, "job", jobs, lambda job: job is None or job.state in ENDED)
    ended_s = time.perf_counter() - began
    for connection in connections:
        connection.close()
    after = await asyncio.to_thread(count_rows, lab.service.state)
    written = sum(after.values()) - sum(rows.values())
    per_submission = max(1, round(written / len(vm_ids)))
    return _beside_raw(lab, len(vm_ids) / accepted_s, per_submission, raw_s) | {
        "submit_ended_per_s": round(len(vm_ids) / ended_s),
        "submit_rows": per_submission,
        "submit_cpus": cpus,
        "submit_cpu_us": round(cpu_us),
    }


def _beside_raw(lab: BenchLab, per_s: float, rows: int, seconds: float) -> dict[str, Any]:
    raw = commits_per_s(
        lab.folder,
        rows=rows,
        row_bytes=average_row_bytes(lab.service.state),
        group=CONNECTIONS,
        seconds=seconds,
    )
    say(f"submit: {per_s:.0f}/s, SQLite alone {raw:.0f}/s with {rows} rows each")
    return {
        "submit_per_s": round(per_s),
        "submit_raw_per_s": round(raw),
        "submit_ratio": round(per_s / raw, 3),
    }


async def measure_list(lab: BenchLab, times: int) -> dict[str, Any]:
    """The slowest of several questions counts."""
    (connection,) = await lab.target.open(1)

    async def ask(name: str, path: str) -> float:
        request = lab.target.request("GET", path)
        seconds = []
        for _ in range(times):
            began = time.perf_counter()
            answer = await connection.send(request)
            seconds.append(time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{path}: HTTP {answer.status}: {answer.body[:300]!r}")
        found = figures(seconds)
        say(f"list, {name}: {found}")
        return found["p99_ms"]

    lists = {name: await ask(name, path) for name, path in LIST_PATHS.items()}
    search = await ask("search", SEARCH_PATH)
    connection.close()
    return {"list_p99_ms": max(lists.values()), "lists_p99_ms": lists, "search_p99_ms": search}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All parts on one cloud."""
    async with BenchLab(options.hosts) as lab:
        accepted = await lab.client.call("vm.create", **lab.cloud.vm_request("first"))
        await wait(lab.client, accepted, timeout_s=60)
        ids: dict[str, list[str]] = {}
        await lab.restart(lambda: ids.update(copy_machines(lab.service.state, options.count)))
        say(f"{options.count} machines in the database, {rss_mb(lab.service.pid)} MB")
        result: dict[str, Any] = {"name": "api", "machine": machine(), "vms": options.count}
        vm_id = accepted.resource_ids[0]
        if "get" in options.parts:
            result |= await measure_get(lab, vm_id, options.rounds, options.seconds)
        if "list" in options.parts:
            result |= await measure_list(lab, options.lists)
        if "submit" in options.parts:
            chosen = ids["destroyed"][: options.submits]
            result |= await measure_submit(lab, chosen, options.seconds)
        for part, is_compressed in (("feed", True), ("feed_plain", False)):
            if part in options.parts:
                found = await measure_feed(
                    lab,
                    ids["stopped"],
                    subscribers=options.subscribers,
                    changes_per_s=options.changes_per_s,
                    seconds=options.feed_seconds,
                    is_compressed=is_compressed,
                )
                result |= {f"{part}_{name}": value for name, value in found.items()}
        return result | {"rss_mb": rss_mb(lab.service.pid)}


def _parts(text: str) -> list[str]:
    return text.split(",")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="build.py bench api", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="machines in the database")
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--parts", default=PARTS.split(","), type=_parts, help=PARTS)
    parser.add_argument("--rounds", type=int, default=9, help="of GET")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="of each round of GET and of SQLite"
    )
    parser.add_argument("--lists", type=int, default=200, help="requests for each list")
    parser.add_argument("--submits", type=int, default=5000, help="jobs")
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--changes-per-s", type=int, default=1000)
    parser.add_argument("--feed-seconds", type=float, default=10.0)
    run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
