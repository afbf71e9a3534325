"""The client's copy of the cloud's resources, in the GUI thread: read it, watch its signals."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from appliance.protocol import resources as r
from desktop.net.bridge import Bridge
from desktop.net.client_ref import ClientRef
from desktop.net.feeder import (
    TYPES,
    Changed,
    Feeder,
    Item,
    Listed,
    LoggedOut,
    Offline,
    Online,
)

BINNED = (r.VmState.DESTROYED, r.VmState.EXPUNGING)
IS_BINNED: dict[str, Callable[[Any], bool]] = {
    "vm": lambda vm: vm.state in BINNED,
    "image": lambda image: image.deleted_at is not None,
    "volume": lambda volume: volume.deleted_at is not None,
}
"""Whether a resource of a kind that has a recycle bin is in it."""
FINISHED = (r.JobState.SUCCEEDED, r.JobState.FAILED, r.JobState.CANCELLED)


class Cache(QObject):
    """All resources by kind and id. `follow` keeps them fresh by the service's change feed."""

    changed = Signal(str, object, object)
    """(kind, list of new or changed resources, list of ids that are gone)."""

    reset = Signal(str)
    """A kind's list began anew: everything known of it before is void."""

    loaded = Signal(str)
    """The whole list of a kind has arrived."""

    connection = Signal(bool, object)
    """(online, the error that broke the connection or None)."""

    logged_out = Signal()
    """The session is over; if that has a reason, `Bridge.parting` keeps it for the next login."""

    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._by_kind: dict[str, dict[str, Any]] = {kind: {} for kind in TYPES}
        self._loaded: set[str] = set()
        self._binned: dict[str, set[str]] = {kind: set() for kind in IS_BINNED}
        self._stale: dict[str, set[str]] = {}
        self._online = False
        self._bridge: Bridge | None = None
        self._follower: concurrent.futures.Future[None] | None = None
        self._waiting: dict[str, list[asyncio.Future[r.Job]]] = {}
        self._arrived.connect(self.take, Qt.ConnectionType.QueuedConnection)

    @property
    def is_online(self) -> bool:
        """Whether what the cache holds is known to be fresh."""
        return self._online

    def is_loaded(self, kind: str) -> bool:
        """Whether the whole list of `kind` has arrived at least once."""
        return kind in self._loaded

    def get(self, kind: str, resource_id: str | None) -> Any | None:
        """The resource, or None if there is no such."""
        return self._by_kind[kind].get(resource_id) if resource_id else None

    def all(self, kind: str) -> list[Any]:
        """All resources of a kind, in no special order."""
        return list(self._by_kind[kind].values())

    def count(self, kind: str) -> int:
        """How many resources of a kind there are, without those in the recycle bin."""
        return len(self._by_kind[kind]) - len(self._binned.get(kind, ()))

    def name(self, kind: str, resource_id: str | None) -> str:
        """The name of a resource; empty if it is unknown."""
        resource = self.get(kind, resource_id)
        return str(getattr(resource, "name", ""))

    def follow(self, bridge: Bridge, ref: ClientRef) -> None:
        """Load everything and follow the feed until `stop`."""
        self.stop()
        self._bridge = bridge
        bridge.parting = None
        feeder = Feeder(ref, self._arrived.emit, lambda: ref.client.check_version())
        self._follower = bridge.submit(feeder.run())

    def stop(self) -> None:
        """Follow no longer; what is known stays readable."""
        if self._follower is not None:
            self._follower.cancel()
            self._follower = None

    async def wait_job(self, job_id: str) -> r.Job:
        """Wait until a job has finished, and return it. A GUI coroutine."""
        job = self.get("job", job_id)
        if job is not None and job.state in FINISHED:
            return job
        future: asyncio.Future[r.Job] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(job_id, []).append(future)
        return await future

    def put(self, kind: str, resources: Iterable[Any]) -> None:
        """Take resources as if the feed had brought them (for answers that came first)."""
        self._put(kind, list(resources), [])

    def clear(self) -> None:
        """Forget everything, before somebody else logs in."""
        self._loaded.clear()
        for binned in self._binned.values():
            binned.clear()
        for kind, known in self._by_kind.items():
            if known:
                known.clear()
                self.reset.emit(kind)

    def take(self, items: list[Item]) -> None:
        """Take a batch of what the feeder learned."""
        puts: dict[str, dict[str, Any]] = {}
        for item in items:
            if isinstance(item, Changed):
                puts.setdefault(item.kind, {})[item.id] = item.data
                continue
            self._flush(puts)
            if isinstance(item, Listed):
                self._take_list(item)
            elif isinstance(item, Online):
                self._set_online(online=True, error=None)
            elif isinstance(item, Offline):
                self._set_online(online=False, error=item.error)
            elif isinstance(item, LoggedOut):
                self._set_online(online=False, error=item.error)
                if self._bridge is not None:
                    self._bridge.parting = item.error
                self.logged_out.emit()
        self._flush(puts)

    def _take_list(self, page: Listed) -> None:
        # A list that is loaded again replaces the old one without emptying it in between, so
        # that tables keep their selection and place.
        if page.first:
            self._stale[page.kind] = set(self._by_kind[page.kind])
        stale = self._stale.get(page.kind, set())
        stale.difference_update(resource.id for resource in page.items)
        self._put(page.kind, page.items, list(stale) if page.last else [])
        if page.last:
            self._stale.pop(page.kind, None)
            self._loaded.add(page.kind)
            self.loaded.emit(page.kind)

    def _set_online(self, *, online: bool, error: Exception | None) -> None:
        self._online = online
        self.connection.emit(online, error)

    def _flush(self, changes: dict[str, dict[str, Any]]) -> None:
        for kind, by_id in changes.items():
            gone = [key for key, data in by_id.items() if data is None]
            self._put(kind, [data for data in by_id.values() if data is not None], gone)
        changes.clear()

    def _put(self, kind: str, resources: list[Any], gone: list[str]) -> None:
        known = self._by_kind[kind]
        if kind in IS_BINNED:
            is_binned = IS_BINNED[kind]
            self._binned[kind].difference_update(gone, (one.id for one in resources))
            self._binned[kind].update(one.id for one in resources if is_binned(one))
        for resource in resources:
            known[resource.id] = resource
        gone = [key for key in gone if known.pop(key, None) is not None]
        if resources or gone:
            self.changed.emit(kind, resources, gone)
        if kind == "job":
            self._wake(resources)

    def _wake(self, jobs: list[r.Job]) -> None:
        for job in jobs:
            if job.state in FINISHED:
                for future in self._waiting.pop(job.id, []):
                    if not future.done():
                        future.set_result(job)
