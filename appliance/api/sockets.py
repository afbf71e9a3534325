"""The WebSockets: the change feed and the console relay."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Protocol

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from appliance.api.gate import Gate, address_of
from appliance.protocol.errors import ApiError, to_body
from appliance.protocol.events import Change, FeedStart
from appliance.protocol.operations import Access
from appliance.store import feed
from appliance.store.database import Store

POLICY_VIOLATION = 1008
NORMAL = 1000
TOO_SLOW = 4008
NOT_LOGGED_IN = 4401
REPLAY_PAGE = 1000

log = structlog.get_logger()


class ConsoleStream(Protocol):
    """A machine's screen or serial line."""

    async def read(self) -> bytes:
        """Bytes from the machine; b"" at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Bytes to the machine."""
        ...

    def close(self, error: str | None = None) -> None:
        """End it."""
        ...


class ConsoleGate(Protocol):
    """Uses up one-time tickets."""

    async def open(self, token: str, address: str) -> ConsoleStream:
        """The stream that a ticket stands for; raises ApiError."""
        ...


class FeedSocket:
    """`/v1/feed?since=N`: what was missed, then what happens, without gap or repetition."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one subscriber."""
        try:
            await self._gate.admit(socket, "feed", Access.ADMIN)
        except ApiError as error:
            await _refuse(socket, error)
            return
        await socket.accept()
        watch = asyncio.create_task(_until_gone(socket))
        send = asyncio.create_task(self._send(socket))
        try:
            await asyncio.wait({watch, send}, return_when=asyncio.FIRST_COMPLETED)
            if send.done() and isinstance(send.exception(), feed.SlowReader):
                await socket.close(TOO_SLOW, "too slow: resume with since")
        finally:
            await _end(watch, send)

    async def _send(self, socket: WebSocket) -> None:
        with self._store.feed.subscribe() as live:
            oldest, newest = await self._store.read(feed.bounds)
            since = _since(socket.query_params.get("since"), newest)
            reset = since < oldest - 1 or since > newest
            start = FeedStart(seq=newest if reset else since, oldest=oldest, reset=reset)
            await socket.send_text(msgspec.json.encode(start).decode())
            sent = start.seq
            while changes := await self._store.read(partial(feed.replay, sent, REPLAY_PAGE)):
                for change in changes:
                    await _send_change(socket, change)
                    sent = change.seq
            async for change in live:
                if change.seq == 0 or change.seq > sent:
                    await _send_change(socket, change)


class ConsoleSocket:
    """`/v1/console`: raw bytes both ways; the ticket is in the Authorization header."""

    def __init__(self, consoles: ConsoleGate) -> None:
        self._consoles = consoles

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one console."""
        scheme, _, token = socket.headers.get("authorization", "").partition(" ")
        try:
            stream = await self._consoles.open(
                token if scheme.lower() == "console" else "", address_of(socket)
            )
        except ApiError as error:
            await _refuse(socket, error)
            return
        await socket.accept()
        to_client = asyncio.create_task(_to_client(socket, stream))
        to_machine = asyncio.create_task(_to_machine(socket, stream))
        try:
            await asyncio.wait({to_client, to_machine}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stream.close()
            await _end(to_client, to_machine)
            await _close_quietly(socket)


async def _to_client(socket: WebSocket, stream: ConsoleStream) -> None:
    while data := await stream.read():
        await socket.send_bytes(data)


async def _to_machine(socket: WebSocket, stream: ConsoleStream) -> None:
    while True:
        await stream.write(await socket.receive_bytes())


async def _send_change(socket: WebSocket, change: Change) -> None:
    await socket.send_text(msgspec.json.encode(change).decode())


async def _until_gone(socket: WebSocket) -> None:
    """Clients say nothing on the feed; this returns when they have gone."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


async def _refuse(socket: WebSocket, error: ApiError) -> None:
    """The error travels as the only text frame; the reason of a close would be too short."""
    await socket.accept()
    await socket.send_text(msgspec.json.encode({"error": to_body(error)}).decode())
    await socket.close(NOT_LOGGED_IN if error.status == 401 else POLICY_VIOLATION, error.code)


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        expected = (asyncio.CancelledError, WebSocketDisconnect, feed.SlowReader, RuntimeError)
        if isinstance(result, Exception) and not isinstance(result, expected):
            log.info("socket_ended", reason=str(result))


async def _close_quietly(socket: WebSocket) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the client was first
        await socket.close(NORMAL)


def _since(text: str | None, newest: int) -> int:
    is_number = text is not None and text.isascii() and text.isdigit()
    return int(text) if is_number and text is not None else newest
