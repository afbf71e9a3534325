"""Stays linked to the management service: dials, serves, and dials again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import structlog

from hostagent.link.enrol import Identity
from hostagent.protocol.link import Peer

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
CONNECT_S = 10.0
KNOCK_EVERY_S, KNOCK_WITHIN_S = 1.0, 3.0
RENEW_AFTER_S = 2.0

log = structlog.get_logger()


class Dialler:
    """Keeps one link to each address of the service.

    Parameters: `prepare` gives a new link its handlers before any command is read.
    """

    def __init__(self, folder: Path, identity: Identity, prepare: Callable[[Peer], None]) -> None:
        self._identity = identity
        self._prepare = prepare
        self._tls = _context(folder, identity)
        self._tasks: list[asyncio.Task[None]] = []
        self._peers: set[Peer] = set()

    def start(self) -> None:
        """Begin to dial."""
        for host, port in self._identity.addresses:
            task = asyncio.create_task(self._stay(host, port), name=f"link {host}:{port}")
            self._tasks.append(task)

    async def stop(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def is_linked(self) -> bool:
        """Whether any service is linked now."""
        return bool(self._peers)

    def notify(self, topic: str, data: object) -> None:
        """Tell every service that is linked now."""
        for peer in self._peers:
            peer.notify(topic, data)

    async def is_heard(self, timeout_s: float) -> bool:
        """Whether a service answers something that is asked now: by a link, or a new connection."""
        ways: list[Coroutine[Any, Any, None]] = [peer.round_trip() for peer in self._peers]
        ways += [self._knock(*address) for address in self._identity.addresses]
        pending = {asyncio.create_task(way) for way in ways}
        try:
            async with asyncio.timeout(timeout_s):
                while pending:
                    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                    if any(task.exception() is None for task in done):
                        return True
        except TimeoutError:
            pass
        finally:
            for task in pending:
                task.cancel()
        return False

    async def renew(self) -> None:
        """Dial at once instead of waiting for links that do not answer."""
        answers = (asyncio.wait_for(peer.round_trip(), RENEW_AFTER_S) for peer in self._peers)
        found = await asyncio.gather(*answers, return_exceptions=True)
        if found and not any(isinstance(one, BaseException) for one in found):
            return
        log.info("links_renewed")
        for peer in list(self._peers):
            peer.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self.start()

    async def _knock(self, host: str, port: int) -> None:
        """Returns once the service has answered a connection that is made anew."""
        while True:
            await asyncio.sleep(KNOCK_EVERY_S)
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(KNOCK_WITHIN_S):
                    _, writer = await asyncio.open_connection(host, port, ssl=self._tls)
                writer.transport.abort()
                return

    async def _stay(self, host: str, port: int) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._serve_once(host, port)
            except (OSError, TimeoutError) as error:
                log.info("link_failed", host=host, port=port, reason=str(error))
            if asyncio.get_running_loop().time() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 only spreads load
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _serve_once(self, host: str, port: int) -> None:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=self._tls)
        peer = Peer(reader, writer, is_service=False, software="anyun-agent")
        self._prepare(peer)
        self._peers.add(peer)
        log.info("link_up", host=host, port=port)
        try:
            await peer.run()
        finally:
            self._peers.discard(peer)
            peer.close()


def _context(folder: Path, identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the appliance's own CA is the only one trusted here
    context.load_verify_locations(cadata=identity.ca_pem)
    context.load_cert_chain(folder / "agent.crt", folder / "agent.key")
    return context
