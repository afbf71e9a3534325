"""Progress in the terminal: what is being done, how long it took, and where its log lies."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Failed(Exception):
    """Something the person at the terminal must know; the text says what, why and what to do."""


class Step:
    """One thing being done. On a terminal its detail replaces itself; else only the end shows."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._live = sys.stdout.isatty()
        if self._live:
            self.detail("…")
        else:
            print(f"{title} …", flush=True)

    def detail(self, text: str) -> None:
        """Show what the step is at."""
        if self._live:
            line = f"{self._title}: {text}"
            # Erase the line, write as much as fits.
            print(f"\r\x1b[K{line[:100]}", end="", flush=True)

    def end(self, word: str) -> None:
        """Finish the line."""
        seconds = time.monotonic() - self._started
        start = "\r\x1b[K" if self._live else ""
        print(f"{start}{self._title}: {word} ({seconds:.0f} s)", flush=True)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show one step around the block's work."""
    shown = Step(title)
    try:
        yield shown
    except BaseException:
        shown.end("not finished")
        raise
    shown.end("done")


def note(text: str) -> None:
    """Print one line of information."""
    print(text, flush=True)


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a command; its output goes to `log` and, line by line, to `on_line`.

    Raises Failed with the last lines and the log's path when it ends with an error.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    last: list[str] = []
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(map(str, command))}\n")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
        )
        assert process.stdout is not None
        with process:
            for line in process.stdout:
                file.write(line)
                last = [*last[-11:], line.rstrip()]
                on_line(line.rstrip())
    if process.returncode:
        lines = "\n  ".join(last)
        raise Failed(
            f"{Path(command[0]).name} ended with code {process.returncode}:\n  {lines}\n"
            f"The whole log: {log}"
        )
