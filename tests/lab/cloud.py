"""A whole cloud for tests: the real service, and the real agent on a test host."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostagent.network.manager import tag_of
from installer.images import starter
from tests.lab.host import LabHost

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 40.0


def starter_folder() -> Path:
    """Where the starter image of the present recipe lies; `build.py image starter` makes it."""
    return starter.build().folder


@dataclass
class LabCloud:
    """Parameters: `number` keeps several clouds on one machine apart; `boot_id` is a file that says
    which boot of the host it is, if a test says so and not the kernel, which all hosts share.
    """

    number: int = 1
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="anyun-lab-")))
    service: subprocess.Popen[bytes] | None = None
    agent: subprocess.Popen[bytes] | None = None
    boot_id: Path | None = None

    def __post_init__(self) -> None:
        self.folder.chmod(0o711)
        (self.folder / "host").mkdir(exist_ok=True)
        self.host = LabHost(f"anlab{self.number}", self.folder / "host", self.number)
        self.starter = starter_folder()

    async def __aenter__(self) -> LabCloud:
        try:
            await asyncio.to_thread(self.host.start)
            await self.start_service()
            self.start_agent()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End everything and delete what it wrote."""
        self.kill_service(signal.SIGTERM)
        await asyncio.to_thread(self.host.stop)
        if os.environ.get("ANYUN_KEEP_LAB") is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def state(self) -> Path:
        """The state directory of service and agent."""
        return self.folder / "state"

    async def start_service(self, *options: str) -> dict[str, Any]:
        """Start the management service; returns its ready file."""
        self.state.mkdir(exist_ok=True, mode=0o711)
        ready = self.state / "service" / "ready.json"
        ready.unlink(missing_ok=True)
        ports = self.ports()
        with (self.folder / "service.log").open("ab") as log:
            self.service = subprocess.Popen(
                [
                    *(sys.executable, "-m", "appliance.node", "--state-dir", str(self.state)),
                    *("--bind", self.host.outer_address, "--port", str(ports[0])),
                    *("--agent-port", str(ports[1]), "--starter-dir", str(self.starter)),
                    *("--local-agent", *options),
                ],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        async with asyncio.timeout(READY_WITHIN_S):
            while not ready.exists():
                if self.service.poll() is not None:
                    raise RuntimeError(self.log("service"))
                await asyncio.sleep(0.05)
        return json.loads(ready.read_text())

    def ports(self) -> tuple[int, int]:
        """API and agent port; addresses are the cloud's own, so they can be fixed."""
        return 8443, 8444

    def kill_service(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the service and wait until it has gone."""
        if self.service is not None and self.service.poll() is None:
            self.service.send_signal(number)
            self.service.wait(60)

    def start_agent(self) -> None:
        """Start the agent on the test host."""
        self.agent = self.host.spawn(
            *(sys.executable, "-m", "hostagent", "--state-dir", str(self.state / "agent")),
            *("--join-file", str(self.state / "service" / "local-join-token")),
            *("--probe-kernel", str(self.starter / "vmlinuz")),
            *("--probe-initrd", str(self.starter / "initrd.img")),
            *(() if self.boot_id is None else ("--boot-id-file", str(self.boot_id))),
            log=self.folder / "agent.log",
        )

    def kill_agent(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the agent and wait until it has gone."""
        if self.agent is not None and self.agent.poll() is None:
            self.agent.send_signal(number)
            self.agent.wait(60)

    def left(self) -> dict[str, str]:
        """What is on the host because of a cloud that was removed: nothing, as it should be."""
        return self._left_on(self.host, self.state / "agent")

    def _left_on(self, host: LabHost, agent_state: Path) -> dict[str, str]:
        links = host.run("ip", "-o", "link").splitlines()
        found = {
            "domains": host.run("virsh", "-q", "list", "--all", "--name"),
            "links": "\n".join(line for line in links if ": any" in line),
            "namespaces": host.run("ip", "netns", "list"),
            "rules": host.run("nft", "list", "tables"),
            "files": host.run("find", str(self.state / "storage"), "-mindepth", "1"),
            "dnsmasq": "\n".join(self._dnsmasqs(agent_state)),
        }
        return {name: text.strip() for name, text in found.items() if text.strip()}

    def _dnsmasqs(self, agent_state: Path) -> list[str]:
        """Command lines of the DHCP servers that read files of an agent."""
        found = []
        tag = tag_of(agent_state / "network")
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if line.startswith("dnsmasq") and tag in line:
                    found.append(line)
        return found

    def log(self, name: str) -> str:
        """What `service` or `agent` logged."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""
