"""Every job on hosts, with trouble at every command: it ends done or undone, and all agrees.

Each case has a zone of its own on a host of its own, so all cases of one trouble run at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from appliance.protocol.operations import OPERATIONS, Kind
from tests.lab.simulated.faults import When
from tests.lab.simulated.fleet import Fleet
from tests.lab.simulated.service import ServiceProcess
from tests.lab.simulated.theatre import Theatre, Trouble
from tests.lab.simulated.tokens import prepare_secrets, tokens_for
from tests.lab.simulated.works import WITH_TWO_HOSTS, WITHOUT_HOSTS, WORKS

pytestmark = pytest.mark.asyncio(loop_scope="module")
ALL = [(work, command) for work in WORKS if not work.shared for command in work.commands]
CREATIONS = [(work, command) for work, command in ALL if work.operation == "vm.create"]
FORWARD = [(work, command) for work, command in CREATIONS if not work.fails_at]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    state = tmp_path_factory.mktemp("matrix") / "state"
    words = await asyncio.to_thread(prepare_secrets, state, len(ALL))
    service = ServiceProcess(state)
    try:
        ready = await service.start()
        client = await service.log_in()
        async with client, Fleet(tokens_for(ready, words)) as fleet:
            yield Theatre(service, fleet, client)
    finally:
        await service.stop()


async def test_every_job_has_its_place() -> None:
    jobs = {spec.name for spec in OPERATIONS.values() if spec.kind == Kind.JOB}
    assert {work.operation for work in WORKS} | WITHOUT_HOSTS | WITH_TWO_HOSTS == jobs


async def test_every_command_of_a_job_has_its_place(theatre: Theatre) -> None:
    """What jobs ask of hosts, forward and back, is recorded and compared with what is known."""
    cases = [(work, work.commands[0]) for work in WORKS]
    assert await theatre.play(cases, "none") == {}
    asked = {key for host in theatre.fleet.hosts for key in host.calls_of_jobs}
    known = {(work.operation, command) for work in WORKS for command in work.commands}
    assert asked - known == set()
    # Other operations do most of zone.delete; an upload is part of the client's request.
    by_others = {key for key in known if key[0] == "zone.delete" or key[1] == "image.receive"}
    by_others |= {(work.operation, one) for work in WORKS if work.shared for one in work.commands}
    assert known - asked - by_others == set()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("trouble", ["fail", "sick", "drop", "hang", "kill"])
async def test_it_ends_done_or_undone(theatre: Theatre, trouble: Trouble, when: When) -> None:
    assert await theatre.play(ALL, trouble, when) == {}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_it_can_be_cancelled(theatre: Theatre, when: When) -> None:
    cases = [(work, command) for work, command in ALL if not work.fails_at]
    assert await theatre.play(cases, "cancel", when) == {}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_deadline_takes_it_back(theatre: Theatre, when: When) -> None:
    assert await theatre.play(FORWARD, "deadline", when) == {}
