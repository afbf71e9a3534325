"""The bridge between the GUI thread and the one background thread that does all networking.

The background thread runs a stock asyncio loop. GUI coroutines (under qasync) await
`Bridge.run(coro)`; what the service pushes comes back as one Qt signal per batch.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog
from PySide6.QtCore import QObject, Qt, Signal

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Bridge(QObject):
    """Owns the network thread. Make one in the GUI thread, call `start`, at the end `close`."""

    failed = Signal(object)
    """An exception that escaped from a GUI task; the main window shows it."""

    _finished = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parting: Exception | None = None
        """Why the appliance had to be left, until somebody logs in again: the login window, made
        when everything else of the last login is gone, tells it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="network", daemon=True)
        self._gui_tasks: set[asyncio.Task[Any]] = set()
        self._finished.connect(_deliver, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Start the network thread."""
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run `coroutine` in the network thread; cancel the future to cancel it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await in the GUI what runs in the network thread; its errors are raised here."""
        return await asyncio.wrap_future(self.submit(coroutine))

    def fetch(
        self,
        coroutine: Coroutine[Any, Any, T],
        done: Callable[[T], object],
        failed: Callable[[BaseException], object] | None = None,
    ) -> concurrent.futures.Future[T]:
        """Run `coroutine` in the network thread, then call `done` or `failed` in the GUI thread.

        For plain slots that need no coroutine; without `failed` errors go to the signal `failed`.
        """
        future = self.submit(coroutine)

        def finish(finished: concurrent.futures.Future[T]) -> None:
            if finished.cancelled():
                return
            error = finished.exception()
            with contextlib.suppress(RuntimeError):  # the application is gone
                if error is None:
                    self._finished.emit(done, finished.result())
                else:
                    self._finished.emit(failed or self.failed.emit, error)

        future.add_done_callback(finish)
        return future

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a GUI coroutine from a slot; errors it lets escape go to the signal `failed`."""
        task = asyncio.get_event_loop().create_task(coroutine)
        self._gui_tasks.add(task)
        task.add_done_callback(self._gui_task_done)
        return task

    async def close(self) -> None:
        """Cancel what still runs, stop the thread and wait for it. Safe to call twice."""
        for task in list(self._gui_tasks):
            if task is not asyncio.current_task():
                task.cancel()
        if self._thread.is_alive():
            future = asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop)
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.wrap_future(future), timeout=5)
        self.stop()

    def stop(self) -> None:
        """Stop the network thread at once, without waiting for what runs in it."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_cancel_all())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _gui_task_done(self, task: asyncio.Task[Any]) -> None:
        self._gui_tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed.emit(error)


class Batcher:
    """Collects items in the network thread and hands them over at most 20 times a second."""

    def __init__(self, deliver: Callable[[list[Any]], object], interval_s: float = 0.05) -> None:
        self._deliver = deliver
        self._interval_s = interval_s
        self._items: list[Any] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def add(self, item: Any) -> None:
        """Queue one item; the first after a quiet time leaves at once."""
        self._items.append(item)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            wait_s = max(0.0, self._last + self._interval_s - loop.time())
            self._timer = loop.call_later(wait_s, self.flush)

    def flush(self) -> None:
        """Hand over what is queued now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._items:
            items, self._items = self._items, []
            self._last = asyncio.get_running_loop().time()
            self._deliver(items)


def single_flight(
    method: Callable[..., Awaitable[Any]],
) -> Callable[..., Coroutine[Any, Any, None]]:
    """Decorate an async method: a second call while the first still runs does nothing."""
    name = f"_in_flight_{method.__name__}"

    async def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        if getattr(self, name, False):
            return
        setattr(self, name, True)
        try:
            await method(self, *args, **kwargs)
        finally:
            setattr(self, name, False)

    guarded.__doc__ = method.__doc__
    return guarded


def _deliver(function: Callable[[Any], object], value: Any) -> None:
    function(value)


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
