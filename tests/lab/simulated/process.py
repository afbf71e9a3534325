"""A fleet in another process, as the benchmarks use it: started, asked, ended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.lab.simulated.faults import Fault
from tests.lab.simulated.service import ROOT

JOINED_WITHIN_S = 300.0
ENDS_WITHIN_S = 20.0
MAX_LINE_BYTES = 64 * 1024**2


@dataclass
class FleetProcess:
    """Parameters: `folder` for the token file and the log."""

    folder: Path
    tokens: Sequence[str]
    faults: Iterable[Fault] = ()
    prefix: str = "sim"
    ids: list[str] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __aenter__(self) -> FleetProcess:
        tokens = self.folder / f"{self.prefix}.tokens"
        tokens.write_text("\n".join(self.tokens), encoding="ascii")
        with (self.folder / f"{self.prefix}.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.lab.simulated", "--tokens", str(tokens)),
                *("--prefix", self.prefix),
                *("--faults", msgspec.json.encode(list(self.faults)).decode()),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                limit=MAX_LINE_BYTES,
            )
        try:
            async with asyncio.timeout(JOINED_WITHIN_S):
                self.ids = (await self._line())["ids"]
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End it: by the end of its input, and by force if it does not listen."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    async def ask(self, do: str, **fields: Any) -> Any:
        """The answer to an order (see `tests.lab.simulated.__main__`); raises RuntimeError."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._turn:
            self._process.stdin.write(msgspec.json.encode({"do": do} | fields) + b"\n")
            found = await self._line()
        if "error" in found:
            raise RuntimeError(found["error"])
        return found["answer"]

    async def _line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            log = self.folder / f"{self.prefix}.log"
            raise RuntimeError(f"the fleet has ended: {log.read_text()[-2000:]}")
        return msgspec.json.decode(line)
