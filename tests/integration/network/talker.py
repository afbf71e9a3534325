"""Real TCP and UDP from and to a guest, in words for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCRIPT = Path(__file__).with_name("talk.py")
ANSWER_S = 10.0  # what is allowed answers in milliseconds; what was lost, when TCP sends it again
SILENCE_S = 0.6


class Talker:
    """Runs talk.py in a network namespace of this host, or in the host itself without `enter`."""

    def __init__(self, enter: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [*enter, sys.executable, "-u", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End it and what it listens on."""
        self._process.communicate()

    def listens(self, kind: str, *ports: int) -> None:
        """Answer on ports."""
        for port in ports:
            assert self._ask("listen", kind=kind, port=port)

    def prattles(self, kind: str, port: int) -> None:
        """Talk for ever to whom says something once."""
        assert self._ask("prattle", kind=kind, port=port)

    def hears(self, number: int, *, allowed: bool = True) -> bool:
        """Whether anything new comes by an open connection."""
        return self._ask("hears", number=number, timeout_s=ANSWER_S if allowed else SILENCE_S)

    def reaches(self, kind: str, address: str, port: int, *, allowed: bool = True) -> bool:
        """Whether something answers there; `allowed` is what one expects (how long to wait)."""
        timeout_s = ANSWER_S if allowed else SILENCE_S
        return self._ask("open", kind=kind, address=address, port=port, timeout_s=timeout_s) > 0

    def open(self, kind: str, address: str, port: int, source_port: int = 0) -> int:
        """Open a connection to be kept, from a certain port if that matters."""
        more = {"timeout_s": ANSWER_S, "source_port": source_port}
        number = self._ask("open", kind=kind, address=address, port=port, **more)
        assert number, f"{kind} {address} {port} does not answer"
        return number

    def says(self, number: int, *, allowed: bool = True) -> bool:
        """Whether an open connection still carries words both ways."""
        timeout_s = ANSWER_S if allowed else SILENCE_S
        return self._ask("says", number=number, timeout_s=timeout_s)

    def _ask(self, what: str, **fields: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **fields}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
