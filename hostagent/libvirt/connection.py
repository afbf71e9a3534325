"""The connection to libvirtd: calls in threads, events on our loop, reconnects by itself."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import libvirt
import structlog

from hostagent.protocol.link import CommandFailed

T = TypeVar("T")

KEEPALIVE_S = 5
KEEPALIVE_COUNT = 3
RETRY_S = 2.0
THREADS = 8

log = structlog.get_logger()

_loop_started = threading.Event()


def start_event_loop() -> None:
    """Start libvirt's own event loop in a daemon thread; must precede the first connection."""
    if _loop_started.is_set():
        return
    _loop_started.set()
    libvirt.registerErrorHandler(lambda *_: None, None)  # errors reach us as exceptions
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_run_events, name="libvirt-events", daemon=True).start()


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


class LibvirtDown(CommandFailed):
    """libvirtd does not answer now."""

    def __init__(self, reason: str) -> None:
        super().__init__("host.libvirt_down", reason)


class Connection:
    """One connection, made again whenever it is lost.

    Callbacks run on the asyncio loop: `on_up` after each (re)connection, `on_event` with
    (domain uuid text, event, detail) for each life-cycle event.
    """

    def __init__(
        self,
        uri: str,
        *,
        on_up: Callable[[], None],
        on_event: Callable[[str, int, int], None],
    ) -> None:
        self._uri = uri
        self._on_up = on_up
        self._on_event = on_event
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="libvirt")
        self._connection: Any = None
        self._lost = asyncio.Event()
        self._up = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        start_event_loop()
        self._task = asyncio.create_task(self._stay_connected(), name="libvirt connection")

    async def stop(self) -> None:
        """Disconnect. Machines go on running."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(libvirt.libvirtError):
                await asyncio.to_thread(connection.close)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, closure: Callable[[Any], T], *, wait_s: float = 10.0) -> T:
        """Run `closure(virConnect)` in a thread.

        Raises LibvirtDown when libvirtd does not come back within `wait_s`, and what the
        closure raises (libvirt.libvirtError).
        """
        try:
            async with asyncio.timeout(wait_s):
                await self._up.wait()
        except TimeoutError:
            raise LibvirtDown("libvirtd does not answer") from None
        connection = self._connection
        try:
            return await self._loop.run_in_executor(self._pool, closure, connection)
        except libvirt.libvirtError as error:
            if _is_broken(error):
                self._note_lost()
                raise LibvirtDown(str(error)) from error
            raise

    async def _stay_connected(self) -> None:
        said = False
        while True:
            try:
                connection = await self._loop.run_in_executor(self._pool, self._open)
            except libvirt.libvirtError as error:
                if not said:
                    log.warning("libvirt_unreachable", uri=self._uri, reason=str(error))
                    said = True
                await asyncio.sleep(RETRY_S)
                continue
            said = False
            self._connection = connection
            self._lost.clear()
            self._up.set()
            log.info("libvirt_connected", uri=self._uri)
            self._on_up()
            await self._lost.wait()
            self._up.clear()
            self._connection = None
            log.warning("libvirt_lost", uri=self._uri)
            with contextlib.suppress(libvirt.libvirtError):
                await self._loop.run_in_executor(self._pool, connection.close)

    def _open(self) -> Any:
        connection = libvirt.open(self._uri)
        _keep_alive(connection, self._closed)
        connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._lifecycle, None
        )
        return connection

    # Called in libvirt's thread: only hand over.

    def _closed(self, connection: Any, reason: int, opaque: Any) -> None:
        self._loop.call_soon_threadsafe(self._note_lost)

    def _lifecycle(self, connection: Any, domain: Any, event: int, detail: int, _: Any) -> None:
        uuid = domain.UUIDString()
        self._loop.call_soon_threadsafe(self._on_event, uuid, event, detail)

    def _note_lost(self) -> None:
        self._lost.set()


def _is_broken(error: libvirt.libvirtError) -> bool:
    broken = (
        libvirt.VIR_ERR_SYSTEM_ERROR,
        libvirt.VIR_ERR_INTERNAL_ERROR,
        libvirt.VIR_ERR_INVALID_CONN,
        libvirt.VIR_ERR_RPC,
    )
    domain = error.get_error_domain()
    remote = (libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE)
    return error.get_error_code() in broken and domain in remote


def _keep_alive(connection: Any, closed: Callable[[Any, int, Any], None]) -> None:
    """Notice when a daemon is gone; drivers without one (`test:///default`) cannot lose it."""
    try:
        connection.registerCloseCallback(closed, None)
        connection.setKeepAlive(KEEPALIVE_S, KEEPALIVE_COUNT)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
