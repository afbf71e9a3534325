"""`build.py run` as a person uses it: quick start, Ctrl-C, and the same cloud at the next run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.host import LabHost

pytestmark = pytest.mark.timeout(400)
ROOT = Path(__file__).parents[2]
NUMBER = 9
STARTED_WITHIN_S = 180.0
STOPPED_WITHIN_S = 90.0


class Run:
    """One `build.py run` inside a test host, without a screen."""

    def __init__(self, host: LabHost, folder: Path, *options: str) -> None:
        self.log = folder / "run.log"
        self.log.touch()
        self._begins = self.log.stat().st_size
        command = [
            *(sys.executable, str(ROOT / "build.py"), "run", "--state-dir", str(folder / "state")),
            *("--bind", "127.0.0.1", "--headless", *options),
        ]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                host.command(*command),
                cwd=ROOT,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=os.environ
                | {
                    "PYTHONUNBUFFERED": "1",
                    "ANYUN_PASSWORD": "correct horse battery",
                    "ANYUN_CONFIG_DIR": str(folder / "config"),
                    "LC_ALL": "C.UTF-8",
                },
            )

    def said(self) -> str:
        """What it has printed."""
        return self.log.read_bytes()[self._begins :].decode(errors="replace")

    def until(self, text: str, within_s: float) -> None:
        """Wait until it has said `text`."""
        deadline = time.monotonic() + within_s
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOPPED_WITHIN_S)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where QEMU's user may pass, which pytest's own folders do not let it."""
    with tempfile.TemporaryDirectory(prefix="anyun-run-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LabHost]:
    folder = tmp_path / "lab"
    folder.mkdir()
    host = LabHost(f"anlab{NUMBER}", folder, NUMBER)
    try:
        host.start()
        yield host
    finally:
        host.stop()


def parts_of(state: Path) -> list[str]:
    """Command lines of processes that belong to the cloud in `state`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if str(state) in line and "build.py run" not in line:
            found.append(line)
    return found


def left_on(host: LabHost) -> dict[str, str]:
    """What a stopped cloud must not leave running on its host."""
    return {
        "domains": host.run("virsh", "-q", "list", "--name").strip(),
        "links": "\n".join(
            line for line in host.run("ip", "-o", "link").splitlines() if ": any" in line
        ),
        "namespaces": host.run("ip", "netns", "list").strip(),
        "rules": host.run("nft", "list", "tables").strip(),
    }


def test_the_quick_start_and_the_next_run(host: LabHost, folder: Path) -> None:
    state = folder / "state"
    first = Run(host, folder, "--quickstart")
    first.until("The cloud goes on running. Ctrl-C stops it.", STARTED_WITHIN_S)
    said = first.said()
    assert "Fingerprint" in said
    assert "has the address" in said, said
    (domain,) = host.run("virsh", "-q", "list", "--name").split()
    assert first.interrupt() == 0, first.said()
    assert left_on(host) == dict.fromkeys(("domains", "links", "namespaces", "rules"), "")
    assert parts_of(state) == []
    order = [first.said().index(f"Stopping the {part}") for part in ("management", "host agent")]
    assert order == sorted(order)

    second = Run(host, folder)
    second.until("Ctrl-C stops everything", STARTED_WITHIN_S)
    assert "Set-up code" not in second.said(), "the password is set already"
    ready = json.loads((state / "service" / "ready.json").read_text())
    assert ready["ca_fingerprint"] in said.replace(":", "").lower()
    deadline = time.monotonic() + 60
    while host.run("virsh", "-q", "list", "--name").split() != [domain]:
        assert time.monotonic() < deadline, second.said()
        time.sleep(0.5)
    assert second.interrupt() == 0, second.said()
    assert left_on(host) == dict.fromkeys(("domains", "links", "namespaces", "rules"), "")


def test_a_part_that_dies_is_started_again(host: LabHost, folder: Path) -> None:
    run = Run(host, folder)
    run.until("Ctrl-C stops everything", STARTED_WITHIN_S)
    ready = folder / "state" / "service" / "ready.json"
    pid = json.loads(ready.read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    run.until("The management service ended with code", 30)
    deadline = time.monotonic() + 60
    while not ready.exists() or json.loads(ready.read_text())["pid"] == pid:
        assert time.monotonic() < deadline, run.said()
        time.sleep(0.2)
    assert run.interrupt() == 0
