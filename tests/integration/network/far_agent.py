"""An agent for a second host: applies the network documents that come line by line.

Started by `FarHost` in a network and mount namespace of its own; answers each document with the
report, and the end of the input with the removal of everything. `flows VM` asks for the
connections of a machine, `take VM FLOWS` gives it some; `arrived VM` and `departed VM` say where it
is.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from hostagent.network.manager import NetworkManager
from hostagent.protocol.flows import Flow
from hostagent.protocol.network import NetworkDocument


async def main(state_dir: Path) -> None:
    """Serve until the end of the input."""
    manager = NetworkManager(state_dir)
    await manager.start()
    _say(b"ready")
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        _say(msgspec.json.encode(await _answer(manager, line)))
    await manager.remove_all()


async def _answer(manager: NetworkManager, line: bytes) -> object:
    match line.split(b" ", 2):
        case [b"flows", vm_id]:
            return await manager.flows_of(vm_id.decode().strip())
        case [b"arrived", vm_id]:
            return await manager.arrived(vm_id.decode().strip())
        case [b"departed", vm_id]:
            return await manager.departed(vm_id.decode().strip())
        case [b"take", vm_id, flows]:
            found = msgspec.json.decode(flows, type=list[Flow])
            return await manager.take_flows(vm_id.decode(), found)
    return await manager.apply(msgspec.json.decode(line, type=NetworkDocument))


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    asyncio.run(main(Path(sys.argv[1])))
