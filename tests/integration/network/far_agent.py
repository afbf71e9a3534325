"""An agent for a second host: applies the network documents that come line by line.

Started by `FarHost` in a network and mount namespace of its own; answers each document with the
report, and the end of the input with the removal of everything.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from hostagent.network.manager import NetworkManager
from hostagent.protocol.network import NetworkDocument


async def main(state_dir: Path) -> None:
    """Serve until the end of the input."""
    manager = NetworkManager(state_dir)
    await manager.start()
    _say(b"ready")
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        document = msgspec.json.decode(line, type=NetworkDocument)
        _say(msgspec.json.encode(await manager.apply(document)))
    await manager.remove_all()


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    asyncio.run(main(Path(sys.argv[1])))
