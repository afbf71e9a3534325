"""Service and agent are killed at every step of a create: the job ends done or undone."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from appliance.client import Client
from appliance.client.jobs import ENDED
from appliance.protocol.errors import Unavailable
from appliance.protocol.resources import Job, JobState, VmState
from tests.system.conftest import Cloud

pytestmark = pytest.mark.timeout(300)
STEPS = ("cache_image", "create_disk", "configure_network", "start_domain")


async def reaches(client: Client, step: str) -> None:
    """Return when any create job is in `step` (or is past it)."""
    try:
        async for message in client.feed():
            if getattr(message, "kind", "") != "job" or message.action != "put":  # type: ignore[union-attr]
                continue
            job = msgspec.json.decode(message.data, type=Job)  # type: ignore[union-attr]
            states = {item.name: item.state for item in job.steps}
            if job.operation == "vm.create" and states.get(step) != "pending":
                return
    except Unavailable:
        return


async def ended(cloud: Cloud, job_id: str) -> Job:
    """The job once it has ended, however long the service is away."""
    async with asyncio.timeout(120):
        while True:
            try:
                job = await cloud.client.call("job.get", id=job_id)
            except Unavailable:
                await asyncio.sleep(0.2)
                continue
            if job.state in ENDED:
                return job
            await asyncio.sleep(0.2)


async def check_end(cloud: Cloud, job: Job) -> None:
    """Done means running; undone means that nothing is left."""
    if job.state == JobState.SUCCEEDED:
        vm = await cloud.vm(job.resource_id)
        assert vm.state in (VmState.RUNNING, VmState.UNKNOWN)
        await cloud.do("vm.destroy", vm.id)
        await cloud.do("vm.expunge", vm.id)
    else:
        assert (await cloud.client.call("vm.list")).total == 0
    async with asyncio.timeout(60):  # what could not be undone at once is retried
        while set(cloud.leftovers().values()) != {""}:
            await asyncio.sleep(0.5)
    network = (await cloud.client.call("network.list")).items[0]
    assert network.addresses_used == 0
    host = (await cloud.client.call("host.list")).items[0]
    assert (host.cpu_claimed, host.memory_claimed_bytes) == (0, 0)


async def test_service_killed_at_each_step(cloud: Cloud) -> None:
    for step in STEPS:
        seen = asyncio.create_task(reaches(cloud.client, step))
        await asyncio.sleep(0.2)
        accepted = await cloud.client.call("vm.create", **cloud.vm_request(f"k-{step}"))
        await seen
        cloud.lab.kill_service()
        await cloud.lab.start_service()
        job = await ended(cloud, accepted.jobs[0].id)
        assert job.state == JobState.SUCCEEDED, job.error
        await check_end(cloud, job)


async def test_agent_killed_at_each_step(cloud: Cloud) -> None:
    for step in STEPS:
        seen = asyncio.create_task(reaches(cloud.client, step))
        await asyncio.sleep(0.2)
        accepted = await cloud.client.call("vm.create", **cloud.vm_request(f"k-{step}"))
        await seen
        cloud.lab.kill_agent()
        cloud.lab.start_agent()
        job = await ended(cloud, accepted.jobs[0].id)
        assert job.state == JobState.SUCCEEDED, job.error
        await check_end(cloud, job)


async def test_a_second_start_comes_back_with_the_same_cloud(cloud: Cloud) -> None:
    import signal

    vm = await cloud.create("stays")
    cloud.lab.kill_service(signal.SIGTERM)
    await cloud.lab.start_service("--stop-guests")
    await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.RUNNING, 60)
    cloud.lab.kill_service(signal.SIGTERM)
    listed = cloud.lab.host.run("virsh", "-q", "list", "--name").strip()
    assert listed == ""
    await cloud.lab.start_service("--stop-guests")
    await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.RUNNING, 60)
    ready = json.loads((cloud.lab.state / "service" / "ready.json").read_text())
    assert ready["setup_code"] is None
