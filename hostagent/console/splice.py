"""Opens a machine's screen or serial line and pumps bytes between it and a stream."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import libvirt
import structlog

from hostagent.libvirt.domains import Domains
from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import ConsoleParams
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.streams import Stream, StreamBroken

CHUNK_BYTES = 64 * 1024

log = structlog.get_logger()


class Consoles:
    """All open consoles of this host."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, params: ConsoleParams, context: CallContext) -> Nothing:
        """Connect the stream that the service opened; returns once bytes can flow."""
        stream = context.peer.stream(params.stream_id)
        end = await self._open_end(params)
        task = asyncio.create_task(_pump(end, stream), name=f"console {params.vm_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Nothing()

    async def stop(self) -> None:
        """Close all consoles."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open_end(self, params: ConsoleParams) -> socket.socket:
        if params.kind == "vnc":
            handle = await self._domains.with_domain(params.vm_id, _graphics)
            end = socket.socket(fileno=handle)
            end.setblocking(False)
            return end
        if params.kind == "serial":
            return await self._domains.with_domain(params.vm_id, _serial)
        raise CommandFailed("agent.bad_parameters", f"no console kind {params.kind!r}")


def _graphics(domain: Any) -> int:
    """One end of a socket whose other end QEMU has: RFB without a port and without a password."""
    return domain.openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)


def _serial(domain: Any) -> socket.socket:
    """The serial line as a socket: two threads carry libvirt's stream over a socket pair.

    FORCE takes the line from an earlier client, so that nobody is locked out by a dead one.
    """
    stream = domain.connect().newStream()
    domain.openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    _in_thread(lambda: _carry_out(stream, theirs))
    _in_thread(lambda: _carry_in(stream, theirs))
    return ours


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="serial", daemon=True).start()


def _carry_out(stream: Any, end: socket.socket) -> None:
    """From the guest to the socket, until either ends."""
    with contextlib.suppress(OSError, libvirt.libvirtError):
        while data := stream.recv(CHUNK_BYTES):
            end.sendall(data)
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_WR)


def _carry_in(stream: Any, end: socket.socket) -> None:
    """From the socket to the guest; ends the libvirt stream when the client has gone."""
    with contextlib.suppress(OSError, libvirt.libvirtError):
        while data := end.recv(CHUNK_BYTES):
            view = memoryview(data)
            while view:
                view = view[stream.send(bytes(view)) :]
    with contextlib.suppress(libvirt.libvirtError):
        stream.abort()
    end.close()


async def _pump(end: socket.socket, stream: Stream) -> None:
    loop = asyncio.get_running_loop()

    async def to_client() -> None:
        while data := await loop.sock_recv(end, CHUNK_BYTES):
            await stream.write(data)

    async def to_guest() -> None:
        while data := await stream.read():
            await loop.sock_sendall(end, data)

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
