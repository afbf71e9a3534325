"""Volumes that move between storages and hosts: whole in one place, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError
from appliance.protocol.moves import MoveCandidates
from appliance.protocol.resources import PrimaryStorage, VmState, Volume
from hostagent.protocol.domain import DomainState
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_volumes import do, get, machine, make, refused
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault
from tests.lab.simulated.host import SimulatedHost

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3
PATH = "/srv/anyun/moving-shared"


@pytest_asyncio.fixture(loop_scope="module")
async def shared(lab: Lab) -> AsyncIterator[PrimaryStorage]:
    """A storage that all hosts of the first cluster share, beside their local one."""
    storage = await lab.client.call(
        "primary_storage.create",
        name="shared",
        kind="shared",
        path=PATH,
        cluster_id=lab.cloud.cluster_ids[0],
    )
    yield storage
    lab.fleet.plan.replace([])
    await lab.remove_all()
    async for volume in lab.client.iterate("volume.list"):
        if volume.status != "deleted":
            await do(lab, "volume.delete", volume.id)
        await do(lab, "volume.expunge", volume.id)
    await lab.client.call("primary_storage.delete", id=storage.id)
    await lab.assert_clean()


async def local_of(lab: Lab) -> PrimaryStorage:
    """The local storage of the first cluster."""
    found = await lab.client.call("primary_storage.list")
    place = lab.cloud.cluster_ids[0]
    return next(one for one in found.items if one.kind == "local" and place in one.cluster_ids)


async def hosts_of(lab: Lab) -> list[SimulatedHost]:
    """The hosts of the first cluster."""
    place = lab.cloud.cluster_ids[0]
    found = {host.id async for host in lab.client.iterate("host.list", cluster_id=place)}
    return [host for host in lab.fleet.hosts if host.id in found]


def files_of(lab: Lab, volume_id: str) -> list[tuple[str, str]]:
    """Where files of a volume are: "" for shared storages, else the name of the host."""
    mark = f"/volumes/{volume_id}."
    local = [
        (host.name, path) for host in lab.fleet.hosts for path in host.state.files if mark in path
    ]
    return local + [("", path) for path in lab.fleet.shared.files if mark in path]


async def move(
    lab: Lab, volume: Volume, storage: PrimaryStorage, host_id: str | None = None
) -> Any:
    fields = {"primary_storage_id": storage.id, "host_id": host_id}
    return await lab.ended(await lab.client.call("volume.move", id=volume.id, **fields))


async def test_from_a_host_to_shared_storage_and_to_another_host(
    lab: Lab, shared: PrimaryStorage
) -> None:
    local, (first, second, *_) = await local_of(lab), await hosts_of(lab)
    volume = await make(lab, 3, host_id=first.id, primary_storage_id=local.id)
    assert await move(lab, volume, shared) == []
    there = await get(lab, volume.id)
    assert (there.primary_storage_id, there.host_id, there.status) == (shared.id, None, "ready")
    assert files_of(lab, volume.id) == [("", f"{PATH}/volumes/{volume.id}.qcow2")]
    now = await lab.client.call("primary_storage.get", id=shared.id)
    assert now.claimed_bytes == 3 * GiB
    assert await move(lab, volume, local, second.id) == []
    back = await get(lab, volume.id)
    assert (back.primary_storage_id, back.host_id) == (local.id, second.id)
    assert [name for name, _ in files_of(lab, volume.id)] == [second.name]
    now = await lab.client.call("primary_storage.get", id=shared.id)
    assert now.claimed_bytes == 0


async def test_between_the_own_storages_of_two_hosts(lab: Lab, shared: PrimaryStorage) -> None:
    """Encrypted from host to host; the host that is left keeps nothing."""
    local, (first, second, *_) = await local_of(lab), await hosts_of(lab)
    volume = await make(lab, 2, host_id=first.id, primary_storage_id=local.id)
    assert await move(lab, volume, local, second.id) == []
    assert (await get(lab, volume.id)).host_id == second.id
    assert [name for name, _ in files_of(lab, volume.id)] == [second.name]
    second.state.migrations.breaks = "way"
    try:
        assert await move(lab, volume, local, first.id) == ["migration.copy_failed"]
    finally:
        second.state.migrations.breaks = ""
    assert (await get(lab, volume.id)).host_id == second.id
    assert [name for name, _ in files_of(lab, volume.id)] == [second.name]
    assert (await lab.client.call("ledger.check")).differences == []


@pytest.mark.parametrize("command", ["volume.create_empty", "volume.listen", "volume.end"])
@pytest.mark.parametrize("kind", ["fail", "crash"])
async def test_trouble_between_two_hosts(
    lab: Lab, shared: PrimaryStorage, command: str, kind: Any
) -> None:
    local, (first, second, *_) = await local_of(lab), await hosts_of(lab)
    volume = await make(lab, 2, host_id=first.id, primary_storage_id=local.id)
    lab.fleet.plan.replace([Fault(kind=kind, command=command, host=second.name, times=1)])
    failed = await move(lab, volume, local, second.id)
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    there = await get(lab, volume.id)
    assert there.status == "ready"
    where = second if not failed else first
    assert there.host_id == where.id
    assert [name for name, _ in files_of(lab, volume.id)] == [where.name]
    assert (await lab.client.call("ledger.check")).differences == []


async def test_a_machine_follows_its_root_disk(lab: Lab, shared: PrimaryStorage) -> None:
    local = await local_of(lab)
    vm = await machine(lab, primary_storage_id=local.id)
    root = vm.volumes[0]
    await do(lab, "vm.stop", vm.id)
    assert await move(lab, root, shared) == []
    first = vm.host_id
    assert first is not None
    await lab.client.call("host.disable", id=first)
    try:
        await do(lab, "vm.start", vm.id)
    finally:
        await lab.client.call("host.enable", id=first)
    now = await lab.client.call("vm.get", id=vm.id)
    assert now.host_id not in (None, first), "what is shared starts anywhere"


async def test_nobody_starts_or_takes_it_while_it_moves(lab: Lab, shared: PrimaryStorage) -> None:
    local = await local_of(lab)
    vm = await machine(lab, primary_storage_id=local.id)
    await do(lab, "vm.stop", vm.id)
    data = await make(lab, 2)
    host = next(one for one in lab.fleet.hosts if one.id == vm.host_id)
    lab.fleet.plan.replace([Fault(kind="hang", command="volume.transfer", host=host.name, times=1)])
    accepted = await lab.client.call(
        "volume.move", id=vm.volumes[0].id, primary_storage_id=shared.id
    )
    for operation in ("vm.start", "vm.destroy", "vm.migrate", "vm.reimage"):
        assert (await refused(lab, operation, id=vm.id))[0] == "vm.disk_moves", operation
    assert (await refused(lab, "volume.attach", id=data.id, vm_id=vm.id))[0] == "vm.disk_moves"
    assert (await refused(lab, "volume.resize", id=vm.volumes[0].id, size_bytes=90 * GiB))[
        0
    ] == "volume.wrong_status"
    assert (await refused(lab, "primary_storage.delete", id=shared.id))[0] == "resource.in_use"
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    assert await lab.ended(accepted) == ["job.cancelled"]
    lab.fleet.plan.replace([])
    root = await get(lab, vm.volumes[0].id)
    assert (root.status, root.primary_storage_id) == ("ready", local.id)
    assert [name for name, _ in files_of(lab, root.id)] == [host.name]
    await do(lab, "vm.start", vm.id)


async def test_the_old_copy_claims_its_space_until_it_is_deleted(
    lab: Lab, shared: PrimaryStorage
) -> None:
    local, (first, *_) = await local_of(lab), await hosts_of(lab)
    volume = await make(lab, 5, host_id=first.id, primary_storage_id=local.id)
    claimed = (await lab.client.call("primary_storage.get", id=local.id)).claimed_bytes
    lab.fleet.plan.replace([Fault(kind="fail", command="volume.delete", host=first.name, times=1)])
    assert await move(lab, volume, shared) == []
    now = await lab.client.call("primary_storage.get", id=local.id)
    assert now.claimed_bytes == claimed, "its file is still there"
    there = await get(lab, volume.id)
    assert (there.primary_storage_id, there.status) == (shared.id, "ready")
    found = await refused(
        lab, "volume.move", id=volume.id, primary_storage_id=local.id, host_id=first.id
    )
    assert found[0] == "move.unfinished"
    lab.fleet.plan.replace([])
    works = [item.id async for item in lab.client.iterate("cleanup.list")]
    await lab.retry_cleanup()
    await until_all(lab.client, "cleanup", works, lambda work: work is None)
    now = await lab.client.call("primary_storage.get", id=local.id)
    assert now.claimed_bytes == claimed - 5 * GiB
    assert files_of(lab, volume.id) == [("", f"{PATH}/volumes/{volume.id}.qcow2")]


async def test_what_cannot_be_moved_says_why(lab: Lab, shared: PrimaryStorage) -> None:
    local, (first, *_) = await local_of(lab), await hosts_of(lab)
    fresh = await make(lab, 2)
    assert await refused(lab, "volume.move", id=fresh.id, primary_storage_id=shared.id) == (
        "move.not_made",
        None,
    )
    volume = await make(lab, 2, host_id=first.id, primary_storage_id=local.id)
    asked = {"id": volume.id, "primary_storage_id": local.id}
    assert await refused(lab, "volume.move", **asked) == ("move.is_there", "primary_storage_id")
    await lab.client.call("primary_storage.disable", id=shared.id)
    asked = {"id": volume.id, "primary_storage_id": shared.id}
    assert await refused(lab, "volume.move", **asked) == ("move.not_there", "primary_storage_id")
    await lab.client.call("primary_storage.enable", id=shared.id)
    accepted = await lab.client.call("snapshot.create", name="one", volume_id=volume.id)
    assert await lab.ended(accepted) == []
    with pytest.raises(ApiError) as caught:
        await lab.client.call("volume.move", **asked)
    assert (caught.value.code, caught.value.params["count"]) == ("move.snapshots", 1)
    await do(lab, "snapshot.delete", accepted.resource_ids[0])


async def test_candidates_are_places_with_reasons(lab: Lab, shared: PrimaryStorage) -> None:
    local, hosts = await local_of(lab), await hosts_of(lab)
    vm = await machine(lab, primary_storage_id=local.id, data_disks=[{"size_bytes": GiB}])
    await do(lab, "vm.stop", vm.id)
    data = vm.volumes[1]
    found: MoveCandidates = await lab.client.call("volume.move_candidates", id=data.id)
    assert found.reasons == []
    places = {(one.primary_storage_id, one.host_id): one for one in found.items}
    assert places[shared.id, None].reasons == []
    others = [one for (ref, host), one in places.items() if ref == local.id and host is not None]
    assert len(others) == len(hosts) - 1, "not where it is"
    assert {reason.code for one in others for reason in one.reasons} == {"other_disks"}
    assert (local.id, vm.host_id) not in places


def places_of(lab: Lab, vm_id: str) -> list[str]:
    """The storages of the disks that a machine has open, by kind."""
    return [
        disk.volume.storage.kind
        for host in lab.fleet.hosts
        for domain in host.state.domains.values()
        if domain.spec.vm_id == vm_id
        for disk in domain.spec.disks
    ]


@pytest.mark.parametrize("is_paused", [False, True])
async def test_while_its_machine_runs(lab: Lab, shared: PrimaryStorage, *, is_paused: bool) -> None:
    local = await local_of(lab)
    vm = await machine(lab, primary_storage_id=local.id, data_disks=[{"size_bytes": 2 * GiB}])
    if is_paused:
        await do(lab, "vm.pause", vm.id)
    root, data = vm.volumes
    assert await move(lab, data, shared) == []
    assert await move(lab, root, shared) == []
    assert places_of(lab, vm.id) == ["shared", "shared"]
    now = await lab.client.call("vm.get", id=vm.id)
    assert now.state == ("paused" if is_paused else "running")
    assert [one.primary_storage_id for one in now.volumes] == [shared.id, shared.id]
    assert await move(lab, data, local) == [], "back to where its machine runs"
    there = await get(lab, data.id)
    assert (there.host_id, places_of(lab, vm.id)) == (vm.host_id, ["shared", "local"])
    other = next(host for host in await hosts_of(lab) if host.id != vm.host_id)
    asked = {"id": data.id, "primary_storage_id": local.id, "host_id": other.id}
    assert (await refused(lab, "volume.move", **asked))[0] == "move.not_there"
    assert (await lab.client.call("ledger.check")).differences == []


@pytest.mark.parametrize(("when", "moved"), [("before", False), ("after", True)])
async def test_who_cancels_too_late_finds_it_moved(
    lab: Lab, shared: PrimaryStorage, when: Any, *, moved: bool
) -> None:
    """Only its host knows whether the machine has gone on with the copy, and is asked."""
    local = await local_of(lab)
    vm = await machine(lab, primary_storage_id=local.id)
    host = next(one for one in lab.fleet.hosts if one.id == vm.host_id)
    root = vm.volumes[0]
    fault = Fault(kind="hang", command="volume.mirror", host=host.name, when=when, times=1)
    lab.fleet.plan.replace([fault])
    accepted = await lab.client.call("volume.move", id=root.id, primary_storage_id=shared.id)
    await lab.until(lambda: lab.fleet.plan.hanging == 1)
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    assert await lab.ended(accepted) == ["job.cancelled"]
    lab.fleet.plan.replace([])
    there = await get(lab, root.id)
    assert there.status == "ready"
    assert there.primary_storage_id == (shared.id if moved else local.id)
    assert places_of(lab, vm.id) == ["shared" if moved else "local"]
    assert len(files_of(lab, root.id)) == 1
    assert (await lab.client.call("ledger.check")).differences == []


@pytest.mark.parametrize(("when", "moved"), [("before", False), ("after", True)])
async def test_while_its_host_is_away_nobody_guesses(
    lab: Lab, shared: PrimaryStorage, when: Any, *, moved: bool
) -> None:
    """The host loses its power in the middle: its machine is started nowhere until it has said
    which copy is the newest.
    """
    local = await local_of(lab)
    vm = await machine(lab, primary_storage_id=shared.id, data_disks=[{"size_bytes": GiB}])
    host = next(one for one in lab.fleet.hosts if one.id == vm.host_id)
    data = vm.volumes[1]
    assert data.primary_storage_id == shared.id
    fault = Fault(kind="vanish", command="volume.mirror", host=host.name, when=when, times=1)
    lab.fleet.plan.replace([fault])
    accepted = await lab.client.call("volume.move", id=data.id, primary_storage_id=local.id)
    await lab.disconnected(host.id)
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    assert await lab.ended(accepted) == ["job.cancelled"]
    lab.fleet.plan.replace([])
    assert (await get(lab, data.id)).status == "moving"
    for domain in host.state.domains.values():
        domain.state = DomainState.STOPPED
    works = [item.id async for item in lab.client.iterate("cleanup.list")]
    host.start()
    await until_all(lab.client, "cleanup", works, lambda work: work is None)
    there = await get(lab, data.id)
    assert there.status == "ready"
    assert there.primary_storage_id == (local.id if moved else shared.id)
    assert len(files_of(lab, data.id)) == 1
    assert (await lab.client.call("ledger.check")).differences == []
    await lab.becomes(vm.id, VmState.STOPPED)
    await do(lab, "vm.start", vm.id)
    assert sorted(places_of(lab, vm.id)) == (["local", "shared"] if moved else ["shared"] * 2)
