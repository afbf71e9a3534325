"""The path probes of one host, in a network namespace of its own.

Each line of the input is a command's name with its parameters as JSON; each is answered by a line
with the result, or with the code of a refusal.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import msgspec

from hostagent.network.paths.probes import PathProbes
from hostagent.protocol import commands as c
from hostagent.protocol.link import CommandFailed


async def main() -> None:
    """Serve until the end of the input."""
    probes = PathProbes()
    handlers: dict[str, Any] = {
        c.NETWORK_PROBE_LISTEN.name: probes.listen,
        c.NETWORK_PROBE_SEND.name: probes.send,
        c.NETWORK_PROBE_END.name: probes.end,
    }
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        name, params = msgspec.json.decode(line, type=tuple[str, msgspec.Raw])
        try:
            result = await handlers[name](msgspec.json.decode(params, type=c.ALL[name].params))
        except CommandFailed as error:
            result = {"refused": error.code}
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        sys.stdout.buffer.flush()
    probes.stop()


if __name__ == "__main__":
    asyncio.run(main())
