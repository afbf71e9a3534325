"""The real management service in a process of its own, on loopback, measured from outside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.client import Client

ROOT = Path(__file__).parents[3]
READY_WITHIN_S = 90.0
STOPS_WITHIN_S = 60.0
PASSWORD = "correct horse battery"
MiB = 1024**2


@dataclass
class ServiceProcess:
    """`start` keeps the ports and the data of an earlier one, however that ended."""

    state: Path
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    agent_port: int = 0
    bind: str = "127.0.0.1"

    async def start(self) -> dict[str, Any]:
        """Start it; returns its ready file when it serves. Raises RuntimeError with its log."""
        ready = self.state / "service" / "ready.json"
        ready.unlink(missing_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "appliance.node", "--state-dir", str(self.state)),
                    *("--bind", self.bind, "--port", str(self.port)),
                    *("--agent-port", str(self.agent_port)),
                ],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        async with asyncio.timeout(READY_WITHIN_S):
            while not ready.exists():
                if self.process.poll() is not None:
                    raise RuntimeError(self.log()[-4000:])
                await asyncio.sleep(0.01)
        found = json.loads(ready.read_text())
        self.port, self.agent_port = found["port"], found["agent_port"]
        return found

    async def log_in(self, kind: type[Client] = Client) -> Client:
        """A client of the administrator; sets the password at the first time."""
        ready = json.loads((self.state / "service" / "ready.json").read_text())
        client = kind(ready["url"], fingerprint=ready["ca_fingerprint"])
        if ready["setup_code"] is not None:
            await client.set_first_password(ready["setup_code"], PASSWORD)
        else:
            await client.login("admin", PASSWORD)
        return client

    def another(self, client: Client) -> Client:
        """A client with connections of its own, and the session of `client`."""
        ready = json.loads((self.state / "service" / "ready.json").read_text())
        return Client(ready["url"], fingerprint=ready["ca_fingerprint"], token=client.token)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal and wait until it has gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(STOPS_WITHIN_S)

    async def stop(self) -> None:
        """End it as `systemctl stop` would, and by force if that takes too long."""
        try:
            await asyncio.to_thread(self.kill, signal.SIGTERM)
        except subprocess.TimeoutExpired:
            await asyncio.to_thread(self.kill)

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None, "the service has not been started"
        return self.process.pid

    @property
    def log_path(self) -> Path:
        """Where it logs."""
        return self.state / "service.log"

    def log(self) -> str:
        """What it has logged."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


def rss_mb(pid: int) -> float:
    """Memory of a process that is resident, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / MiB, 1)


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
