"""Programs that drivers run: never through a shell, and with a deadline even if they hang."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

ENDS_WITHIN_S = 2.0


@dataclass(frozen=True)
class Outcome:
    """How a program ended; `status` is negative if it was killed."""

    status: int
    output: bytes
    complaint: str


class DidNotAnswer(Exception):
    """A program did not end in time."""


async def run(
    program: str, arguments: Sequence[str], *, within_s: float, given: bytes = b""
) -> Outcome:
    """Run a program with `given` on its standard input; raises DidNotAnswer.

    One that hangs in the kernel is killed and left behind.
    """
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    try:
        async with asyncio.timeout(within_s):
            output, complaint = await process.communicate(given or None)
    except TimeoutError:
        raise DidNotAnswer(f"{program}: no answer within {within_s:.0f} s") from None
    finally:
        if process.returncode is None:
            await _end(process)
    assert process.returncode is not None
    return Outcome(process.returncode, output, complaint.decode(errors="replace").strip())


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ENDS_WITHIN_S):
            await process.wait()
