"""The WebSockets: the change feed and the console relay."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from appliance.api.answers import error_content
from appliance.api.feedstream import (
    FeedStream,
    Interest,
    MaySee,
    Message,
)
from appliance.api.gate import Gate, address_of
from appliance.engine.calls import Caller
from appliance.protocol.errors import (
    ApiError,
    InvalidInput,
    Unauthenticated,
    Unavailable,
)
from appliance.protocol.operations import BYTES
from appliance.store.broadcast import SlowReader
from appliance.store.database import Store

NORMAL = 1000
UNSUPPORTED_DATA = 1003
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TOO_SLOW = 4008
NOT_LOGGED_IN = 4401
FAREWELL_WITHIN_S = 5.0
LONGEST_REASON_BYTES = 123  # RFC 6455, 5.5
USE_NOTED_EVERY_S = 60.0

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
    """`/v1/feed?since=N&kinds=vm,job`: what was missed, then what happens, without gap or
    repetition. `may_see` says which changes a caller is told of.
    """

    def __init__(self, store: Store, gate: Gate, may_see: MaySee) -> None:
        self._store = store
        self._gate = gate
        self._may_see = may_see

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one subscriber."""
        try:
            caller = await self._gate.admit(socket, BYTES["feed.follow"])
            interest = self._interest(socket, caller)
        except ApiError as error:
            await _refuse(socket, error)
            return
        await socket.accept()
        gone = asyncio.create_task(_until_gone(socket))
        stream = FeedStream(self._store, interest, partial(_send, socket))
        send = asyncio.create_task(stream.run(socket.query_params.get("since")))
        over = asyncio.create_task(self._gate.until_over(caller.session))
        # What it may see is known from its beginning: with other rights it begins anew.
        changed = asyncio.create_task(self._gate.until_changed(caller.account_id))
        tasks = {gone, send, over, changed}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ending = _session_over(over) if over.done() else _how_it_ended(send)
            if changed.done() and not over.done():
                ending = _Ending(TOO_SLOW, "rights have changed: resume with since")
        finally:
            await _end(*tasks)
        await _farewell(socket, ending)

    def _interest(self, socket: WebSocket, caller: Caller) -> Interest:
        """What the subscriber asks for; raises InvalidInput for a kind that there is not."""
        text = socket.query_params.get("kinds", "")
        kinds = frozenset(text.split(",")) if text else frozenset[str]()
        unknown = kinds - self._store.kinds.by_name.keys()
        if unknown:
            raise InvalidInput(
                "request.bad_value",
                field="kinds",
                name="kinds",
                value=min(unknown)[:60],
                reason=f"kinds are {', '.join(sorted(self._store.kinds.by_name))}",
            )
        return Interest(caller, kinds, self._may_see, _is_compressed(socket))


class ConsoleSocket:
    """`/v1/console`: raw bytes both ways; the ticket is in the Authorization header."""

    def __init__(self, consoles: ConsoleGate, gate: Gate) -> None:
        self._consoles = consoles
        self._gate = gate

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one console."""
        scheme, _, token = socket.headers.get("authorization", "").partition(" ")
        session = self._gate.tickets.take(token) if scheme.lower() == "console" else None
        try:
            if session is None:
                raise Unauthenticated("console.bad_ticket")
            stream = await self._consoles.open(token, address_of(socket))
        except ApiError as error:
            await _refuse(socket, error)
            return
        await socket.accept()
        to_client = asyncio.create_task(_to_client(socket, stream))
        to_machine = asyncio.create_task(self._to_machine(socket, stream, session))
        over = asyncio.create_task(self._gate.until_over(session))
        try:
            tasks = {to_client, to_machine, over}
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            first = to_client if to_client.done() else to_machine
            ending = _session_over(over) if over.done() else _how_it_ended(first)
        finally:
            stream.close()
            await _end(to_client, to_machine, over)
        await _farewell(socket, ending)

    async def _to_machine(self, socket: WebSocket, stream: ConsoleStream, session: str) -> None:
        """What the client sends is use of its session as well."""
        noted_at = 0.0
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is None:
                raise _NotBytes
            await stream.write(message["bytes"])
            if time.monotonic() - noted_at > USE_NOTED_EVERY_S:
                noted_at = time.monotonic()
                await self._gate.used(session)


async def _to_client(socket: WebSocket, stream: ConsoleStream) -> None:
    while data := await stream.read():
        await socket.send_bytes(data)


def _is_compressed(socket: WebSocket) -> bool:
    text = socket.query_params.get("compress")
    if text not in (None, "zlib"):
        raise InvalidInput(
            "request.bad_value",
            field="compress",
            name="compress",
            value=text[:60],
            reason="zlib, or nothing",
        )
    return text is not None


async def _send(socket: WebSocket, message: Message) -> None:
    if isinstance(message, bytes):
        await socket.send_bytes(message)
    else:
        await socket.send_text(message)


async def _until_gone(socket: WebSocket) -> None:
    """Clients say nothing on the feed; this returns when they have gone."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


# How sockets end


class _NotBytes(Exception):
    """A client sent text where bytes are expected."""


@dataclass(frozen=True)
class _Ending:
    """The close frame, and an error that is told before it."""

    code: int = NORMAL
    reason: str = ""
    error: ApiError | None = None


def _session_over(over: asyncio.Task[str]) -> _Ending:
    if over.exception() is not None:
        log.error("session_watch_failed", exc_info=over.exception())
        return _Ending(INTERNAL_ERROR, "internal")
    return _Ending(NOT_LOGGED_IN, over.result(), Unauthenticated("session.required"))


def _how_it_ended(task: asyncio.Task[None]) -> _Ending:
    """From what ended one direction; `task` may still run when it was the client who left."""
    error = task.exception() if task.done() else None
    match error:
        # A RuntimeError is what sending on a socket raises that the client has closed.
        case None | WebSocketDisconnect() | RuntimeError():
            return _Ending()
        case SlowReader():
            return _Ending(TOO_SLOW, "too slow: resume with since")
        case _NotBytes():
            return _Ending(UNSUPPORTED_DATA, "a console takes bytes only")
        case ApiError():
            return _Ending(POLICY_VIOLATION, error.code, error)
    log.info("socket_broke", reason=str(error) or type(error).__name__)
    broken = Unavailable("console.broken")
    return _Ending(INTERNAL_ERROR, f"{broken.code}: {error}", broken)


async def _farewell(socket: WebSocket, ending: _Ending) -> None:
    """Tell a client why, then close. The error travels as a text frame: a reason is too short."""
    reason = ending.reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore")
    # The client may be gone, or take nothing any more: the connection ends all the same.
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(FAREWELL_WITHIN_S):
            if ending.error is not None:
                await socket.send_text(msgspec.json.encode(error_content(ending.error)).decode())
            await socket.close(ending.code, reason)


async def _refuse(socket: WebSocket, error: ApiError) -> None:
    await socket.accept()
    code = NOT_LOGGED_IN if error.status == 401 else POLICY_VIOLATION
    await _farewell(socket, _Ending(code, error.code, error))


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
