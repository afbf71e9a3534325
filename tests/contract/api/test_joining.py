"""This machine's agent joins the real service, even if it dies in the middle of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hostagent.link import enrol
from hostagent.protocol.enrolment import JoinToken
from tests.contract.api.appliance import Appliance, set_up
from tests.unit.hostagent.link.agents import FACTS, dialling, send_token_and_die

WITHIN_S = 20.0


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    appliance = Appliance(tmp_path, "--local-agent")
    appliance.start()
    set_up(appliance)
    yield appliance
    appliance.stop()


def offered(appliance: Appliance) -> JoinToken | None:
    path = appliance.state / "service" / "local-join-token"
    return JoinToken.decode(path.read_text()) if path.exists() else None


def machine(appliance: Appliance, check: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The one machine that has enrolled, once `check` holds for it."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        items = appliance.request("GET", "/v1/host-candidates").json["items"]
        assert len(items) <= 1
        if items and check(items[0]):
            return items[0]
        time.sleep(0.02)
    raise AssertionError(appliance.log())


async def test_an_agent_that_died_in_the_middle_is_let_in_at_the_next_start(
    appliance: Appliance, tmp_path: Path
) -> None:
    first = offered(appliance)
    assert first is not None
    await send_token_and_die(first)
    dead = machine(appliance, lambda found: found["status"] == "disconnected")

    appliance.stop()
    appliance.start()
    second = offered(appliance)
    assert second is not None
    assert second.secret != first.secret
    folder = tmp_path / "agent"
    folder.mkdir()
    identity = await enrol.enrol(folder, second, FACTS)
    assert identity.host_id == dead["id"]
    async with dialling(folder):
        await asyncio.to_thread(machine, appliance, lambda found: found["status"] == "connected")

    appliance.stop()
    appliance.start()
    assert offered(appliance) is None
