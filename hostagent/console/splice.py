"""Opens a machine's screen or serial line and pumps bytes between it and a stream."""

from __future__ import annotations

import asyncio
import os
import socket
import tty
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from hostagent.libvirt.domains import Domains
from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import ConsoleParams
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.streams import Stream, StreamBroken

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class End:
    """The machine's side of a console."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    close: Callable[[], None]


class Consoles:
    """All open consoles of this host."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        self._tasks: set[asyncio.Task[None]] = set()
        self._serial: dict[str, asyncio.Task[None]] = {}
        self._opening_serial = asyncio.Lock()

    async def open(self, params: ConsoleParams, context: CallContext) -> Nothing:
        """Connect the stream that the service opened; returns once bytes can flow."""
        stream = context.peer.stream(params.stream_id)
        if params.kind == "vnc":
            self._start(params, await self._open_screen(params.vm_id), stream)
        elif params.kind == "serial":
            async with self._opening_serial:
                await self._end_serial(params.vm_id)
                end = await self._open_serial(params.vm_id)
                task = self._serial[params.vm_id] = self._start(params, end, stream)
                task.add_done_callback(lambda ended: self._forget(params.vm_id, ended))
        else:
            raise CommandFailed("agent.bad_parameters", f"no console kind {params.kind!r}")
        return Nothing()

    async def stop(self) -> None:
        """Close all consoles."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, params: ConsoleParams, end: End, stream: Stream) -> asyncio.Task[None]:
        task = asyncio.create_task(_pump(end, stream), name=f"console {params.vm_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _open_screen(self, vm_id: str) -> End:
        """One end of a socket whose other end QEMU has: RFB without a port, without a password."""
        handle = await self._domains.with_domain(vm_id, _graphics)
        reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=handle))
        return End(reader, writer, writer.close)

    async def _open_serial(self, vm_id: str) -> End:
        """The terminal that QEMU made for the serial line.

        It is read directly: through libvirt's streams the last bytes before a pause sometimes
        arrive only with the next ones (seen with libvirt 9.0).
        """
        path = await self._domains.with_domain(vm_id, _terminal)
        try:
            return await _open_terminal(path)
        except OSError as error:
            raise CommandFailed("domain.failed", f"{path}: {error.strerror}") from error

    async def _end_serial(self, vm_id: str) -> None:
        """Take the line from an earlier client, so that nobody is locked out by a dead one."""
        earlier = self._serial.pop(vm_id, None)
        if earlier is not None:
            earlier.cancel()
            await asyncio.gather(earlier, return_exceptions=True)

    def _forget(self, vm_id: str, ended: asyncio.Task[None]) -> None:
        if self._serial.get(vm_id) is ended:
            del self._serial[vm_id]


def _graphics(domain: Any) -> int:
    return domain.openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)


def _terminal(domain: Any) -> str:
    source = etree.fromstring(domain.XMLDesc()).find("devices/serial/source")
    if source is None:
        raise CommandFailed("domain.failed", "the machine has no serial line")
    return source.get("path")


async def _open_terminal(path: str) -> End:
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    tty.setraw(handle)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    into, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(os.dup(handle), "rb", 0))
    out, flow = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(handle, "wb", 0)
    )

    def close() -> None:
        into.close()
        out.abort()  # what the guest did not take is for nobody else

    return End(reader, asyncio.StreamWriter(out, flow, None, loop), close)


async def _pump(end: End, stream: Stream) -> None:
    async def to_client() -> None:
        while data := await end.reader.read(CHUNK_BYTES):
            await stream.write(data)

    async def to_guest() -> None:
        while data := await stream.read():
            end.writer.write(data)
            await end.writer.drain()

    try:
        await _first_to_end(to_client(), to_guest())
    finally:
        stream.close()
        end.close()


async def _first_to_end(*ways: Awaitable[None]) -> None:
    """Both directions end when one does."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, OSError | StreamBroken):
            raise error
