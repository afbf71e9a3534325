"""All links to agents: who is connected, typed calls with our errors, streams, events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import structlog

from appliance.hosts.lanes import Lanes, OnWait
from appliance.protocol.errors import ApiError, Conflict, Unavailable
from appliance.protocol.texts_errors import ERRORS
from hostagent.protocol.commands import Command
from hostagent.protocol.domain import DomainReport
from hostagent.protocol.drops import DropReport
from hostagent.protocol.link import CallTimeout, CommandFailed, LinkLost, Peer
from hostagent.protocol.load import LoadReport
from hostagent.protocol.migration import MigrationProgress
from hostagent.protocol.storage import StorageStatus
from hostagent.protocol.streams import Stream, StreamBroken

P = TypeVar("P")
R = TypeVar("R")

WAIT_FOR_LINK_S = 15.0
ATTEMPTS = 3
EVENTS: dict[str, type[Any]] = {
    "domain.state": DomainReport,
    "network.drops": DropReport,
    "host.load": LoadReport,
    "migration.progress": MigrationProgress,
    "storage.status": StorageStatus,
}

log = structlog.get_logger()

HostStream = Stream


class HostLinks:
    """The one place through which services reach hosts."""

    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}
        self._names: dict[str, str] = {}
        self._arrival = asyncio.Condition()
        self._lanes = Lanes()
        self._connected_callbacks: list[Callable[[str], None]] = []
        self._disconnected_callbacks: list[Callable[[str], None]] = []
        self._event_callbacks: dict[str, Callable[[str, Any], None]] = {}

    # What services ask

    def is_connected(self, host_id: str) -> bool:
        """Whether the host's agent is linked now (may be called from any thread)."""
        return host_id in self._peers

    def connected(self) -> list[str]:
        """Ids of all hosts that are linked now."""
        return list(self._peers)

    def name_of(self, host_id: str) -> str:
        """The host's name as its agent told it, for error texts."""
        return self._names.get(host_id, host_id)

    async def call(
        self,
        host_id: str,
        command: Command[P, R],
        params: P,
        *,
        report: Callable[[int, int, str], None] | None = None,
        on_wait: OnWait | None = None,
        timeout_s: float | None = None,
        wait_s: float = WAIT_FOR_LINK_S,
        code: str | None = None,
    ) -> R:
        """Let the host carry out `command`.

        Waits `wait_s` for a host that is just reconnecting, and repeats a command whose link
        broke: commands bear that. `code` names failures that have no text of their own;
        `on_wait` is told when the host is busy. Raises ApiError.
        """
        name = self.name_of(host_id)
        try:
            async with self._lanes.place(host_id, name, command.name, on_wait):
                return await self._call_again(host_id, command, params, report, timeout_s, wait_s)
        except CommandFailed as error:
            raise self._translated(host_id, command, error, code) from error
        except LinkLost as error:
            raise Unavailable("host.link_lost", name=self.name_of(host_id)) from error
        except CallTimeout as error:
            raise Unavailable(
                "host.timeout", name=self.name_of(host_id), command=command.name
            ) from error

    async def _call_again(
        self,
        host_id: str,
        command: Command[P, R],
        params: P,
        report: Callable[[int, int, str], None] | None,
        timeout_s: float | None,
        wait_s: float,
    ) -> R:
        for _ in range(ATTEMPTS - 1):
            peer = await self._peer(host_id, wait_s)
            try:
                return await peer.call(command, params, timeout_s=timeout_s, on_progress=report)
            except LinkLost:
                log.info("command_repeated", host=host_id, command=command.name)
        peer = await self._peer(host_id, wait_s)
        return await peer.call(command, params, timeout_s=timeout_s, on_progress=report)

    async def open_stream(
        self, host_id: str, command: Command[P, R], params: Callable[[int], P]
    ) -> HostStream:
        """A stream that `command` connects to something on the host; raises ApiError."""
        peer = await self._peer(host_id)
        stream = peer.open_stream()
        try:
            await self._call_on(peer, host_id, command, params(stream.id))
        except ApiError:
            stream.close("not opened")
            raise
        return stream

    async def _call_on(self, peer: Peer, host_id: str, command: Command[P, R], params: P) -> R:
        """A call that belongs to a stream of this very link: it cannot be repeated."""
        try:
            return await peer.call(command, params)
        except CommandFailed as error:
            raise self._translated(host_id, command, error, None) from error
        except (LinkLost, CallTimeout) as error:
            raise Unavailable("host.link_lost", name=self.name_of(host_id)) from error

    @contextlib.asynccontextmanager
    async def stream_call(
        self, host_id: str, command: Command[P, R], params: Callable[[int], P]
    ) -> AsyncIterator[HostStream]:
        """Send bytes along with a command: write into the stream, then leave the block.

        Leaving waits for the command's answer. Raises ApiError as the host answered.
        """
        peer = await self._peer(host_id)
        stream = peer.open_stream()
        answer = asyncio.create_task(self._call_on(peer, host_id, command, params(stream.id)))
        answer.add_done_callback(lambda ended: _let_go(stream, ended))
        try:
            try:
                yield stream
            except StreamBroken:
                await answer  # tells why, if the host refused
                raise Unavailable("host.link_lost", name=self.name_of(host_id)) from None
            stream.close()
            await answer
        finally:
            stream.close("given up")
            if not answer.done():
                answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    def on_connected(self, callback: Callable[[str], None]) -> None:
        """Call `callback(host_id)` whenever a host's link is up."""
        self._connected_callbacks.append(callback)

    def on_disconnected(self, callback: Callable[[str], None]) -> None:
        """Call `callback(host_id)` whenever a host's link is gone."""
        self._disconnected_callbacks.append(callback)

    def on_event(self, topic: str, callback: Callable[[str, Any], None]) -> None:
        """Call `callback(host_id, data)` for each event of this topic from any host."""
        self._event_callbacks[topic] = callback

    # What the listener tells

    async def attach(self, host_id: str, name: str, peer: Peer) -> None:
        """A host's link is up; an older link of the same host is dropped."""
        old = self._peers.get(host_id)
        if old is not None:
            old.close()
        self._names[host_id] = name
        for topic, callback in self._event_callbacks.items():
            peer.on_event(topic, EVENTS[topic], _with_host(callback, host_id))
        self._peers[host_id] = peer
        log.info("host_connected", host=host_id, name=name)
        async with self._arrival:
            self._arrival.notify_all()
        for callback in self._connected_callbacks:
            callback(host_id)

    def detach(self, host_id: str, peer: Peer) -> None:
        """A link has ended; does nothing if a newer link has taken its place."""
        if self._peers.get(host_id) is not peer:
            return
        del self._peers[host_id]
        log.info("host_disconnected", host=host_id)
        for callback in self._disconnected_callbacks:
            callback(host_id)

    def drop(self, host_id: str) -> None:
        """End a host's link, if there is one; the host dials again by itself."""
        peer = self._peers.get(host_id)
        if peer is not None:
            peer.abort()

    def close_all(self) -> None:
        """End all links."""
        for peer in list(self._peers.values()):
            peer.close()

    async def _peer(self, host_id: str, wait_s: float = WAIT_FOR_LINK_S) -> Peer:
        try:
            async with asyncio.timeout(wait_s), self._arrival:
                await self._arrival.wait_for(lambda: self._is_alive(host_id))
        except TimeoutError:
            raise Unavailable("host.not_connected", name=self.name_of(host_id)) from None
        return self._peers[host_id]

    def _is_alive(self, host_id: str) -> bool:
        """A link that has just broken may still be listed for a moment."""
        peer = self._peers.get(host_id)
        return peer is not None and not peer.is_lost

    def _translated(
        self, host_id: str, command: Command[Any, Any], error: CommandFailed, code: str | None
    ) -> ApiError:
        if error.code in ERRORS:
            params = {"name": self.name_of(host_id)} | error.params
            return Conflict(error.code, **params)
        return Unavailable(
            code or "host.command_failed",
            name=self.name_of(host_id),
            command=command.name,
            reason=error.message,
        )


def _let_go(stream: HostStream, answer: asyncio.Task[Any]) -> None:
    """A host that has refused takes no bytes any more: nobody waits for it to do so."""
    if answer.cancelled() or answer.exception() is not None:
        stream.end("refused")


def _with_host(callback: Callable[[str, Any], None], host_id: str) -> Callable[[Any], None]:
    return lambda data: callback(host_id, data)
