"""Lets a guest of this host stand still, as the agent does, until a line comes or it is killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog

from hostagent.libvirt.connection import Connection
from hostagent.libvirt.domains import Domains
from hostagent.libvirt.guestagent import GuestAgents


async def main(vm_id: str, folder: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    connection = Connection("qemu:///system", on_up=lambda: None, on_event=lambda *_: None)
    connection.start()
    guests = GuestAgents(Domains(connection), Path(folder))
    async with guests.still(vm_id) as count:
        print(count, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    await connection.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
