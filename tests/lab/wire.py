"""A switch that test hosts are plugged into, and the outside world on it: one namespace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.host import LabHost


@dataclass
class Wire:
    """Parameters: `name` short and unique on the machine; `address` of the outside world there.

    A host's NIC on it is `eth1`.
    """

    name: str
    address: str = "10.98.0.1"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _ports: int = 0

    def start(self) -> None:
        """Make the switch."""
        if Path(f"/run/netns/{self.name}").exists():
            self.stop()  # left by a test run that was killed
        run("ip", "netns", "add", self.name)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "add", "wire", "type", "bridge")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "wire")
        self.run("ip", "link", "set", "wire", "up")

    def plug(self, host: LabHost, address: str) -> None:
        """Give a host its NIC on the switch, with an address as CIDR."""
        self._ports += 1
        port = f"port{self._ports}"
        host.run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", port)
        run("ip", "-n", host.name, "link", "set", port, "netns", self.name)
        self.run("ip", "link", "set", port, "master", "wire", "up")
        host.nics["eth1"] = address
        host.configure_nic("eth1")

    def command(self, *arguments: str) -> list[str]:
        """`arguments` as a command line that runs in the outside world."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def run(self, *arguments: str, timeout_s: float = 60.0) -> str:
        """Run a command in the outside world; returns what it printed. Raises on failure."""
        return run(*self.command(*arguments), timeout_s=timeout_s)

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process there; it is ended with the wire."""
        process = subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """End everything; hosts lose their NIC on it."""
        for process in self.processes:
            process.kill()
            process.wait()
        if Path(f"/run/netns/{self.name}").exists():
            for pid in run("ip", "netns", "pids", self.name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run("ip", "netns", "delete", self.name)


def run(*arguments: str, timeout_s: float = 60.0) -> str:
    """What a command printed. Raises CalledProcessError with its words on failure."""
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=timeout_s, check=True
    ).stdout
