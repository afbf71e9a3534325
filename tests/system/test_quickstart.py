"""The first cloud without a screen: `anyun quickstart`, the machine's console, and back again."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lab.cloud import LabCloud

pytestmark = pytest.mark.timeout(400)
PASSWORD = "correct horse battery"
LOGIN_WITHIN_S = 120.0
ANSWERS_WITHIN_S = 10.0
LOGINS = 5
CTRL_BRACKET = b"\x1d"


class Anyun:
    """Runs the command as a person's shell would."""

    def __init__(self, folder: Path) -> None:
        self.environment = os.environ | {
            "ANYUN_CONFIG_DIR": str(folder), "LC_ALL": "C.UTF-8", "TERM": "xterm",
        }  # fmt: skip
        self.command = [sys.executable, "-m", "appliance.cli.main"]

    def __call__(self, *words: str, typed: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [*self.command, *words], input=typed, env=self.environment,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))

    def console(self, vm: str) -> Console:
        return Console([*self.command, "console", vm], self.environment)


class Console:
    """`anyun console` at a pseudo-terminal."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        keyboard, screen = pty.openpty()
        self.keyboard = keyboard
        self.process = subprocess.Popen(
            command, stdin=screen, stdout=screen, stderr=screen, env=environment
        )
        os.close(screen)

    def log_in(self) -> None:
        """Come to a shell. What is typed while the guest puts out its prompt anew is lost."""
        for _ in range(LOGINS):
            self.type(b"root\r")
            with contextlib.suppress(TimeoutError):
                self.until("# ", ANSWERS_WITHIN_S)
                return
        raise AssertionError("the guest lets nobody in")

    def until(self, text: str, within_s: float = 30.0) -> str:
        """What the screen shows until `text` is among it."""
        seen = b""
        end = time.monotonic() + within_s
        while text.encode() not in seen:
            if time.monotonic() > end:
                raise TimeoutError(f"no {text!r} in {seen.decode(errors='replace')!r}")
            if select.select([self.keyboard], [], [], 0.5)[0]:
                seen += os.read(self.keyboard, 4096)
        return seen.decode(errors="replace")

    def type(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)

    def close(self) -> int:
        """Press Ctrl-]; returns the exit code."""
        self.type(CTRL_BRACKET)
        try:
            self.until("has ended")
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.keyboard)


async def test_from_nothing_to_a_machine_and_back(tmp_path: Path) -> None:
    async with LabCloud(6) as cloud:
        anyun = Anyun(tmp_path / "config")
        ready = str(cloud.state / "service" / "ready.json")
        start = ("quickstart", "--ready-file", ready, "--password-stdin", "--yes")
        said = anyun(*start, typed=f"{PASSWORD}\n")
        (vm,) = anyun.json("vm", "list")
        address = vm["nics"][0]["address"]
        assert (vm["name"], vm["state"]) == ("vm-1", "running")
        assert f"vm-1 has the address {address}" in said
        assert "anyun console vm-1" in said

        # A second run makes nothing, and says the same.
        jobs = anyun.json("job", "list")
        assert address in anyun(*start)
        assert anyun.json("job", "list") == jobs
        assert [item["id"] for item in anyun.json("vm", "list")] == [vm["id"]]

        # The machine itself knows the address, on its console.
        console = anyun.console("vm-1")
        try:
            console.until("Ctrl-]")
            console.type(b"\r")
            console.until("vm-1 login:", LOGIN_WITHIN_S)
            console.log_in()
            console.type(b"ip -4 addr; echo the-''end\r")
            assert f"inet {address}/" in console.until("the-end")
        finally:
            assert console.close() == 0
        picture = tmp_path / "screen.png"
        anyun("vm", "screenshot", "vm-1", str(picture))
        assert picture.read_bytes().startswith(b"\x89PNG")

        anyun("vm", "stop", "vm-1")
        anyun("vm", "stop", "vm-1", code=4)
        anyun("vm", "destroy", "vm-1")
        anyun("vm", "recover", "vm-1")
        anyun("vm", "start", "vm-1")
        assert anyun.json("vm", "get", "vm-1")["state"] == "running"
        anyun("vm", "destroy", "vm-1")
        anyun("vm", "expunge", "vm-1", "--yes")
        assert anyun.json("vm", "list") == []
        anyun("setup", "remove", "--yes")
        assert anyun.json("zone", "list") == []
        assert cloud.left() == {}
