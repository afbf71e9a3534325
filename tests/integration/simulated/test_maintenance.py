"""Hosts in maintenance: they are emptied, take nothing, and return to what they were."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.protocol.errors import ApiError
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import VmState
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_recovery import back, machines, starts
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.host import SimulatedHost

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def enter(lab: Lab, host: SimulatedHost, **fields: Any) -> Accepted:
    options = {"policy": "stop", "timeout_s": 1} | fields
    return await lab.client.call("host.enter_maintenance", id=host.id, **options)


async def refusal(asked: Awaitable[Any]) -> str:
    """The code of the error with which something is refused."""
    with pytest.raises(ApiError) as caught:
        await asked
    return caught.value.code


async def state_of(lab: Lab, host: SimulatedHost) -> str:
    return (await lab.client.call("host.get", id=host.id)).state


async def leave(lab: Lab, host: SimulatedHost, **fields: Any) -> None:
    accepted = await lab.client.call("host.leave_maintenance", id=host.id, **fields)
    assert await lab.ended(accepted) == []


async def run(lab: Lab, host: SimulatedHost, vm_ids: list[str]) -> None:
    """Wait until machines run there, as the service and the host see it."""
    for vm_id in vm_ids:
        await lab.becomes(vm_id, VmState.RUNNING)
        assert host.state.domains[vm_id].is_active


async def test_a_host_is_emptied_and_returns_to_what_it_was(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    vm_ids = await machines(lab, host, "a", "b", "c", "off", "paused")
    off, paused = vm_ids[3:]
    await lab.cloud.do("vm.stop", off, timeout_s=1)
    await lab.cloud.do("vm.pause", paused)
    await lab.client.call("host.disable", id=host.id)

    plan = await lab.client.call("host.maintenance_plan", id=host.id, policy="stop")
    assert [(one.vm_name, one.action) for one in plan.machines] == [
        *((name, "stop") for name in ("a", "b", "c", "paused"))
    ]
    assert "maintenance.image_store" in [one.code for one in plan.warnings]

    lab.fleet.plan.replace([Fault(kind="hang", command="domain.shutdown", host=host.name)])
    accepted = await enter(lab, host, parallel=2)
    await lab.until(lambda: lab.fleet.plan.hanging == 2)
    await asyncio.sleep(0.3)
    assert lab.fleet.plan.hanging == 2, "no more than two at once"
    assert await state_of(lab, host) == "pre_maintenance"
    for operation in ("host.enable", "host.disable", "host.delete"):
        asked = lab.client.call(operation, id=host.id)
        assert await refusal(asked) == "host.in_maintenance"
    assert await refusal(enter(lab, host)) == "host.in_maintenance"
    asked = lab.client.call("host.leave_maintenance", id=host.id)
    assert await refusal(asked) == "host.not_in_maintenance"
    lab.fleet.plan.replace([])
    lab.fleet.plan.thaw()
    assert await lab.ended(accepted) == []
    assert await state_of(lab, host) == "maintenance"
    assert host.state.domains == {}
    assert await refusal(lab.client.call("vm.start", id=off)) == "placement.none_enabled"
    assert await refusal(lab.create("new", host_id=host.id)) == "placement.none_enabled"

    await leave(lab, host)
    assert await state_of(lab, host) == "disabled"
    await run(lab, host, [*vm_ids[:3], paused])
    assert starts(host, off) == 1
    await lab.client.call("host.enable", id=host.id)
    await lab.remove_all()
    await lab.assert_clean()


async def test_what_can_move_moves_and_runs_on(lab: Lab) -> None:
    """And what can go nowhere is refused, or stopped, as the policy says."""
    host = lab.fleet.hosts[7]
    vm_ids = await machines(lab, host, "a", "b")
    others = [one for one in lab.fleet.hosts if one is not host]
    plan = await lab.client.call("host.maintenance_plan", id=host.id)
    assert [one.action for one in plan.machines] == ["migrate", "migrate"]
    assert all(one.host_name for one in plan.machines)

    await asyncio.gather(*(lab.client.call("host.disable", id=one.id) for one in others))
    plan = await lab.client.call("host.maintenance_plan", id=host.id)
    assert [one.action for one in plan.machines] == ["stop", "stop"]
    assert plan.machines[0].reasons[0].host_name
    assert await refusal(enter(lab, host, policy="migrate")) == "host.cannot_be_emptied"
    await asyncio.gather(*(lab.client.call("host.enable", id=one.id) for one in others))

    accepted = await enter(lab, host, policy="migrate", parallel=1)
    assert await lab.ended(accepted, timeout_s=60) == []
    assert await state_of(lab, host) == "maintenance"
    assert host.state.domains == {}
    for vm_id in vm_ids:
        vm = await lab.client.call("vm.get", id=vm_id)
        assert vm.state == VmState.RUNNING
        (there,) = [one for one in others if vm_id in one.state.domains]
        assert (vm.host_id, there.state.domains[vm_id].is_active) == (there.id, True)
    children = [
        job async for job in lab.client.iterate("job.list") if job.parent_id == accepted.jobs[0].id
    ]
    assert {(job.operation, job.reason) for job in children} == {
        ("vm.migrate", "host.enter_maintenance")
    }
    await leave(lab, host)
    assert await state_of(lab, host) == "enabled"
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_maintenance_that_is_cancelled_leaves_all_as_it_was(lab: Lab) -> None:
    host = lab.fleet.hosts[1]
    vm_ids = await machines(lab, host, "a", "b", "c")
    hang = Fault(kind="hang", command="domain.shutdown", host=host.name)
    lab.fleet.plan.replace([replace(hang, when="after", times=1)])
    accepted = await enter(lab, host, parallel=1, timeout_s=30)
    await lab.until(lambda: lab.fleet.plan.hanging == 1)
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    await until_all(lab.client, "host", [host.id], lambda one: one.state == "enabled")
    await run(lab, host, vm_ids)
    job = await lab.client.call("job.get", id=accepted.jobs[0].id)
    assert job.state == "cancelled"
    assert sum(starts(host, vm_id) for vm_id in vm_ids) == 4, "only one had been stopped"
    await lab.remove_all()
    await lab.assert_clean()


async def test_the_service_is_killed_in_the_middle(lab: Lab) -> None:
    host = lab.fleet.hosts[2]
    vm_ids = await machines(lab, host, "a", "b", "c")
    lab.fleet.plan.replace([Fault(kind="hang", command="domain.shutdown", host=host.name, times=1)])
    accepted = await enter(lab, host, parallel=1)
    await lab.until(lambda: lab.fleet.plan.hanging == 1)
    await asyncio.to_thread(lab.service.kill)
    await lab.service.start()
    assert await lab.ended(accepted, timeout_s=40) == []
    assert await state_of(lab, host) == "maintenance"
    assert host.state.domains == {}
    await until_all(lab.client, "host", lab.fleet.ids, lambda one: one.status == "connected")
    await leave(lab, host)
    await run(lab, host, vm_ids)
    assert {starts(host, vm_id) for vm_id in vm_ids} == {2}
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_host_that_is_lost_in_the_middle_is_not_in_maintenance(lab: Lab) -> None:
    host = lab.fleet.hosts[3]
    first, second = await machines(lab, host, "a", "b")
    vanish = Fault(kind="vanish", command="domain.shutdown", host=host.name, times=1)
    lab.fleet.plan.replace([vanish])
    accepted = await enter(lab, host, parallel=1)
    assert await lab.ended(accepted, timeout_s=60) == ["host.not_emptied"]
    assert await state_of(lab, host) == "enabled"
    plan = await lab.client.call("host.maintenance_plan", id=host.id, policy="stop")
    assert {(one.action, one.reasons[0].code) for one in plan.machines} == {
        ("stays", "maintenance.host_away")
    }
    assert await refusal(enter(lab, host)) == "host.cannot_be_emptied"
    host.start()
    await back(lab, host)
    await lab.retry_cleanup()
    await run(lab, host, [first, second])
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_guest_that_does_not_stop_is_switched_off(lab: Lab) -> None:
    host = lab.fleet.hosts[4]
    (vm_id,) = await machines(lab, host, "deaf")
    traits = host.state.traits
    host.state.traits = replace(traits, guests_obey=False)
    assert await lab.ended(await enter(lab, host)) == []
    assert host.state.domains == {}
    host.state.traits = traits
    await leave(lab, host, restart=False)
    assert await state_of(lab, host) == "enabled"
    await asyncio.sleep(0.3)
    assert (await lab.client.call("vm.get", id=vm_id)).state == VmState.STOPPED
    assert starts(host, vm_id) == 1
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_machine_that_cannot_be_stopped_keeps_the_host_as_it_was(lab: Lab) -> None:
    host = lab.fleet.hosts[5]
    vm_ids = await machines(lab, host, "a", "b")
    lab.fleet.plan.replace([Fault(kind="fail", command="domain.destroy", host=host.name)])
    failed = await lab.ended(await enter(lab, host, parallel=1))
    assert failed == ["host.not_emptied"]
    assert await state_of(lab, host) == "enabled"
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    await run(lab, host, vm_ids)
    await lab.remove_all()
    await lab.assert_clean()


async def test_an_empty_host_that_is_away_needs_no_asking(lab: Lab) -> None:
    host = lab.fleet.hosts[6]
    await lab.service_sees_away(host)
    assert await lab.ended(await enter(lab, host)) == []
    assert await state_of(lab, host) == "maintenance"
    await leave(lab, host)
    assert await state_of(lab, host) == "enabled"
    host.start()
    await back(lab, host)
