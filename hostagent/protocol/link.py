"""One end of the link: calls, events and streams over a connection. Used by both sides."""

import asyncio
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import structlog

from hostagent.protocol import frames as f
from hostagent.protocol.commands import Command
from hostagent.protocol.streams import Stream
from hostagent.protocol.trail import TRAIL

PING_EVERY_S = 5.0
DEAD_AFTER_S = 15.0
MAX_BACKLOG_BYTES = 8 * 1024**2

P = TypeVar("P")
R = TypeVar("R")
ProgressCallback = Callable[[int, int, str], None]

log = structlog.get_logger()


class LinkLost(Exception):
    """The connection is gone; whether the command was carried out is not known."""


class CallTimeout(Exception):
    """No answer in time."""


class CommandFailed(Exception):
    """A command could not be carried out. `code` is stable; `params` are its numbers and names.

    Raised by handlers to refuse, and by `Peer.call` on the other side.
    """

    def __init__(self, code: str, message: str, /, **params: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.params = params


@dataclass(frozen=True)
class CallContext:
    """What a handler may use besides its parameters."""

    peer: "Peer"
    progress: ProgressCallback


Handler = Callable[[Any, CallContext], Awaitable[Any]]


@dataclass
class _Pending:
    future: asyncio.Future[msgspec.Raw]
    on_progress: ProgressCallback | None


class Peer:
    """Call `run` in a task; it returns when the connection is over.

    Parameters: `is_service` keeps the stream ids of the two sides apart.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        is_service: bool,
        software: str = "",
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._stream_ids = itertools.count(1 if is_service else 2, 2)
        self._pending: dict[int, _Pending] = {}
        self._streams: dict[int, Stream] = {}
        self._handlers: dict[str, tuple[Command[Any, Any], Handler]] = {}
        self._events: dict[str, tuple[type[Any], Callable[[Any], None]]] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._pings: deque[asyncio.Future[None] | None] = deque()  # pongs come in their order
        self._last_heard = 0.0
        self._lost = False
        self.hello: f.Hello | None = None
        self._send(f.Hello(version=f.PROTOCOL_VERSION, software=software))

    # For users of the link

    def handle(
        self, command: Command[P, R], handler: Callable[[P, CallContext], Awaitable[R]]
    ) -> None:
        """Let `handler` carry out `command` when the other side asks for it."""
        self._handlers[command.name] = (command, handler)

    def on_event(self, topic: str, kind: type[P], callback: Callable[[P], None]) -> None:
        """Call `callback` for each event of this topic."""
        self._events[topic] = (kind, callback)

    def notify(self, topic: str, data: Any) -> None:
        """Tell the other side that something happened; lost if the link is."""
        self._send(f.Event(topic=topic, data=msgspec.Raw(msgspec.msgpack.encode(data))))

    async def call(
        self,
        command: Command[P, R],
        params: P,
        *,
        timeout_s: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> R:
        """Let the other side carry out `command`.

        Raises CommandFailed as it answered, LinkLost, or CallTimeout.
        """
        if self._lost:
            raise LinkLost(command.name)
        request_id = next(self._ids)
        pending = _Pending(asyncio.get_running_loop().create_future(), on_progress)
        self._pending[request_id] = pending
        body = msgspec.Raw(msgspec.msgpack.encode(params))
        self._send(f.Request(id=request_id, command=command.name, params=body, trail=TRAIL.get()))
        try:
            async with asyncio.timeout(timeout_s or command.timeout_s):
                raw = await pending.future
        except TimeoutError:
            self._send(f.Cancel(id=request_id))
            raise CallTimeout(command.name) from None
        except asyncio.CancelledError:
            self._send(f.Cancel(id=request_id))
            raise
        finally:
            del self._pending[request_id]
        return msgspec.msgpack.decode(raw, type=command.result)

    async def round_trip(self) -> None:
        """Wait until the other side has answered something that is sent now; raises LinkLost."""
        if self._lost:
            raise LinkLost("ping")
        answered = asyncio.get_running_loop().create_future()
        self._ping(answered)
        await answered

    @property
    def is_lost(self) -> bool:
        """Whether the connection is over."""
        return self._lost

    def open_stream(self) -> Stream:
        """A new stream; give its id to the other side in a command's parameters."""
        return self.stream(next(self._stream_ids))

    def stream(self, stream_id: int) -> Stream:
        """The stream that the other side opened with this id (or that we opened)."""
        stream = self._streams.get(stream_id)
        if stream is None:
            stream = self._streams[stream_id] = Stream(stream_id, self._send)
            if self._lost:
                stream.end("link lost")
        return stream

    async def run(self) -> None:
        """Serve the connection until it ends or dies; never raises for that."""
        loop = asyncio.get_running_loop()
        self._last_heard = loop.time()
        heartbeat = asyncio.create_task(self._heartbeat())
        try:
            while True:
                frame = await f.read_frame(self._reader)
                self._last_heard = loop.time()
                self._accept(frame)
        except (OSError, EOFError, f.ProtocolError) as error:
            log.info("link_ended", reason=str(error) or type(error).__name__)
        finally:
            heartbeat.cancel()
            self._finish()

    def close(self) -> None:
        """End the connection."""
        self._writer.close()

    def abort(self) -> None:
        """End the connection at once, also if nobody is at the other end any more."""
        self._writer.transport.abort()

    # The wire

    def _send(self, frame: f.Frame) -> None:
        if self._lost or self._writer.is_closing():
            return
        transport = self._writer.transport
        if transport.get_write_buffer_size() > MAX_BACKLOG_BYTES * 8:
            log.warning("link_backlog", size_bytes=transport.get_write_buffer_size())
            transport.abort()
            return
        self._writer.write(f.encode(frame))

    async def _heartbeat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_EVERY_S)
            if loop.time() - self._last_heard > DEAD_AFTER_S:
                log.warning("link_silent", seconds=DEAD_AFTER_S)
                self._writer.transport.abort()
                return
            self._ping(None)

    def _ping(self, answered: asyncio.Future[None] | None) -> None:
        self._pings.append(answered)
        self._send(f.Ping())

    def _accept(self, frame: f.Frame) -> None:
        match frame:
            case f.Request():
                task = asyncio.create_task(self._carry_out(frame), name=frame.command)
                self._running[frame.id] = task
                task.add_done_callback(lambda _: self._running.pop(frame.id, None))
            case f.Reply() | f.Failure():
                self._answer(frame)
            case f.Progress():
                self._progress(frame)
            case f.Cancel():
                task = self._running.get(frame.id)
                if task is not None:
                    task.cancel()
            case f.Event():
                self._dispatch(frame)
            case f.StreamData() | f.StreamCredit() | f.StreamClose():
                self._accept_stream(frame)
            case f.Ping():
                self._send(f.Pong())
            case f.Pong():
                self._ponged()
            case f.Hello():
                self.hello = frame
                if frame.version != f.PROTOCOL_VERSION:
                    raise f.ProtocolError(f"version {frame.version} is not spoken here")

    def _progress(self, frame: f.Progress) -> None:
        pending = self._pending.get(frame.id)
        if pending is not None and pending.on_progress is not None:
            pending.on_progress(frame.done, frame.total, frame.unit)

    def _ponged(self) -> None:
        answered = self._pings.popleft() if self._pings else None
        if answered is not None and not answered.done():
            answered.set_result(None)

    def _accept_stream(self, frame: f.StreamData | f.StreamCredit | f.StreamClose) -> None:
        stream = self.stream(frame.stream)
        if not stream.accept(frame):
            raise f.ProtocolError(f"stream {frame.stream}: more bytes than granted")
        if stream.is_over:
            del self._streams[frame.stream]

    def _answer(self, frame: f.Reply | f.Failure) -> None:
        pending = self._pending.get(frame.id)
        if pending is None or pending.future.done():
            return
        if isinstance(frame, f.Reply):
            pending.future.set_result(frame.result)
        else:
            pending.future.set_exception(CommandFailed(frame.code, frame.message, **frame.params))

    def _dispatch(self, frame: f.Event) -> None:
        entry = self._events.get(frame.topic)
        if entry is None:
            return
        kind, callback = entry
        try:
            callback(msgspec.msgpack.decode(frame.data, type=kind))
        except Exception:
            log.exception("event_handler_failed", topic=frame.topic)

    async def _carry_out(self, frame: f.Request) -> None:
        entry = self._handlers.get(frame.command)
        if entry is None:
            failure = f.Failure(
                id=frame.id, code="agent.unknown_command", message=f"no command {frame.command}"
            )
            self._send(failure)
            return
        command, handler = entry

        def progress(done: int, total: int, unit: str) -> None:
            self._send(f.Progress(id=frame.id, done=done, total=total, unit=unit))

        if frame.trail is not None:
            TRAIL.set(frame.trail)
            trail = msgspec.structs.asdict(frame.trail)
            structlog.contextvars.bind_contextvars(**{k: v for k, v in trail.items() if v})
        try:
            params = msgspec.msgpack.decode(frame.params, type=command.params)
            result = await handler(params, CallContext(self, progress))
            body = msgspec.Raw(msgspec.msgpack.encode(result))
            self._send(f.Reply(id=frame.id, result=body))
        except CommandFailed as error:
            log.info("command_refused", command=frame.command, reason=str(error))
            self._send(
                f.Failure(id=frame.id, code=error.code, message=error.message, params=error.params)
            )
        except msgspec.MsgspecError as error:
            self._send(f.Failure(id=frame.id, code="agent.bad_parameters", message=str(error)))
        except Exception as error:
            log.exception("command_failed", command=frame.command)
            message = f"{type(error).__name__}: {error}"
            self._send(f.Failure(id=frame.id, code="agent.internal", message=message))

    def _finish(self) -> None:
        self._lost = True
        self._writer.close()
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(LinkLost("link lost"))
        for answered in self._pings:
            if answered is not None and not answered.done():
                answered.set_exception(LinkLost("link lost"))
        for stream in self._streams.values():
            stream.end("link lost")
        for task in self._running.values():
            task.cancel()
