"""Whether this machine is being shut down: guests that stop then stop because of it."""

from __future__ import annotations

import asyncio
import shutil

ANSWERS_WITHIN_S = 2.0
STOPPING = b"stopping"


async def is_stopping() -> bool:
    """Whether the system is going down (systemctl(1), `is-system-running`).

    False where there is no systemd, or where it does not answer.
    """
    program = shutil.which("systemctl")
    if program is None:
        return False
    process = await asyncio.create_subprocess_exec(
        *(program, "is-system-running"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
    return output.strip() == STOPPING
