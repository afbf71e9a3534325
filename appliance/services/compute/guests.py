"""Stopping all guests with the appliance, and owing them a start: for the first-look way to run."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import VmState
from appliance.services.compute.models import VmRow
from appliance.services.parts import Parts
from appliance.store.database import Store, Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import ShutdownParams

GRACE_S = 20.0
SETTLE_S = 30.0
LOOK_EVERY_S = 0.1
STARTING = (VmState.STARTING, VmState.RESUMING, VmState.REBOOTING)

log = structlog.get_logger()


class GuestShutdown:
    """Stops running machines; `Compute.resume_stopped_by_us` starts them again."""

    def __init__(self, parts: Parts) -> None:
        self._store: Store = parts.store
        self._links: HostLinks = parts.hosts

    async def stop_all(self) -> None:
        """Shut every running machine down, gracefully first; those that just start as well."""
        await self._until_settled()

        def mark(tx: Transaction) -> list[tuple[str, str | None]]:
            rows = list(VmRow.select().where(VmRow.state == VmState.RUNNING))
            for vm in rows:
                vm.resume = True
                vm.save()
            return [(vm.id, vm.host_id) for vm in rows]

        running = await self._store.write(mark)
        await asyncio.gather(*(self._stop(vm_id, host_id) for vm_id, host_id in running))

    async def _until_settled(self) -> None:
        """Machines on their way to running are only stopped when they are there."""
        query = VmRow.select().where(VmRow.state.in_(STARTING))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while await self._store.read(query.exists):  # noqa: ASYNC110 the service is stopping
                    await asyncio.sleep(LOOK_EVERY_S)

    async def _stop(self, vm_id: str, host_id: str | None) -> None:
        if host_id is None:
            return
        try:
            await self._links.call(
                host_id,
                c.DOMAIN_SHUTDOWN,
                ShutdownParams(vm_id=vm_id, timeout_s=GRACE_S, force=True),
                timeout_s=GRACE_S + 30,
            )
        except ApiError as error:
            log.warning("guest_not_stopped", vm=vm_id, error=str(error))
