"""A real management service without hosts, in a process of its own, for each test."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.client import Client

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 40.0
PASSWORD = "correct horse battery"


@dataclass
class Service:
    """The process and its ready file. `kill` and `start` keep address and data."""

    state: Path
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def start(self) -> dict[str, Any]:
        """Start it; returns when it serves."""
        ready = self.ready_file
        ready.unlink(missing_ok=True)
        with (self.state / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "appliance.node", "--state-dir", str(self.state)),
                    *("--bind", "127.0.0.1", "--port", str(self.port), "--agent-port", "0"),
                ],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        end = time.monotonic() + READY_WITHIN_S
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.state / "log").read_text(errors="replace"))
            time.sleep(0.05)
        self.port = self.ready["port"]
        return self.ready

    @property
    def ready_file(self) -> Path:
        return self.state / "service" / "ready.json"

    @property
    def ready(self) -> dict[str, Any]:
        return json.loads(self.ready_file.read_text())

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal and wait until it has gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    found = Service(tmp_path / "state")
    found.state.mkdir()
    found.start()
    try:
        yield found
    finally:
        found.kill(signal.SIGTERM)
        found.kill()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    """A client that is logged in."""
    ready = service.ready
    async with Client(service.url, fingerprint=ready["ca_fingerprint"]) as found:
        await found.set_first_password(ready["setup_code"], PASSWORD)
        yield found
