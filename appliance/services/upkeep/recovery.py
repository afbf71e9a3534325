"""Starting machines again that ran when their host went, once the host is back.

The service does it, not libvirt: so the host has its network document first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from appliance.engine.calls import Call
from appliance.protocol.hosts import VmSetRecovery
from appliance.protocol.resources import VmState
from appliance.services.compute.owed import forget_debt
from appliance.services.compute.service import Compute
from appliance.services.compute.standing import load_standing
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database

# A host that has booted anew runs nothing of these any more; others are in the hands of jobs that
# bring them up or down themselves.
RAN = (VmState.RUNNING, VmState.PAUSED, VmState.UNKNOWN)
RAN_WITH_JOBS = (*RAN, VmState.REBOOTING, VmState.PAUSING, VmState.RESUMING)

_DUE = """
    SELECT o.vm_id, v.name, v.state FROM vm_owed o
    JOIN vm v ON v.id = o.vm_id
    JOIN host h ON h.id = o.host_id
    JOIN agent a ON a.id = h.agent_id
    WHERE o.host_id = ? AND h.connected AND h.state IN ('enabled', 'disabled')
      AND (o.cause = 'maintenance' OR json_extract(a.facts, '$.boot_id') <> o.boot_id)
    ORDER BY v.created_at
"""

log = structlog.get_logger()


class Recovery:
    """What becomes of machines when their host comes back."""

    def __init__(self, parts: Parts, compute: Compute) -> None:
        self._store, self._links = parts.store, parts.hosts
        self._compute = compute
        self._owed = compute.owed
        self._tasks: set[asyncio.Task[None]] = set()
        parts.registry.bind("vm.set_recovery", self._set)

    async def start(self) -> None:
        """Remember which hosts owe something."""
        query = "SELECT DISTINCT host_id FROM vm_owed"
        rows = await self._store.read(lambda: database.execute_sql(query).fetchall())
        self._owed.hosts |= {host_id for (host_id,) in rows}

    async def stop(self) -> None:
        """Stop what goes on; what is owed is kept."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def host_booted(self, tx: Transaction, host_id: str, boot_id: str) -> None:
        """A host tells that it has booted since `boot_id`: nothing of then runs any more.

        Nobody knows how its machines stand until it has been asked.
        """
        marks = ",".join("?" * len(RAN_WITH_JOBS))
        rows = tx.execute(
            f"SELECT id, state FROM vm WHERE host_id = ? AND state IN ({marks})",  # noqa: S608
            *(host_id, *RAN_WITH_JOBS),
        ).fetchall()
        for vm_id, state in rows:
            self._owed.owe_after_boot(tx, vm_id, host_id, boot_id)
            if state in RAN:
                tx.execute(
                    "UPDATE vm SET state = ?, state_reason = 'host_booted' WHERE id = ?",
                    *(VmState.UNKNOWN, vm_id),
                )
                tx.touch("vm", vm_id)
        log.info("host_booted", host=host_id, machines=len(rows))

    def resume_soon(self, host_id: str) -> None:
        """The same as `resume`, beside what goes on."""
        task = asyncio.create_task(self.resume(host_id), name=f"recovery {host_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def resume(self, host_id: str) -> None:
        """Start the machines again that a host owes a start to, as far as it is ready for them."""
        if host_id not in self._owed.hosts or not self._links.is_connected(host_id):
            return
        await self._compute.start_owed(host_id, self._due(host_id))

    async def look_again(self, host_id: str) -> None:
        """A host that still owes something may not have answered when it came back."""
        if host_id in self._owed.hosts:
            await self._compute.sync.host_connected(host_id)
            await self.resume(host_id)

    def _due(self, host_id: str) -> Callable[[Transaction], list[str]]:
        def due(tx: Transaction) -> list[str]:
            ready = []
            for vm_id, name, state in tx.execute(_DUE, host_id).fetchall():
                if state in (VmState.RUNNING, VmState.PAUSED):
                    forget_debt(tx, vm_id)  # it runs again without us
                    log.info("machine_runs_again", vm=vm_id, name=name)
                elif state == VmState.STOPPED:
                    ready.append(vm_id)
            left = tx.execute("SELECT 1 FROM vm_owed WHERE host_id = ?", host_id).fetchone()
            if left is None:
                tx.on_commit(lambda: self._owed.hosts.discard(host_id))
            return ready

        return due

    async def _set(self, call: Call, request: VmSetRecovery) -> Any:
        def change(tx: Transaction) -> Any:
            vm = load_standing(tx, call.target)
            tx.execute(
                "INSERT OR REPLACE INTO vm_recovery VALUES (?, ?)", vm.id, request.on_host_boot
            )
            if request.on_host_boot == "leave_off":
                tx.execute("DELETE FROM vm_owed WHERE vm_id = ? AND cause = 'boot'", vm.id)
            tx.touch("vm", vm.id)
            return self._store.kinds.render_one("vm", vm.id)

        return await self._store.write(change)
