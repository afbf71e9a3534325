"""Hosts in use: limits, load, facts and reconnection."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import msgspec
import pytest

from appliance.protocol.events import FeedStart
from appliance.protocol.resources import Host
from hostagent.protocol.load import FileSystemUse, LoadReport
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3
BUSY = LoadReport(
    cpu_share=0.5,
    load_1=32.0,
    memory_total_bytes=256 * GiB,
    memory_used_bytes=64 * GiB,
    file_systems=[FileSystemUse(path="/", total_bytes=100 * GiB, available_bytes=25 * GiB)],
)


async def test_hosts_follow_their_cluster_and_the_settings(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    cluster_id = lab.cloud.cluster_ids[0]

    async def shown() -> tuple[float, float | None, int, int]:
        now = await lab.client.call("host.get", id=host.id)
        return now.cpu_ratio, now.own_cpu_ratio, now.cpu_capacity, now.memory_capacity_bytes

    before = await shown()
    assert before == (10.0, None, 640, 255 * GiB)
    await lab.client.call("setting.change", name="host.cpu_ratio", value=5)
    await until_all(lab.client, "host", lab.fleet.ids, lambda one: one.cpu_capacity == 320)
    limits = {"cpu_ratio": 2, "memory_ratio": 1.5, "memory_reserved_bytes": 2 * GiB}
    cluster = await lab.client.call("cluster.update", id=cluster_id, **limits)
    assert (cluster.cpu_ratio, cluster.memory_reserved_bytes) == (2, 2 * GiB)
    assert await shown() == (2.0, None, 128, 382 * GiB)
    await lab.client.call("host.update", id=host.id, cpu_ratio=1)
    assert await shown() == (1.0, 1.0, 64, 382 * GiB)

    await lab.client.call("host.update", id=host.id, cpu_ratio=None)
    await lab.client.call("cluster.update", id=cluster_id, **dict.fromkeys(limits))
    await lab.client.call("setting.reset", name="host.cpu_ratio")
    await until_all(lab.client, "host", lab.fleet.ids, lambda one: one.cpu_capacity == 640)
    assert await shown() == before


async def test_load_is_shown_and_told_but_not_kept(lab: Lab) -> None:
    host = lab.fleet.hosts[1]
    async with aclosing(lab.client.feed()) as feed:
        async for message in feed:
            if isinstance(message, FeedStart):
                host.tell_load(BUSY)
            elif message.kind == "host" and message.id == host.id and not message.seq:
                told = msgspec.json.decode(bytes(message.data), type=Host)
                break
        else:
            pytest.fail("the feed ended")
    shown = await lab.client.call("host.get", id=host.id)
    assert told.load == shown.load
    assert (shown.load.cpu_share, shown.load.load_1) == (0.5, 32.0)
    assert shown.load.file_systems[0].available_bytes == 25 * GiB
    await lab.service_sees_away(host)
    assert (await lab.client.call("host.get", id=host.id)).load is None
    host.start()
    await until_all(lab.client, "host", [host.id], lambda one: one.status == "connected")


async def test_facts_are_asked_for_anew(lab: Lab) -> None:
    host = lab.fleet.hosts[2]
    traits = host.state.traits
    host.state.traits = msgspec.structs.replace(traits, cpu_count=8)
    for probe, command in ((False, "host.facts"), (True, "host.probe")):
        asked = host.calls[command]
        shown = await lab.client.call("host.refresh_facts", id=host.id, probe=probe)
        assert (shown.cpu_count, shown.cpu_capacity) == (8, 80)
        assert host.calls[command] == asked + 1
    host.state.traits = traits
    assert (await lab.client.call("host.refresh_facts", id=host.id)).cpu_capacity == 640


@pytest.mark.parametrize("command", ["network.apply", "domain.list", "storage.apply"])
async def test_reconnecting_goes_on_after_the_service_was_killed(lab: Lab, command: str) -> None:
    host = lab.fleet.hosts[4]
    lab.fleet.plan.replace([Fault(kind="hang", command=command, host=host.name, times=1)])
    accepted = await lab.client.call("host.reconnect", id=host.id)
    await lab.until(lambda: lab.fleet.plan.hanging == 1)
    await asyncio.to_thread(lab.service.kill)
    await lab.service.start()
    assert await lab.ended(accepted, timeout_s=40) == []
    await until_all(lab.client, "host", lab.fleet.ids, lambda one: one.status == "connected")


async def test_a_host_that_does_not_come_back_is_told(lab: Lab) -> None:
    host = lab.fleet.hosts[5]
    lab.fleet.plan.replace([Fault(kind="fail", command="storage.apply", host=host.name)])
    failed = await lab.ended(await lab.client.call("host.reconnect", id=host.id))
    assert failed == ["host.command_failed"]


async def test_reconnecting_brings_everything_in_line(lab: Lab) -> None:
    """A machine that was ended while nobody looked is seen, and the document is there again."""
    host = lab.fleet.hosts[3]
    accepted = await lab.create("web", host_id=host.id)
    assert await lab.ended(accepted) == []
    (vm_id,) = accepted.resource_ids
    domain = host.state.domains[vm_id]
    domain.state, domain.reason = type(domain.state)("stopped"), "crashed"
    links = host.links
    accepted = await lab.client.call("host.reconnect", id=host.id)
    assert await lab.ended(accepted) == []
    assert host.links > links
    vm = await lab.client.call("vm.get", id=vm_id)
    assert (vm.state, vm.state_reason) == ("stopped", "crashed")
    await lab.remove_all()
    await lab.assert_clean()
