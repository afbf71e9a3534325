"""Machines after the reboot of their host: what ran runs again, once, and nothing else does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.protocol.resources import VmState
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.host import SimulatedHost

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def machines(lab: Lab, host: SimulatedHost, *names: str) -> list[str]:
    """Running machines on a host."""
    found = []
    for name in names:
        accepted = await lab.create(name, host_id=host.id)
        assert await lab.ended(accepted) == []
        found += accepted.resource_ids
    return found


def starts(host: SimulatedHost, vm_id: str) -> int:
    """How often a machine was really started on a host."""
    return host.state.effects["domain.start", vm_id]


async def back(lab: Lab, host: SimulatedHost) -> None:
    await until_all(lab.client, "host", [host.id], lambda one: one.status == "connected")


async def test_what_ran_runs_again(lab: Lab) -> None:
    host = lab.fleet.hosts[0]
    runs, paused, left_off, off = await machines(lab, host, "runs", "paused", "left", "off")
    await lab.cloud.do("vm.pause", paused)
    await lab.cloud.do("vm.stop", off, timeout_s=1)
    vm = await lab.client.call("vm.set_recovery", id=left_off, on_host_boot="leave_off")
    assert vm.on_host_boot == "leave_off"
    await lab.service_sees_away(host)
    await lab.becomes(runs, VmState.UNKNOWN)
    await host.reboot()
    for vm_id in (runs, paused):
        await lab.becomes(vm_id, VmState.RUNNING)
        assert starts(host, vm_id) == 2, "once at first, once after the boot"
    for vm_id in (left_off, off):
        await lab.becomes(vm_id, VmState.STOPPED)
        assert starts(host, vm_id) == 1
    assert host.state.anomalies == [], "none started before its network was there"
    jobs = [job async for job in lab.client.iterate("job.list", q="host.restart_vms")]
    (parent,) = [job for job in jobs if job.operation == "host.restart_vms"]
    assert (parent.resource_name, parent.children.total) == ("host-0000", 2)
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_link_that_was_lost_is_no_reboot(lab: Lab) -> None:
    host = lab.fleet.hosts[1]
    (vm_id,) = await machines(lab, host, "web")
    await lab.service_sees_away(host)
    host.domains.end(vm_id, "guest_shutdown")
    host.start()
    await lab.becomes(vm_id, VmState.STOPPED)
    await asyncio.sleep(0.3)
    assert starts(host, vm_id) == 1
    await lab.remove_all()
    await lab.assert_clean()


async def test_what_somebody_stops_meanwhile_stays_off(lab: Lab) -> None:
    """The stop waits for the host; when it is back, the machine is found off and left so."""
    host = lab.fleet.hosts[2]
    vm_id, gone = await machines(lab, host, "web", "gone")
    await lab.service_sees_away(host)
    await lab.becomes(vm_id, VmState.UNKNOWN)
    stop = await lab.client.call("vm.stop", id=vm_id, force=True)
    destroy = await lab.client.call("vm.destroy", id=gone)
    await host.reboot()
    assert await lab.ended(stop) == []
    assert await lab.ended(destroy) == []
    await back(lab, host)
    await asyncio.sleep(0.3)
    assert (starts(host, vm_id), starts(host, gone)) == (1, 1)
    assert (await lab.client.call("vm.get", id=vm_id)).state == VmState.STOPPED
    await lab.client.call("vm.recover", id=gone)
    await lab.becomes(gone, VmState.STOPPED)
    await lab.remove_all()
    await lab.assert_clean()


async def test_the_service_may_be_killed_at_any_moment_of_it(lab: Lab) -> None:
    host = lab.fleet.hosts[3]
    vm_ids = await machines(lab, host, "a", "b", "c")
    hang: dict[str, Any] = {"kind": "hang", "host": host.name, "times": 1}
    for command in ("network.apply", "domain.list", "domain.start"):
        before = {vm_id: starts(host, vm_id) for vm_id in vm_ids}
        await lab.service_sees_away(host)
        lab.fleet.plan.replace([Fault(command=command, **hang)])
        await host.reboot()
        await lab.until(lambda: lab.fleet.plan.hanging == 1)
        await asyncio.to_thread(lab.service.kill)
        await lab.service.start()
        lab.fleet.plan.replace([])
        for vm_id in vm_ids:
            await lab.becomes(vm_id, VmState.RUNNING)
            assert starts(host, vm_id) == before[vm_id] + 1, command
    await until_all(lab.client, "host", lab.fleet.ids, lambda one: one.status == "connected")
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_reboot_while_the_service_is_away_is_noticed(lab: Lab) -> None:
    host = lab.fleet.hosts[4]
    (vm_id,) = await machines(lab, host, "web")
    await asyncio.to_thread(lab.service.kill)
    await host.reboot()
    await lab.service.start()
    await lab.until(lambda: starts(host, vm_id) == 2, timeout_s=40)
    await lab.becomes(vm_id, VmState.RUNNING)
    await until_all(lab.client, "host", lab.fleet.ids, lambda one: one.status == "connected")
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_host_that_goes_away_again_still_owes(lab: Lab) -> None:
    host = lab.fleet.hosts[5]
    (vm_id,) = await machines(lab, host, "web")
    await lab.service_sees_away(host)
    vanish = Fault(kind="vanish", host=host.name, command="domain.start", times=1)
    lab.fleet.plan.replace([vanish])
    await host.reboot()
    await lab.until(lambda: lab.fleet.plan.struck == 1)
    await lab.becomes(vm_id, VmState.STOPPED)
    await host.reboot()
    await lab.becomes(vm_id, VmState.RUNNING)
    assert starts(host, vm_id) == 2
    await lab.remove_all()
    await lab.retry_cleanup()
    await lab.assert_clean()


async def test_a_clean_shutdown_of_the_host_counts_as_well(lab: Lab) -> None:
    """Its machines are ended while it is still linked, and are not started before it has booted.

    It takes no new machines, but those that ran on it return.
    """
    host = lab.fleet.hosts[6]
    (vm_id,) = await machines(lab, host, "web")
    await lab.client.call("host.disable", id=host.id)
    host.domains.end(vm_id, "host_shutdown")
    await lab.becomes(vm_id, VmState.STOPPED)
    await asyncio.sleep(0.3)
    assert starts(host, vm_id) == 1
    await host.reboot()
    await lab.becomes(vm_id, VmState.RUNNING)
    assert starts(host, vm_id) == 2
    await lab.client.call("host.enable", id=host.id)
    await lab.remove_all()
    await lab.assert_clean()
