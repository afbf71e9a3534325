"""A long-running part as a child process: started with a log, watched, stopped in good order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from installer.progress import Failed


class Part:
    """One child process. `name` is what the person sees; its output goes to `log`."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process number; only after `start`."""
        assert self._process is not None
        return self._process.pid

    def start(self, command: Sequence[str | Path], cwd: Path | None = None) -> None:
        """Start it in a session of its own: Ctrl-C reaches only us, who stop parts in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as file:
            self._process = subprocess.Popen(
                [*_tied_to_us(), *map(str, command)],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def check(self) -> None:
        """Raise Failed if it has ended, with the end of its log."""
        code = self.exit_code()
        if code is not None:
            raise Failed(f"The {self.name} ended with code {code}.\n{self.last_lines()}")

    def last_lines(self, count: int = 8) -> str:
        """The end of its log, and where the rest is."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([*("  " + line[:300] for line in lines[-count:]), f"Log: {self.log}"])

    def wait(self, timeout_s: float) -> int | None:
        """Its exit code, or None when it had to be ended after `timeout_s`."""
        assert self._process is not None
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.stop(1)
            return None

    def stop(self, timeout_s: float) -> bool:
        """Ask it to end, and kill it after `timeout_s`. Returns whether it ended by itself."""
        process = self._process
        if process is None or process.poll() is not None:
            return True
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            # The whole session: a helper must not leave its daemon behind.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
        return True


def _tied_to_us() -> list[str]:
    """Prefix that ends a child when we are killed without a chance to stop it."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "TERM", "--"] if program else []


def wait_for(part: Part, path: Path, timeout_s: float) -> None:
    """Wait until `part` has written `path`. Raises Failed if it ends or takes too long."""
    deadline = time.monotonic() + timeout_s
    while not path.exists():
        part.check()
        if time.monotonic() > deadline:
            raise Failed(
                f"The {part.name} was not ready after {timeout_s:.0f} s.\n{part.last_lines()}"
            )
        time.sleep(0.1)
