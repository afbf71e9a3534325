"""Runs short helper programs (ip, nft, dnsmasq) by argument list and tells why they failed."""

from __future__ import annotations

import asyncio

_TIMEOUT_S = 30.0


class ProcessFailed(RuntimeError):
    """A helper program ended with an error or took too long."""

    def __init__(self, arguments: tuple[str, ...], detail: str) -> None:
        super().__init__(f"{' '.join(arguments[:4])}: {detail}")
        self.arguments_used = arguments
        self.detail = detail


async def run(*arguments: str, text: str | None = None, timeout_s: float = _TIMEOUT_S) -> str:
    """Run a program with `text` on its standard input and return its standard output.

    Raises ProcessFailed with the program's own words.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE if text is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise ProcessFailed(arguments, f"{arguments[0]} is not installed") from error
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate(text.encode() if text is not None else None)
    except TimeoutError as error:
        raise ProcessFailed(arguments, f"no answer within {timeout_s:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        detail = (err or out).decode(errors="replace").strip()
        raise ProcessFailed(arguments, detail or f"exit code {process.returncode}")
    return out.decode(errors="replace")
