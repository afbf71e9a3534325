"""Machines move between simulated hosts, and whatever breaks, each is on exactly one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from appliance.client.jobs import ENDED
from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Vm, VmState
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault, Kind, When
from tests.lab.simulated.host import SimulatedHost
from tests.lab.simulated.state import MigrationTraits, Traits

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3
FORWARD = (
    "image.ensure_cached", "volume.create_overlay", "volume.create_empty", "network.apply",
    "migration.listen", "migration.run", "migration.look", "migration.complete", "domain.destroy",
    "domain.undefine", "volume.delete",
)  # fmt: skip
BACK = ("migration.look", "migration.drop", "volume.delete", "network.apply")


@pytest_asyncio.fixture(loop_scope="module")
async def moving(lab: Lab) -> AsyncIterator[Lab]:
    """Everything is gone afterwards, and all sums agree."""
    for host in lab.fleet.hosts:
        host.state.migrations = MigrationTraits()
    yield lab
    lab.fleet.plan.replace([])
    await lab.remove_all()
    async for volume in lab.client.iterate("volume.list"):
        for verb in ("delete", "expunge"):
            accepted = await lab.client.call(f"volume.{verb}", id=volume.id)
            assert await lab.ended(accepted) == []
    await lab.assert_clean()


async def machine(lab: Lab, **fields: Any) -> Vm:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", data_disks=[{"size_bytes": GiB}], **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def move(lab: Lab, vm: Vm, **fields: Any) -> list[str]:
    return await lab.ended(await lab.client.call("vm.migrate", id=vm.id, **fields))


async def get(lab: Lab, vm: Vm) -> Vm:
    return await lab.client.call("vm.get", id=vm.id)


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def host_of(lab: Lab, vm: Vm) -> SimulatedHost:
    assert vm.host_id is not None
    return lab.fleet[vm.host_id]


def other_than(lab: Lab, vm: Vm) -> SimulatedHost:
    return next(host for host in lab.fleet.hosts if host.id != vm.host_id)


def there(lab: Lab, vm: Vm) -> list[str]:
    """Where the machine, its disks and its port are: names of hosts, the same for all three."""
    disks = {disk.id for disk in vm.volumes}
    found = {
        host.name: (
            vm.id in host.state.domains,
            {path for path in host.state.files if any(ref in path for ref in disks)},
            any(
                port.vm_id == vm.id
                for network in host.state.document.networks
                for port in network.ports
            ),
        )
        for host in lab.fleet.hosts
    }
    for name, (is_there, files, has_port) in found.items():
        assert len(files) == (len(disks) if is_there else 0), (name, files)
        assert has_port == is_there, name
    return [name for name, (is_there, *_) in found.items() if is_there]


async def agrees(lab: Lab, vm: Vm) -> None:
    """Rows, claims and hosts say the same, and nobody ever ran it twice."""
    vm = await get(lab, vm)
    assert vm.state == VmState.RUNNING
    async with asyncio.timeout(10):
        while True:
            try:
                assert there(lab, vm) == [host_of(lab, vm).name]
                break
            except AssertionError:  # documents are on their way
                if not (await lab.client.call("job.list")).items:
                    raise
                await asyncio.sleep(0.05)
    assert {disk.host_id for disk in vm.volumes} == {vm.host_id}
    assert (await lab.client.call("ledger.check")).differences == []
    hosts = [host async for host in lab.client.iterate("host.list")]
    claims = {host.id: host.cpu_claimed for host in hosts if host.cpu_claimed}
    assert claims == {vm.host_id: vm.cpu_count}
    assert [host.state.anomalies for host in lab.fleet.hosts if host.state.anomalies] == []


async def test_a_machine_moves_with_its_disks_and_its_place(moving: Lab) -> None:
    vm = await machine(moving)
    target = other_than(moving, vm)
    assert await move(moving, vm, host_id=target.id) == []
    moved = await get(moving, vm)
    assert moved.host_id == target.id
    assert moved.nics == vm.nics
    await agrees(moving, vm)
    assert await move(moving, vm) == [], "the best host is chosen"
    assert (await get(moving, vm)).host_id != target.id
    await agrees(moving, vm)


async def test_a_paused_machine_stays_paused(moving: Lab) -> None:
    vm = await machine(moving)
    assert await moving.on_all("vm.pause", [vm.id]) == []
    target = other_than(moving, vm)
    assert await move(moving, vm, host_id=target.id) == []
    moved = await get(moving, vm)
    assert (moved.state, moved.host_id) == (VmState.PAUSED, target.id)
    assert target.state.domains[vm.id].state == "paused"
    assert await moving.on_all("vm.resume", [vm.id]) == []


async def test_a_machine_that_is_off_moves_with_its_disks(moving: Lab) -> None:
    vm = await machine(moving)
    source, target = host_of(moving, vm), other_than(moving, vm)
    assert await moving.on_all("vm.stop", [vm.id], timeout_s=1) == []
    source.state.migrations.breaks = "way"
    assert await move(moving, vm, host_id=target.id) == ["migration.copy_failed"]
    source.state.migrations.breaks = ""
    assert {disk.host_id for disk in (await get(moving, vm)).volumes} == {source.id}
    assert await move(moving, vm, host_id=target.id) == []
    moved = await get(moving, vm)
    assert (moved.state, moved.host_id) == (VmState.STOPPED, None)
    assert {disk.host_id for disk in moved.volumes} == {target.id}
    assert await moving.on_all("vm.start", [vm.id]) == []
    assert (await get(moving, vm)).host_id == target.id
    await agrees(moving, vm)
    # Copied whole it stands on no image: it goes back whole, too, and can still be made anew.
    overlay = "volume.create_overlay", moved.volumes[0].id
    assert source.state.effects[overlay] == 1
    assert await move(moving, vm, host_id=source.id) == []
    assert source.state.effects[overlay] == 1
    await agrees(moving, vm)
    assert await moving.on_all("vm.stop", [vm.id], timeout_s=1) == []
    assert await moving.on_all("vm.reimage", [vm.id]) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["fail", "crash"])
@pytest.mark.parametrize(
    "command", ["volume.create_empty", "migration.listen", "migration.copy", "migration.drop",
                "volume.delete"],
)  # fmt: skip
async def test_trouble_with_a_machine_that_is_off(
    moving: Lab, command: str, kind: Kind, when: When
) -> None:
    vm = await machine(moving)
    assert await moving.on_all("vm.stop", [vm.id], timeout_s=1) == []
    moving.fleet.plan.replace([Fault(kind=kind, command=command, when=when, times=1)])
    await move(moving, vm)
    moving.fleet.plan.replace([])
    await moving.retry_cleanup()
    assert await moving.on_all("vm.start", [vm.id]) == []
    await agrees(moving, vm)


async def test_progress_is_told_with_what_operators_want_to_know(moving: Lab) -> None:
    vm = await machine(moving)
    host_of(moving, vm).state.migrations.seconds = 1.6
    accepted = await moving.client.call("vm.migrate", id=vm.id)
    assert (await get(moving, vm)).state == VmState.MIGRATING
    seen: list[Any] = []

    def is_over(job: Any) -> bool:
        if job.progress is not None and job.progress.details:
            seen.append(job.progress)
        return job.state in ENDED

    await until_all(moving.client, "job", [accepted.jobs[0].id], is_over)
    assert seen
    assert seen[-1].unit == "bytes"
    assert 0 < seen[-1].done <= seen[-1].total
    assert seen[-1].details["rate_bytes_s"] > 0
    assert seen[-1].details["downtime_ms"] == 40


async def test_candidates_say_why_not(moving: Lab) -> None:
    vm = await machine(moving)
    hosts = [host for host in moving.fleet.hosts if host.id != vm.host_id]
    await moving.client.call("host.disable", id=hosts[0].id)
    found = await moving.client.call("vm.migration_candidates", id=vm.id)
    assert len(found.items) == len(hosts)
    assert found.disk_bytes == sum(disk.size_bytes for disk in vm.volumes)
    assert found.reasons == []
    reasons = {item.host_id: [reason.code for reason in item.reasons] for item in found.items}
    assert reasons.pop(hosts[0].id) == ["enabled"]
    assert set(map(tuple, reasons.values())) == {()}
    assert found.items[-1].host_id == hosts[0].id, "those that can take it come first"
    refusal = await refused(moving, "vm.migrate", id=vm.id, host_id=hosts[0].id)
    assert refusal == ("migration.not_there", "host_id")
    await moving.client.call("host.enable", id=hosts[0].id)


async def test_what_cannot_be_is_refused_and_changes_nothing(moving: Lab) -> None:
    vm = await machine(moving)
    ask = {"operation": "vm.migrate", "id": vm.id}
    assert await refused(moving, **ask, host_id=vm.host_id) == ("migration.is_there", "host_id")
    assert (await refused(moving, **ask, host_id=new_id()))[0] == "resource.not_found"
    assert await refused(moving, **ask, bandwidth_bytes_s=-1) == (
        "request.bad_value", "bandwidth_bytes_s",
    )  # fmt: skip
    await agrees(moving, vm)
    assert await moving.on_all("vm.destroy", [vm.id]) == []
    assert (await refused(moving, **ask))[0] == "vm.wrong_state"
    assert await moving.on_all("vm.recover", [vm.id]) == []


async def test_while_it_moves_nothing_else_is_done_with_it(moving: Lab) -> None:
    vm = await machine(moving)
    host_of(moving, vm).state.migrations.seconds = 2.0
    accepted = await moving.client.call("vm.migrate", id=vm.id)
    for verb in ("start", "stop", "reboot", "pause", "destroy", "migrate"):
        assert (await refused(moving, f"vm.{verb}", id=vm.id))[0] == "vm.wrong_state"
    disk = next(disk for disk in vm.volumes if disk.kind == "data")
    assert (await refused(moving, "volume.detach", id=disk.id))[0] == "vm.wrong_state"
    hosts = [host async for host in moving.client.iterate("host.list")]
    claims = [host.cpu_claimed for host in hosts if host.cpu_claimed]
    assert claims == [1, 1], "it has a place on both"
    assert (await moving.client.call("ledger.check")).differences == []
    assert await moving.ended(accepted) == []
    await agrees(moving, vm)


@pytest.mark.parametrize("breaks", ["way", "control"])
async def test_what_breaks_in_the_middle(moving: Lab, breaks: str) -> None:
    vm = await machine(moving)
    host_of(moving, vm).state.migrations.breaks = breaks
    failed = await move(moving, vm)
    host_of(moving, vm).state.migrations.breaks = ""
    moved = await get(moving, vm)
    assert failed == (["migration.failed"] if breaks == "way" else [])
    assert (moved.host_id == vm.host_id) == (breaks == "way")
    await agrees(moving, vm)


async def test_a_machine_that_dies_on_its_way_is_off_where_its_disks_are(moving: Lab) -> None:
    vm = await machine(moving)
    source = host_of(moving, vm)
    source.state.migrations = MigrationTraits(breaks="source", seconds=0.2)
    assert len(await move(moving, vm)) == 1
    gone = await get(moving, vm)
    assert (gone.state, gone.host_id) == (VmState.STOPPED, None)
    assert {disk.host_id for disk in gone.volumes} == {source.id}

    source.state.migrations = MigrationTraits()
    assert await moving.on_all("vm.start", [vm.id]) == []
    vm = await get(moving, vm)
    host_of(moving, vm).state.migrations.breaks = "destination"
    assert await move(moving, vm) == []
    gone = await get(moving, vm)
    assert gone.state == VmState.STOPPED
    assert {disk.host_id for disk in gone.volumes} != {vm.host_id}, "where it came whole"
    host_of(moving, vm).state.migrations.breaks = ""
    assert await moving.on_all("vm.start", [vm.id]) == []
    await agrees(moving, vm)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["fail", "crash"])
@pytest.mark.parametrize("command", FORWARD)
async def test_trouble_at_each_command(moving: Lab, command: str, kind: Kind, when: When) -> None:
    vm = await machine(moving)
    moving.fleet.plan.replace([Fault(kind=kind, command=command, when=when, times=1)])
    await move(moving, vm)
    moving.fleet.plan.replace([])
    await moving.retry_cleanup()
    await agrees(moving, vm)


@pytest.mark.parametrize("command", BACK)
async def test_trouble_on_the_way_back(moving: Lab, command: str) -> None:
    vm = await machine(moving)
    source = host_of(moving, vm)
    source.state.migrations.breaks = "way"
    moving.fleet.plan.replace([Fault(kind="fail", command=command, times=2)])
    assert len(await move(moving, vm)) == 1
    source.state.migrations.breaks = ""
    moving.fleet.plan.replace([])
    await moving.retry_cleanup()
    assert (await get(moving, vm)).host_id == source.id
    await agrees(moving, vm)
    assert await move(moving, vm) == [], "it can be tried again"
    await agrees(moving, vm)


@pytest.mark.parametrize("command", ["migration.listen", "migration.run", "domain.undefine"])
async def test_the_service_is_killed_in_the_middle(moving: Lab, command: str) -> None:
    vm = await machine(moving)
    moving.fleet.plan.replace([Fault(kind="hang", command=command, times=1)])
    accepted = await moving.client.call("vm.migrate", id=vm.id)
    await moving.until(lambda: moving.fleet.plan.hanging == 1)
    await asyncio.to_thread(moving.service.kill)
    await moving.service.start()
    assert await moving.ended(accepted, 40) == []
    assert (await get(moving, vm)).host_id != vm.host_id
    await agrees(moving, vm)


async def test_it_is_called_off(moving: Lab) -> None:
    vm = await machine(moving)
    host_of(moving, vm).state.migrations.seconds = 20
    accepted = await moving.client.call("vm.migrate", id=vm.id)
    await moving.until(lambda: moving.fleet.calls["migration.run"] == 1)
    await asyncio.sleep(0.2)
    await moving.client.call("job.cancel", id=accepted.jobs[0].id)
    await moving.ended(accepted)
    job = await moving.client.call("job.get", id=accepted.jobs[0].id)
    assert job.state == "cancelled"
    assert (await get(moving, vm)).host_id == vm.host_id
    await agrees(moving, vm)


async def test_nobody_guesses_while_a_host_is_away(moving: Lab) -> None:
    """The source has handed over and vanishes before it could say so: the machine waits."""
    vm = await machine(moving)
    source, target = host_of(moving, vm), other_than(moving, vm)
    source.state.migrations.breaks = "control"
    moving.fleet.plan.replace(
        [Fault(kind="vanish", host=source.name, command="migration.run", when="after", times=1)]
    )
    accepted = await moving.client.call("vm.migrate", id=vm.id, host_id=target.id)
    await moving.disconnected(source.id)
    await asyncio.sleep(1)
    now = await get(moving, vm)
    assert now.state == VmState.MIGRATING
    assert target.state.domains[vm.id].state == "paused", "nobody let it go on"
    for verb in ("start", "stop", "destroy"):
        assert (await refused(moving, f"vm.{verb}", id=vm.id))[0] == "vm.wrong_state"
    source.start()
    assert await moving.ended(accepted, 40) == []
    source.state.migrations.breaks = ""
    assert (await get(moving, vm)).host_id == target.id
    await agrees(moving, vm)


async def test_a_host_takes_part_in_so_many_at_once(moving: Lab) -> None:
    vms = [await machine(moving) for _ in range(3)]
    await moving.client.call("setting.change", name="migration.parallel", value=1)
    target = next(host for host in moving.fleet.hosts if host.id not in {vm.host_id for vm in vms})
    for vm in vms:
        host_of(moving, vm).state.migrations.seconds = 0.4
    asked = [await moving.client.call("vm.migrate", id=vm.id, host_id=target.id) for vm in vms]
    most = 0
    states = {""}
    while states - set(ENDED):
        jobs = [await moving.client.call("job.get", id=one.jobs[0].id) for one in asked]
        states = {job.state for job in jobs}
        most = max(most, sum(domain.is_held for domain in target.state.domains.values()))
        await asyncio.sleep(0.02)
    assert most == 1
    assert {(await get(moving, vm)).host_id for vm in vms} == {target.id}
    await moving.client.call("setting.reset", name="migration.parallel")


async def changed(lab: Lab, host: SimulatedHost, traits: Traits) -> None:
    """A host is another one, and the service knows it."""
    links = host.links
    host.change(traits)
    await lab.until(lambda: host.links > links)
    await until_all(lab.client, "host", [host.id], lambda one: one.status == "connected")
    await lab.client.call("host.refresh_facts", id=host.id)


async def reasons_of(lab: Lab, vm: Vm) -> dict[str, list[str]]:
    """Why a machine cannot go to each host."""
    found = await lab.client.call("vm.migration_candidates", id=vm.id)
    return {
        item.host_id: [" ".join([one.code, *one.params.values()]) for one in item.reasons]
        for item in found.items
    }


async def test_hosts_that_cannot_carry_its_hardware_are_named(moving: Lab) -> None:
    lab = moving
    hardware = {"firmware": "uefi", "tpm": True, "cpu_mode": "custom", "cpu_model": "Simulated"}
    vm = await machine(lab, hardware=hardware)
    poor, alike = [host for host in lab.fleet.hosts if host.id != vm.host_id][:2]
    before = poor.state.traits
    left = tuple(one for one in before.abilities if one not in ("uefi", "tpm"))
    await changed(lab, poor, replace(before, abilities=left))
    reasons = await reasons_of(lab, vm)
    assert reasons[poor.id] == ["lacks uefi, tpm"]
    assert reasons[alike.id] == []
    with pytest.raises(ApiError) as caught:
        await lab.client.call("vm.migrate", id=vm.id, host_id=poor.id)
    assert (caught.value.code, caught.value.params["why"]) == ("migration.not_there", "hardware")
    assert "{" not in str(caught.value)
    # Off, it needs the same where it starts next.
    assert await lab.on_all("vm.stop", [vm.id], force=True) == []
    assert (await reasons_of(lab, vm))[poor.id] == ["lacks uefi, tpm"]
    await changed(lab, poor, before)
    assert (await reasons_of(lab, vm))[poor.id] == []


async def test_a_machine_with_its_hosts_processor_goes_to_its_like_alone(moving: Lab) -> None:
    lab = moving
    origin, other, alike = lab.fleet.hosts[:3]
    vm = await machine(lab, hardware={"cpu_mode": "host_passthrough"}, host_id=origin.id)
    before = other.state.traits
    await changed(lab, other, replace(before, cpu_features=("aes",)))
    reasons = await reasons_of(lab, vm)
    assert reasons[other.id] == ["cpu_differs"]
    assert reasons[alike.id] == []
    # It gets the new host's own when it starts there.
    assert await lab.on_all("vm.stop", [vm.id], force=True) == []
    assert (await reasons_of(lab, vm))[other.id] == []
    await changed(lab, other, before)
