"""The recycle bin of virtual machines: those that lay in it for the whole period go for good."""

from __future__ import annotations

import structlog

from appliance.engine.calls import SYSTEM
from appliance.engine.settings import Settings
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import VmState
from appliance.services.compute.models import VmRow
from appliance.services.compute.service import Compute
from appliance.services.settings import VM_DELETION, VM_DELETION_PERIOD_S
from appliance.store.database import Store
from appliance.store.fields import now_ms, tuples

AT_ONCE = 100

log = structlog.get_logger()


class RecycleBin:
    """Expunges machines that are over their period; does nothing unless the policy is delay."""

    def __init__(self, store: Store, compute: Compute, settings: Settings) -> None:
        self._store = store
        self._compute = compute
        self._settings = settings

    async def sweep(self) -> int:
        """Let go what is due; returns how many machines."""
        if self._settings.get(VM_DELETION) != "delay":
            return 0
        before = now_ms() - self._settings.get(VM_DELETION_PERIOD_S) * 1000
        query = VmRow.select(VmRow.id).where(
            VmRow.state == VmState.DESTROYED, VmRow.destroyed_at < before
        )
        due = await self._store.read(lambda: tuples(query.limit(AT_ONCE)))
        for (vm_id,) in due:
            try:
                await self._compute.act(SYSTEM, "expunge", vm_id)
            except ApiError as error:  # somebody was quicker
                log.info("not_expunged", vm=vm_id, reason=str(error))
        return len(due)
