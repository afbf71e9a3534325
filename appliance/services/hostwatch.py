"""What happens when an agent connects, disconnects or reports: each service does its part."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import structlog

from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.services.compute.service import Compute
from appliance.services.compute.sync import StateSync
from appliance.services.infrastructure.service import Infrastructure
from appliance.services.networks.service import Networks
from appliance.services.storage.service import Storage
from appliance.services.upkeep.recovery import Recovery
from hostagent.protocol.domain import DomainReport

REFRESH_EVERY_S = 60.0

log = structlog.get_logger()


class HostWatch:
    """Keeps hosts in step. One task a host, so that its events are handled in order."""

    def __init__(
        self,
        links: HostLinks,
        *,
        infrastructure: Infrastructure,
        storage: Storage,
        networks: Networks,
        compute: Compute,
        sync: StateSync,
        recovery: Recovery,
    ) -> None:
        self._links = links
        self._infrastructure = infrastructure
        self._storage = storage
        self._networks = networks
        self._compute = compute
        self._sync = sync
        self._recovery = recovery
        self._queues: dict[str, asyncio.Queue[Coroutine[Any, Any, None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to watch."""
        self._links.on_connected(self._connected)
        self._links.on_disconnected(self._disconnected)
        self._infrastructure.on_host_added(self._connected)
        self._links.on_event("domain.state", self._domain_state)
        self._spawn(self._refresh_forever(), "storage refresh")

    async def stop(self) -> None:
        """Stop watching."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._queues.values():
            while not queue.empty():
                queue.get_nowait().close()

    def _connected(self, host_id: str) -> None:
        self._enqueue(host_id, self._after_connect(host_id))

    def _disconnected(self, host_id: str) -> None:
        self._enqueue(host_id, self._after_disconnect(host_id))

    def _domain_state(self, host_id: str, report: DomainReport) -> None:
        self._sync.note(host_id, report)
        self._enqueue(host_id, self._adopt(host_id, report.vm_id))

    async def _adopt(self, host_id: str, vm_id: str) -> None:
        await self._sync.adopt(vm_id)
        await self._recovery.resume(host_id)

    async def _after_connect(self, host_id: str) -> None:
        await self._infrastructure.note_link(host_id)
        await self._networks.host_connected(host_id)
        await self._sync.host_connected(host_id)
        await self._compute.resume_stopped_by_us(host_id)
        await self._infrastructure.baselines.host_connected(host_id)
        await self._recovery.resume(host_id)
        await self._refresh(host_id)

    async def _after_disconnect(self, host_id: str) -> None:
        await self._infrastructure.note_link(host_id)
        if not self._links.is_connected(host_id):
            await self._sync.host_disconnected(host_id)

    def _enqueue(self, host_id: str, work: Coroutine[Any, Any, None]) -> None:
        queue = self._queues.get(host_id)
        if queue is None:
            queue = self._queues[host_id] = asyncio.Queue()
            self._spawn(self._work(host_id, queue), f"watch {host_id}")
        queue.put_nowait(work)

    async def _work(self, host_id: str, queue: asyncio.Queue[Coroutine[Any, Any, None]]) -> None:
        while True:
            work = await queue.get()
            try:
                await work
            except ApiError as error:
                log.warning("host_watch", host=host_id, error=str(error))
            except Exception:
                log.exception("host_watch_failed", host=host_id)

    async def _refresh_forever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_EVERY_S)
            for host_id in self._links.connected():
                self._enqueue(host_id, self._recovery.look_again(host_id))
                await self._refresh(host_id)

    async def _refresh(self, host_id: str) -> None:
        with contextlib.suppress(ApiError):  # the next round sees it again
            await self._storage.refresh(host_id)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
