"""What benchmarks with simulated hosts share: the service, a fleet and a cloud, each measured."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import uvloop

from appliance.client import Client
from appliance.client.trust import Trust, probe
from appliance.protocol.resources import Status
from tests.bench.reader import Reader
from tests.bench.wire import Target
from tests.lab.simulated.cloud import Layout, SimulatedCloud, set_up, until_all
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.process import FleetProcess
from tests.lab.simulated.service import ServiceProcess, cpu_s, rss_mb
from tests.lab.simulated.tokens import prepare_secrets, tokens_for

CONNECTED = Status.CONNECTED


def machine() -> str:
    """This machine in a few words."""
    return f"{platform.machine()} {os.cpu_count()} cpus, Python {platform.python_version()}"


def say(text: str) -> None:
    """A line of progress."""
    print(text, flush=True)


def run(work: Coroutine[Any, Any, dict[str, Any]]) -> None:
    """Run a benchmark and print its result as the last line; a signal ends it tidily."""

    async def stoppable() -> dict[str, Any]:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    uvloop.install()
    print(json.dumps(asyncio.run(stoppable())))


class BenchLab:
    """Use as a context: everything is started, and ended and deleted afterwards.

    The folder lies on a real disk (TMPDIR), because commits shall cost what they cost.
    """

    def __init__(
        self, hosts: int, *, faults: Iterable[Fault] = (), layout: Layout | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="anyun-bench-"))
        self.service = ServiceProcess(self.folder / "state")
        self.rss_empty_mb = 0.0
        self.read_vm = ""  # a machine that is read while others are made
        self._hosts = hosts
        self._faults = faults
        self._layout = layout
        self._clock: dict[str, float] = {}
        self.fleet: FleetProcess
        self.cloud: SimulatedCloud
        self.client: Client
        self.trust: Trust

    async def __aenter__(self) -> BenchLab:
        try:
            await self._start()
        except BaseException as error:
            say(self.service.log()[-3000:])
            await self.__aexit__(type(error), error, None)
            raise
        return self

    async def _start(self) -> None:
        began = time.monotonic()
        words = await asyncio.to_thread(prepare_secrets, self.service.state, self._hosts)
        ready = await self.service.start()
        self.trust = await probe(ready["url"])
        self.client = await self.service.log_in()
        self.rss_empty_mb = rss_mb(self.service.pid)
        say(f"service: {time.monotonic() - began:.1f} s, {self.rss_empty_mb} MB")
        began = time.monotonic()
        self.fleet = FleetProcess(self.folder, tokens_for(ready, words), self._faults)
        await self.fleet.__aenter__()
        say(f"{self._hosts} hosts joined: {time.monotonic() - began:.1f} s")
        began = time.monotonic()
        self.cloud = await set_up(self.client, self.fleet.ids, self._layout)
        say(f"cloud set up: {time.monotonic() - began:.1f} s, {rss_mb(self.service.pid)} MB")

    async def restart(self, meanwhile: Callable[[], object]) -> None:
        """Stop the service, do something with its files, start it; returns with all hosts."""
        await self.service.stop()
        await asyncio.to_thread(meanwhile)
        await self.service.start()
        await self.hosts_connected()

    async def hosts_connected(self) -> None:
        """Wait until the service has a link to every host again."""
        await until_all(self.client, "host", self.fleet.ids, lambda host: host.status == CONNECTED)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with AsyncExitStack() as ending:
            if os.environ.get("ANYUN_KEEP_LAB") is None:
                ending.callback(shutil.rmtree, self.folder, ignore_errors=True)
            ending.push_async_callback(self.service.stop)
            if hasattr(self, "fleet"):
                ending.push_async_callback(self.fleet.stop)
            if hasattr(self, "client"):
                ending.push_async_callback(self.client.close)

    @property
    def target(self) -> Target:
        """Where load goes, with the administrator's login."""
        tls = self.trust.tls()
        return Target("127.0.0.1", self.service.port, tls, self.client.token or "")

    def reader(self, path: str) -> Reader:
        """A process that reads `path` all the time."""
        url = f"https://127.0.0.1:{self.service.port}"
        return Reader(url, self.trust.ca_pem, self.client.token or "", path)

    def start_clock(self) -> None:
        """Note the CPU time of all processes."""
        self._clock = self._now()

    def cpu_shares(self) -> dict[str, float]:
        """CPUs that service, fleet and load generator used since `start_clock`."""
        now = self._now()
        seconds = max(0.001, now["wall"] - self._clock["wall"])
        return {
            name: round((value - self._clock[name]) / seconds, 2)
            for name, value in now.items()
            if name != "wall"
        }

    def _now(self) -> dict[str, float]:
        return {
            "wall": time.monotonic(),
            "service": cpu_s(self.service.pid),
            "fleet": cpu_s(self.fleet.pid),
            "load": time.process_time(),
        }
