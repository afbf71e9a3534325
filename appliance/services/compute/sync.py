"""State follows what libvirt says, also when it happens behind the system's back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

import structlog

from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import VmState
from appliance.services.compute.machine import TRANSIENT, VM_MACHINE
from appliance.services.compute.models import VmRow
from appliance.services.compute.owed import Owed, boot_of
from appliance.services.networks.documents import Documents
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, tuples
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DomainReport, DomainState, VmRef

SEEN = {
    DomainState.RUNNING: VmState.RUNNING,
    DomainState.PAUSED: VmState.PAUSED,
    DomainState.STOPPED: VmState.STOPPED,
}

HOST_SHUTDOWN = "host_shutdown"  # the reason of machines that stop because their host does

log = structlog.get_logger()


class _Noted(NamedTuple):
    """What a host says of a machine."""

    host_id: str
    state: VmState
    reason: str


class StateSync:
    """Adopts what hosts report.

    Machines that a job works on are left to the job; if what was reported of them last says
    otherwise than the job's end, their host is asked. Reports are noted as they come and only the
    last one of a machine counts, so nothing older is adopted after it.
    """

    def __init__(
        self, store: Store, links: HostLinks, documents: Documents, owed: Owed | None = None
    ) -> None:
        self._store = store
        self._links = links
        self._documents = documents
        self._owed = owed or Owed()
        self._noted: dict[str, _Noted] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, host_id: str, report: DomainReport) -> None:
        """A machine's domain changed on its host; to be followed by `adopt`."""
        state = SEEN.get(report.state)
        if state is not None:
            self._noted[report.vm_id] = _Noted(host_id, state, report.reason)

    async def adopt(self, vm_id: str) -> None:
        """Take over what was noted last of a machine, unless a job works on it."""
        noted = self._noted.get(vm_id)
        if noted is not None:
            await self._adopt(vm_id, noted)

    def job_ended(self, vm_id: str, state: VmState | None) -> None:
        """A job on the machine is over: what came while it ran may be newer than its end."""
        noted = self._noted.get(vm_id)
        if noted is None:
            return
        if state in (None, VmState.DESTROYED, noted.state):
            del self._noted[vm_id]
            return
        task = asyncio.create_task(self._ask(vm_id, noted), name=f"report after a job {vm_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, vm_id: str, noted: _Noted) -> None:
        """A report that came while a job ran says otherwise than its end: which is newer?

        It may have been on its way since before the job; only the host knows how it stands.
        """
        asked_at = now_ms() + 1  # the job that has just ended is no reason to doubt the answer
        try:
            report = await self._links.call(noted.host_id, c.DOMAIN_GET, VmRef(vm_id=vm_id))
        except ApiError as error:  # all its machines are compared when it is back
            log.info("state_not_asked", vm=vm_id, host=noted.host_id, error=str(error))
            report = None
        if self._noted.get(vm_id) is not noted:
            return  # a newer report speaks for itself
        self._forget(vm_id, noted)
        state = SEEN.get(report.state) if report is not None else None
        if report is not None and state is not None:
            await self._adopt(vm_id, _Noted(noted.host_id, state, report.reason), asked_at)

    async def host_connected(self, host_id: str) -> None:
        """Compare all machines that should be on a host with what is there."""
        asked_at = now_ms()
        try:
            answer = await self._links.call(host_id, c.DOMAIN_LIST, c.Nothing())
        except ApiError as error:
            log.warning("state_sync_failed", host=host_id, error=str(error))
            return
        there = {report.vm_id: report for report in answer.domains}

        def expected() -> list[str]:
            query = VmRow.select(VmRow.id).where(
                (VmRow.host_id == host_id)
                | (VmRow.id.in_(list(there)) & (VmRow.last_host_id == host_id))
            )
            return [vm_id for (vm_id,) in tuples(query)]

        for vm_id in await self._store.read(expected):
            report = there.get(vm_id)
            state = SEEN.get(report.state) if report else VmState.STOPPED
            reason = report.reason if report else "outside"
            if state is not None:
                await self._adopt(vm_id, _Noted(host_id, state, reason), asked_at)

    async def host_disconnected(self, host_id: str) -> None:
        """Nobody knows what the machines of a silent host do."""

        def mark(tx: Transaction) -> None:
            query = VmRow.select().where(
                VmRow.host_id == host_id,
                VmRow.state.in_([VmState.RUNNING, VmState.PAUSED]),
            )
            for vm in query:
                _note(tx, vm, VmState.UNKNOWN, "host_disconnected")

        await self._store.write(mark)

    async def _adopt(self, vm_id: str, told: _Noted, asked_at: int | None = None) -> None:
        """Take over what a host says; what was asked for at `asked_at` knows no later jobs."""

        def adopt(tx: Transaction) -> bool:
            known = tx.execute("SELECT state, last_host_id FROM vm WHERE id = ?", vm_id).fetchone()
            if known is None or known[0] not in TRANSIENT:
                tx.on_commit(lambda: self._forget(vm_id, told))
            if known is None or known[1] != told.host_id:
                return False
            if known[0] in _LEFT_ALONE or known[0] == told.state:
                return False
            if asked_at is not None and _was_worked_on(tx, vm_id, asked_at):
                return False
            vm = VmRow.get_by_id(vm_id)
            if told.state == VmState.STOPPED and vm.host_id is None:
                return False
            ran = known[0] in (VmState.RUNNING, VmState.PAUSED)
            if ran and told.state == VmState.STOPPED and told.reason == HOST_SHUTDOWN:
                self._owed.owe_after_boot(tx, vm_id, told.host_id, boot_of(told.host_id))
            vm.host_id = None if told.state == VmState.STOPPED else told.host_id
            _note(tx, vm, told.state, told.reason)
            return True

        if await self._store.write(adopt):
            log.info("vm_state_adopted", vm=vm_id, state=told.state, reason=told.reason)
            self._documents.soon(told.host_id)

    def _forget(self, vm_id: str, noted: _Noted) -> None:
        if self._noted.get(vm_id) is noted:
            del self._noted[vm_id]


_LEFT_ALONE: Iterable[VmState] = TRANSIENT | {VmState.DESTROYED}


def _was_worked_on(tx: Transaction, vm_id: str, since: int) -> bool:
    """Whether a job works on the machine, or ended since then: the job knows better.

    Jobs on NICs, discs, snapshots and its size do not say how the machine stands, so they do not
    count.
    """
    cursor = tx.execute(
        "SELECT 1 FROM job WHERE resource_id = ? AND (finished_at IS NULL OR finished_at >= ?) "
        "AND operation NOT IN ('vm.attach_nic', 'vm.detach_nic', 'vm.resize', "
        "'vm.create_snapshot', 'vm.revert_snapshot', 'vm.attach_iso', 'vm.detach_iso') LIMIT 1",
        *(vm_id, since),
    )
    return cursor.fetchone() is not None


def _note(tx: Transaction, vm: VmRow, state: VmState, reason: str) -> None:
    VM_MACHINE.check(VmState(vm.state), state)
    vm.state = state
    vm.state_reason = reason
    if state == VmState.RUNNING:
        vm.started_at = vm.started_at or now_ms()
    if state == VmState.STOPPED:
        vm.started_at = None
    vm.save()
    tx.touch("vm", vm.id)
    if vm.last_host_id:
        tx.touch("host", vm.last_host_id)
