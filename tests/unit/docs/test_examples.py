"""The example of `docs/adding-an-operation.md` does what the page says."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from appliance.engine.calls import SYSTEM, Call
from appliance.engine.jobs import JobDefinition, NewJob, Step
from appliance.engine.models import CLEANUP_KIND, JOB_KIND, JobLogRow
from appliance.engine.runner import Runner
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.requests import Request
from appliance.store.database import Store
from appliance.store.kinds import Kinds

PAGE = Path(__file__).parents[3] / "docs" / "adding-an-operation.md"
VM = "some vm"


@dataclass
class Hosts:
    """Notes what was asked of hosts; fails where told."""

    asked: list[str] = field(default_factory=list)
    fail_at: str = ""

    async def call(self, host_id: str, command: str) -> str:
        assert host_id == "host"
        self.asked.append(command)
        if command == self.fail_at:
            raise Conflict("resource.disabled", name=command)
        return f"answer to {command}"


def example() -> dict[str, Any]:
    """The names that the page's code defines, and what it declares."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    declared: list[Any] = []
    names: dict[str, Any] = {
        "Annotated": Annotated,
        "Meta": Meta,
        "Request": Request,
        "Step": Step,
        "JobDefinition": JobDefinition,
        "NewJob": NewJob,
        "Conflict": Conflict,
        "_job": lambda *line: declared.append(line),
    }
    struct, declaration, *service = blocks
    for source in (struct, declaration, "\n".join(service)):
        exec(compile(source, str(PAGE), "exec", dont_inherit=True), names)
    return names | {"declared": declared}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kinds = Kinds()
    kinds.add(JOB_KIND)
    kinds.add(CLEANUP_KIND)
    kinds.add(dataclasses.replace(CLEANUP_KIND, name="vm"))  # touched, but never there
    store = Store(tmp_path / "s.db", kinds)
    await store.start()
    yield store
    await store.stop()


async def park(store: Store, hosts: Hosts) -> tuple[dict[str, Any], Any]:
    """Park the machine by the page's code; returns it with the job's end."""
    names = example()
    ((name, route, _, request),) = names["declared"]
    assert (name, route) == ("vm.park", "POST /vms/{id}/park")
    bound: dict[str, Any] = {}
    runner = Runner(store)
    parts = SimpleNamespace(
        store=store, runner=runner, registry=SimpleNamespace(bind=bound.__setitem__)
    )
    parking = names["Parking"](parts, hosts)
    vm = {"name": "web", "state": "running", "host_id": "host"}
    parking._find = lambda ref: vm
    await runner.start()
    call = Call(operation="vm.park", caller=SYSTEM, target=VM)
    accepted = await bound["vm.park"](call, msgspec.convert({"note": "winter"}, request))
    assert vm["state"] in ("parking", "parked")
    try:
        async with asyncio.timeout(10):
            await finished(store, accepted.jobs[0].id)
    finally:
        await runner.stop()
    return vm, accepted


async def test_a_machine_is_parked_in_five_steps(store: Store) -> None:
    hosts = Hosts()
    vm, accepted = await park(store, hosts)
    assert vm == {"name": "web", "state": "parked", "host_id": None}
    assert len(accepted.jobs[0].steps) == 5
    assert hosts.asked == ["guest.prepare", "domain.shutdown", "domain.get", "network.leave"]
    assert await store.read(lambda: [row.code for row in JobLogRow.select()]) == ["vm.parked"]


async def test_a_step_that_fails_takes_the_others_back(store: Store) -> None:
    hosts = Hosts(fail_at="network.leave")
    with pytest.raises(ApiError):
        await park(store, hosts)
    assert hosts.asked[-3:] == ["network.leave", "network.join", "domain.start"]


async def test_a_request_that_does_not_fit_is_refused() -> None:
    request = example()["VmPark"]
    for body in ({"note": "x" * 201}, {"colour": "red"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(body, request)
