"""Reports that come while a job runs: whatever their order, what the host really has counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.protocol.errors import Unavailable
from appliance.protocol.resources import VmState
from appliance.services.compute.models import VmRow
from appliance.services.compute.sync import StateSync
from appliance.services.infrastructure.models import HostRow
from appliance.store.database import Store
from appliance.store.kinds import ResourceKind
from hostagent.protocol.domain import DomainReport, DomainState
from tests.unit.appliance.services.rows import CLUSTER, GiB, rows_store

HOST, VM = "host-0", "vm"
STOPPED, RUNNING = DomainState.STOPPED, DomainState.RUNNING


class Hosts:
    """A host that tells how the machine stands, as soon as it may."""

    def __init__(self) -> None:
        self.answer: DomainState | None = STOPPED
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def call(self, _host_id: str, _command: Any, _params: Any) -> DomainReport:
        """How it stands; None is a host that is away."""
        self.asked += 1
        await self.may_answer.wait()
        if self.answer is None:
            raise Unavailable("host.not_connected", name=HOST)
        return DomainReport(vm_id=VM, state=self.answer)


class Nothing:
    """Hosts need no other documents here."""

    def soon(self, _host_id: str) -> None:
        """Nothing."""


class Desk:
    """A machine whose stop has just ended, and those who follow its state."""

    def __init__(self, store: Store) -> None:
        self.store, self.hosts = store, Hosts()
        self.sync = StateSync(store, self.hosts, Nothing())  # type: ignore[arg-type]

    async def state(self) -> str:
        """What the database says, once nothing is asked any more."""
        await asyncio.gather(*self.sync._tasks)
        return await self.store.read(lambda: VmRow.get_by_id(VM).state)

    def report(self, state: DomainState) -> None:
        """The host tells of the machine."""
        self.sync.note(HOST, DomainReport(vm_id=VM, state=state))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with rows_store(tmp_path, 1) as store:
        for name, model in (("vm", VmRow), ("host", HostRow)):
            store.kinds.add(
                ResourceKind(name=name, model=model, render=lambda rows: [{}] * len(rows))
            )
        values: dict[str, Any] = {
            "id": VM,
            "name": VM,
            "description": "",
            "cluster": CLUSTER,
            "last_host_id": HOST,
            "image_id": "",
            "cpu_count": 1,
            "memory_bytes": GiB,
            "state": VmState.STOPPED,
            "state_reason": "",
            "ssh_public_key": "",
            "user_data": "",
            "owner_id": "",
            "accelerator": "kvm",
            "created_at": 0,
        }
        await store.write(lambda tx: VmRow.create(**values))
        yield Desk(store)


async def test_a_late_report_of_the_start_does_not_bring_a_stopped_machine_back(
    desk: Desk,
) -> None:
    desk.report(RUNNING)  # it was on its way when the stop was accepted
    desk.sync.job_ended(VM, VmState.STOPPED)
    assert await desk.state() == VmState.STOPPED
    assert desk.hosts.asked == 1


async def test_what_somebody_did_meanwhile_is_adopted(desk: Desk) -> None:
    desk.hosts.answer = RUNNING
    desk.report(RUNNING)
    desk.sync.job_ended(VM, VmState.STOPPED)
    assert await desk.state() == VmState.RUNNING


async def test_a_report_that_agrees_needs_no_question(desk: Desk) -> None:
    desk.report(STOPPED)
    desk.sync.job_ended(VM, VmState.STOPPED)
    assert await desk.state() == VmState.STOPPED
    assert desk.hosts.asked == 0


async def test_a_host_that_is_away_changes_nothing(desk: Desk) -> None:
    desk.hosts.answer = None
    desk.report(RUNNING)
    desk.sync.job_ended(VM, VmState.STOPPED)
    assert await desk.state() == VmState.STOPPED


async def test_a_newer_report_counts_more_than_the_answer(desk: Desk) -> None:
    desk.hosts.answer = RUNNING
    desk.hosts.may_answer.clear()
    desk.report(RUNNING)
    desk.sync.job_ended(VM, VmState.STOPPED)
    while not desk.hosts.asked:
        await asyncio.sleep(0)
    desk.report(STOPPED)
    desk.hosts.may_answer.set()
    assert await desk.state() == VmState.STOPPED
