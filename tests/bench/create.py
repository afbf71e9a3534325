"""bench create: virtual machines through the public API with the full flow, on simulated hosts.

Service, hosts and load generator are processes of their own. The clock runs from the first
request until the feed has told that all machines run; meanwhile one machine is read every 20 ms.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import aclosing
from typing import Any

import msgspec

from appliance.client import Client, wait
from appliance.client.feed import Lost
from appliance.protocol.events import Change
from tests.bench.lab import BenchLab, machine, run, say
from tests.bench.wire import Answer, Connection, share_out
from tests.lab.simulated.service import rss_mb

CONNECTIONS = 64


class State(msgspec.Struct):
    """All that the clock needs to know of a machine."""

    state: str


class Ids(msgspec.Struct):
    """All that it needs of an answer."""

    resource_ids: list[str]


class Watch:
    """Follows the feed: which machines run, and which are gone again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._decoder = msgspec.json.Decoder(State)
        self._ready = asyncio.Event()
        self._moved = asyncio.Event()
        self.running: set[str] = set()
        self.gone: set[str] = set()
        self.messages = 0
        self.breaks = 0

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._follow(), name="watch")
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            waiting.cancel()
            self._task.result()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def until_over(self, ids: set[str]) -> None:
        """Wait until each of these runs, or is gone."""
        while not ids <= self.running | self.gone:
            if self._task.done():
                self._task.result()
            self._moved.clear()
            await self._moved.wait()

    async def _follow(self) -> None:
        try:
            # Who reads too slowly is cut off and resumes, like every client.
            async with aclosing(self._client.follow()) as feed:
                async for event in feed:
                    if isinstance(event, Change):
                        self.messages += 1
                        if event.kind == "vm":
                            self._take(event.id, event.action, event.data)
                    elif isinstance(event, Lost):
                        self.breaks += 1
                    else:
                        self._ready.set()
        finally:
            self._moved.set()

    def _take(self, vm_id: str, action: str, data: msgspec.Raw) -> None:
        if action == "delete":
            self.gone.add(vm_id)
        elif self._decoder.decode(data).state == "running":
            self.running.add(vm_id)
        else:
            return
        self._moved.set()


async def create(
    lab: BenchLab, connections: list[Connection], count: int, per_request: int, limit_s: float
) -> dict[str, Any]:
    """One row: `count` machines from the first request to the last one running."""
    requests = _requests(lab, count, per_request)
    ids: set[str] = set()

    def take(answer: Answer) -> None:
        if answer.status != 202:
            raise RuntimeError(f"HTTP {answer.status}: {answer.body[:300]!r}")
        ids.update(msgspec.json.decode(answer.body, type=Ids).resource_ids)

    reader = lab.reader(f"/v1/vms/{lab.read_vm}")
    async with Watch(lab.client) as watch:
        lab.start_clock()
        began = time.perf_counter()
        async with asyncio.timeout(limit_s) as limit:
            await share_out(connections, requests, take)
            accepted_s = time.perf_counter() - began
            await watch.until_over(ids)
        seconds = time.perf_counter() - began
        cpus = lab.cpu_shares()
    assert not limit.expired()
    reads = await asyncio.to_thread(reader.finish)
    return {
        "vms": count,
        "seconds": round(seconds, 3),
        "accepted_s": round(accepted_s, 3),
        "failed": len(ids & watch.gone),
        "per_s": round(count / seconds, 1),
        "read_p50_ms": reads["p50_ms"],
        "read_p99_ms": reads["p99_ms"],
        "reads": reads["count"],
        "cpus": cpus,
        "feed_messages": watch.messages,
        "feed_breaks": watch.breaks,
        "rss_mb": rss_mb(lab.service.pid),
    }


def _requests(lab: BenchLab, count: int, per_request: int) -> list[bytes]:
    target = lab.target
    sizes = [per_request] * (count // per_request)
    if count % per_request:
        sizes.append(count % per_request)
    return [
        target.request(
            "POST",
            "/v1/vms",
            msgspec.json.encode(lab.cloud.vm_request(f"bench-{count}-{number}", count=size)),
        )
        for number, size in enumerate(sizes)
    ]


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All rows on one cloud; machines of earlier rows go on running."""
    rows: list[dict[str, Any]] = []
    async with BenchLab(options.hosts) as lab:
        await prepare(lab)
        rss_idle = rss_mb(lab.service.pid)
        connections = await lab.target.open(CONNECTIONS)
        for count in options.vms:
            row = await create(lab, connections, count, options.per_request, options.limit)
            say(json.dumps(row))
            rows.append(row)
        for connection in connections:
            connection.close()
        left = await lab.fleet.ask("leftovers")
        wrong = {name: found for name, found in left.items() if "anomalies" in found}
        ledger = await lab.client.call("ledger.check")
        return {
            "name": "create",
            "machine": machine(),
            "hosts": options.hosts,
            "per_request": options.per_request,
            "rows": rows,
            "rss_empty_mb": lab.rss_empty_mb,
            "rss_idle_mb": rss_idle,
            "rss_mb": rss_mb(lab.service.pid),
            "read_p99_ms": rows[-1]["read_p99_ms"],
            "anomalies": len(wrong) + len(left.get("addresses_twice", [])),
            "ledger_equal": not ledger.differences,
        }


async def prepare(lab: BenchLab) -> None:
    """One machine that is read while others are made."""
    accepted = await lab.client.call("vm.create", **lab.cloud.vm_request("read"))
    await wait(lab.client, accepted, timeout_s=60)
    lab.read_vm = accepted.resource_ids[0]


def numbers(text: str) -> list[int]:
    """A list like 1,10,100."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="build.py bench create", description=__doc__)
    parser.add_argument(
        "--vms", type=numbers, default=[1, 10, 100, 1000, 10_000], help="rows, like 1,10,100"
    )
    parser.add_argument("--hosts", type=int, default=1250)
    parser.add_argument("--per-request", type=int, default=1, help="machines in one request")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for one row")
    run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
