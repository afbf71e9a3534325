"""Documents that overtake one another, and an agent that dies while it makes one true."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostagent.network.manager import NetworkManager
from hostagent.protocol.network import NetworkDocument

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host

ROOT = Path(__file__).resolve().parents[3]


async def test_of_documents_in_quick_succession_the_newest_runs(host: Host) -> None:
    networks = [host.network(f"net{place}", f"10.7{place}.0.0/24") for place in range(4)]
    reports = await asyncio.gather(
        *(host.apply(*networks[:count]) for count in (1, 4, 2)),
        host.apply(networks[0], generation=1),
    )
    assert [report.applied for report in reports[:3]] == [True] * 3
    status = await host.manager.status()
    assert status.generation == 3
    assert [(one.id, one.healthy) for one in status.networks] == [("net0", True), ("net1", True)]


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.2, 0.4])
async def test_an_agent_that_dies_in_the_middle_leaves_nothing_half(
    host: Host, after_s: float
) -> None:
    networks = [host.network(f"net{place}", f"10.7{place}.0.0/24") for place in range(4)]
    document = NetworkDocument(generation=1, networks=networks)
    state = host.folder / "state"
    await host.manager.stop()
    command = [sys.executable, "-m", "tests.integration.network.far_agent", str(state)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        assert await asyncio.to_thread(agent.stdout.readline) == b"ready\n"
        agent.stdin.write(msgspec.json.encode(document) + b"\n")
        agent.stdin.flush()
        await asyncio.sleep(after_s)
        agent.kill()

    host.manager = NetworkManager(state)
    await host.manager.start()
    report = await host.manager.apply(document)

    assert report.applied, report.errors
    status = await host.manager.status()
    assert [one.healthy for one in status.networks] == [True] * 4
