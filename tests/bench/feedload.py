"""The change feed under load: so many changes a second for so many subscribers."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from typing import Any

from tests.bench.lab import BenchLab, say
from tests.bench.wire import Connection, Target, all_of

CONNECTIONS = 64
TICK_S = 0.02
CHANGES_OF_ONE = 2  # the machine and the entry in the audit log
READY_WITHIN_S = 120.0
CATCH_UP_S = 60.0


async def measure_feed(
    lab: BenchLab,
    vm_ids: list[str],
    *,
    subscribers: int,
    changes_per_s: int,
    seconds: float,
    is_compressed: bool,
) -> dict[str, Any]:
    """Machines get new descriptions, which carry the time at which they were asked for.

    Our own clients ask for compressed messages (`is_compressed`); others may want plain ones.
    """
    process = await _subscribe(lab, subscribers, is_compressed)
    try:
        first = await _seq(lab)
        lab.start_clock()
        began = time.perf_counter()
        sent = await _change(lab.target, vm_ids, changes_per_s // CHANGES_OF_ONE, seconds)
        spent = time.perf_counter() - began
        last = await _seq(lab)
        how = "compressed" if is_compressed else "plain"
        say(f"feed, {how}: {last - first} changes in {spent:.1f} s for {subscribers} subscribers")
        report = await _finish(process, last)
        cpus = lab.cpu_shares()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    say(f"feed: {report}")
    return {
        "subscribers": subscribers,
        "changes_per_s": round((last - first) / spent),
        "sent": sent,
        "caught_up_s": round(time.perf_counter() - began - spent, 1),
        "lost": report["lost"],
        "gaps": report["gaps"],
        "breaks": report["breaks"],
        "lag_p50_ms": report["lag_p50_ms"],
        "lag_p99_ms": report["lag_p99_ms"],
        "subscribers_cpu_s": report["cpu_s"],
        "cpus": cpus,
    }


async def _subscribe(lab: BenchLab, count: int, is_compressed: bool) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.subscribers"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    order = {
        "host": "127.0.0.1",
        "port": lab.service.port,
        "ca": lab.trust.ca_pem,
        "token": lab.client.token,
        "count": count,
        "is_compressed": is_compressed,
    }
    try:
        await _say(process, order)
        async with asyncio.timeout(READY_WITHIN_S):
            await _answer(process)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return process


async def _finish(process: asyncio.subprocess.Process, last: int) -> dict[str, Any]:
    await _say(process, {"seq": last, "within_s": CATCH_UP_S})
    async with asyncio.timeout(CATCH_UP_S + 30):
        return await _answer(process)


async def _say(process: asyncio.subprocess.Process, content: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(content).encode() + b"\n")
    await process.stdin.drain()


async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("the subscribers have ended")
    return json.loads(line)


async def _seq(lab: BenchLab) -> int:
    return (await lab.client.call("zone.list", limit=1)).seq


async def _change(target: Target, vm_ids: list[str], per_s: int, seconds: float) -> int:
    """Ask for changes at an even pace; if the service is slower, at the pace that it bears."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=CONNECTIONS * 2)
    connections = await target.open(CONNECTIONS)
    refs = itertools.cycle(vm_ids)
    sent = 0

    async def pace() -> None:
        nonlocal sent
        began = time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            due = int(elapsed * per_s)
            while sent < due and time.perf_counter() - began < seconds:
                await queue.put(next(refs))
                sent += 1
            await asyncio.sleep(TICK_S)
        for _ in connections:
            await queue.put(None)

    async def work(connection: Connection) -> None:
        while (ref := await queue.get()) is not None:
            body = b'{"description":"at %d"}' % time.monotonic_ns()
            answer = await connection.send(target.request("PATCH", f"/v1/vms/{ref}", body))
            if answer.status != 200:
                raise RuntimeError(f"HTTP {answer.status}: {answer.body[:300]!r}")

    await all_of([pace(), *(work(connection) for connection in connections)])
    for connection in connections:
        connection.close()
    return sent
