"""Storages that hosts share: known again, reached or not, one claim for all, and machines that
start wherever their disks are seen. Never two writers, whatever is away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.ids import new_id
from appliance.protocol.resources import PrimaryStorage, Vm
from hostagent.protocol.storage import StorageRef
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_snapshots import take, tree
from tests.integration.simulated.test_volumes import do, get, make, refused
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3
PATH = "/srv/anyun/shared"


@pytest_asyncio.fixture(loop_scope="module")
async def shared(lab: Lab) -> AsyncIterator[PrimaryStorage]:
    """A shared storage; it is gone afterwards with all that lies on it."""
    storage = await lab.client.call(
        "primary_storage.create",
        name="shared",
        kind="shared",
        path=PATH,
        cluster_id=lab.cloud.cluster_ids[0],
    )
    yield storage
    await lab.remove_all()
    async for volume in lab.client.iterate("volume.list"):
        if volume.status != "deleted":
            await do(lab, "volume.delete", volume.id)
        await do(lab, "volume.expunge", volume.id)
    await lab.client.call("primary_storage.delete", id=storage.id)
    await lab.retry_cleanup()  # what a host has not answered in time is left for later
    assert lab.fleet.shared.marks == {}
    assert not [path for path in lab.fleet.shared.files if path.startswith(PATH)]
    await lab.assert_clean()


async def on_shared(lab: Lab, storage: PrimaryStorage, **fields: Any) -> Vm:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", primary_storage_id=storage.id, **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


def host_of(lab: Lab, host_id: str | None) -> Any:
    return next(host for host in lab.fleet.hosts if host.id == host_id)


def works(lab: Lab, vm: Vm) -> Any:
    return lab.client.iterate("cleanup.list", resource_id=vm.id)


def is_done(work: Any) -> bool:
    return work is None


async def test_what_is_not_shared_is_found_out_and_nothing_is_left(lab: Lab) -> None:
    odd = lab.fleet.hosts[-1]
    odd.state.unshared.add(PATH)
    try:
        found = await refused(
            lab,
            "primary_storage.create",
            name="shared",
            kind="shared",
            path=PATH,
            cluster_id=lab.cloud.cluster_ids[0],
        )
    finally:
        odd.state.unshared.clear()
    assert found == ("storage.not_shared", "path")
    assert lab.fleet.shared.marks == {}


async def test_disks_claim_one_place_and_are_on_no_host(lab: Lab, shared: PrimaryStorage) -> None:
    assert {host.status for host in shared.hosts} == {"connected"}
    assert shared.total_bytes == lab.fleet.hosts[0].state.traits.disk_total_bytes
    vm = await on_shared(lab, shared, data_disks=[{"size_bytes": 3 * GiB}])
    assert [volume.host_id for volume in vm.volumes] == [None, None]
    now = await lab.client.call("primary_storage.get", id=shared.id)
    assert now.claimed_bytes == sum(volume.size_bytes for volume in vm.volumes)
    paths = [path for path in lab.fleet.shared.files if path.startswith(f"{PATH}/volumes")]
    assert len(paths) == 2
    assert (await lab.client.call("ledger.check")).differences == []


async def test_a_stopped_machine_starts_on_another_host(lab: Lab, shared: PrimaryStorage) -> None:
    vm = await on_shared(lab, shared)
    first = vm.host_id
    await do(lab, "vm.stop", vm.id)
    assert first is not None
    await lab.client.call("host.disable", id=first)
    try:
        await do(lab, "vm.start", vm.id)
    finally:
        await lab.client.call("host.enable", id=first)
    vm = await lab.client.call("vm.get", id=vm.id)
    assert vm.host_id not in (None, first)
    assert vm.id in host_of(lab, vm.host_id).state.domains


async def test_a_stopped_machine_moves_with_nothing_to_copy(
    lab: Lab, shared: PrimaryStorage
) -> None:
    vm = await on_shared(lab, shared)
    await do(lab, "vm.stop", vm.id)
    there = next(host.id for host in lab.fleet.hosts if host.id != vm.host_id)
    await do(lab, "vm.migrate", vm.id, host_id=there)
    now = await lab.client.call("vm.get", id=vm.id)
    assert (now.state, now.host_id, now.last_host_id) == ("stopped", None, there)
    assert (await lab.client.call("cleanup.list")).items == []
    await do(lab, "vm.start", vm.id)
    assert vm.id in host_of(lab, there).state.domains


async def test_data_disks_follow_to_any_machine(lab: Lab, shared: PrimaryStorage) -> None:
    volume = await make(lab, primary_storage_id=shared.id)
    assert (volume.status, volume.host_id) == ("ready", None)
    for _ in range(2):  # each is on a host of its own, with its root disk on local storage
        accepted = await lab.create(f"vm-{new_id()[-6:]}")
        assert await lab.ended(accepted) == []
        (vm_id,) = accepted.resource_ids
        await do(lab, "volume.attach", volume.id, vm_id=vm_id)
        found = await refused(lab, "volume.attach", id=volume.id, vm_id=vm_id)
        assert found[0] == "volume.attached"
        await do(lab, "volume.detach", volume.id)
    assert (await get(lab, volume.id)).vm_id is None


async def test_a_broken_storage_is_shown_and_avoided(lab: Lab, shared: PrimaryStorage) -> None:
    ref = StorageRef(storage_id=shared.id, kind="shared", path=PATH)
    bad = lab.fleet.hosts[:-1]
    for host in bad:
        host.set_broken(ref, is_broken=True)

    def is_seen(storage: PrimaryStorage | None) -> bool:
        return storage is not None and sum(h.status == "broken" for h in storage.hosts) == len(bad)

    await until_all(lab.client, "primary_storage", [shared.id], is_seen)
    vm = await on_shared(lab, shared)
    assert vm.host_id == lab.fleet.hosts[-1].id
    last = lab.fleet.hosts[-1]
    last.set_broken(ref, is_broken=True)

    def is_lost(storage: PrimaryStorage | None) -> bool:
        return storage is not None and storage.status != "connected"

    await until_all(lab.client, "primary_storage", [shared.id], is_lost)
    request = lab.cloud.vm_request("nowhere", primary_storage_id=shared.id)
    assert (await refused(lab, "vm.create", **request))[0] == "placement.no_storage"
    for host in lab.fleet.hosts:
        host.set_broken(ref, is_broken=False)
    again = await lab.client.call("primary_storage.reconnect", id=shared.id)
    assert {host.status for host in again.hosts} == {"connected"}


async def test_nobody_starts_what_a_lost_host_may_run(lab: Lab, shared: PrimaryStorage) -> None:
    """The start came through, its answer did not, and the host is away when it is taken back."""
    vm = await on_shared(lab, shared)
    await do(lab, "vm.stop", vm.id)
    host = host_of(lab, vm.last_host_id)
    gone = Fault(kind="vanish", host=host.name, command="domain.start", when="after", times=1)
    lab.fleet.plan.replace([gone])
    accepted = await lab.client.call("vm.start", id=vm.id)
    await lab.disconnected(host.id)
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    assert await lab.ended(accepted, timeout_s=90) != []
    found = await refused(lab, "vm.start", id=vm.id)
    assert found[0] == "placement.none_connected", found
    left = [work.id async for work in works(lab, vm)]
    assert left
    assert vm.id in host.state.domains
    host.start()
    await until_all(lab.client, "cleanup", left, is_done)
    # It was found running there before it was switched off, and is where its row says.
    now = await lab.client.call("vm.get", id=vm.id)
    there = [one.id for one in lab.fleet.hosts if vm.id in one.state.domains]
    assert there == ([now.host_id] if now.host_id else [])


async def test_snapshots_lie_on_no_host(lab: Lab, shared: PrimaryStorage) -> None:
    vm = await on_shared(lab, shared)
    root, first = vm.volumes[0], await take(lab, vm.volumes[0].id)
    used = (await tree(lab, root.id))[first].used_bytes
    now = await lab.client.call("primary_storage.get", id=shared.id)
    assert now.claimed_bytes == root.size_bytes + used
    # Machine, volume and image of it, on whichever host.
    copy = await on_shared(lab, shared, image_id=None, snapshot_id=first)
    assert copy.volumes[0].host_id is None
    accepted = await lab.client.call("volume.create", name="copy", snapshot_id=first)
    assert await lab.ended(accepted) == []
    assert (await get(lab, accepted.resource_ids[0])).host_id is None
    # The machine moves with it, goes back to it on another host, and loses it there.
    accepted = await lab.client.call("vm.migrate", id=vm.id)
    assert await lab.ended(accepted) == []
    moved = await lab.client.call("vm.get", id=vm.id)
    assert moved.host_id != vm.host_id
    await take(lab, root.id, "two")
    await do(lab, "vm.stop", vm.id, force=True)
    await do(lab, "snapshot.revert", first)
    await do(lab, "vm.start", vm.id)
    for ref in await tree(lab, root.id):
        await do(lab, "snapshot.delete", ref)
    assert await tree(lab, root.id) == {}
    assert [host.state.anomalies for host in lab.fleet.hosts] == [[]] * len(lab.fleet.hosts)


async def test_nobody_starts_what_a_lost_host_may_still_merge(
    lab: Lab, shared: PrimaryStorage
) -> None:
    """The host is away when its merging is called off: the file that is written to may yet go."""
    vm = await on_shared(lab, shared)
    (root,) = vm.volumes
    first = await take(lab, root.id)
    await do(lab, "vm.stop", vm.id, force=True)
    host = host_of(lab, vm.host_id)
    gone = Fault(kind="vanish", host=host.name, command="snapshot.merge", when="after", times=1)
    lab.fleet.plan.replace([gone])
    accepted = await lab.client.call("snapshot.delete", id=first)
    await lab.disconnected(host.id)
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    assert await lab.ended(accepted, timeout_s=90) != []
    found = await refused(lab, "vm.start", id=vm.id)
    assert found[0] == "placement.none_connected", found
    left = [work.id async for work in lab.client.iterate("cleanup.list")]
    assert left
    host.start()
    await until_all(lab.client, "cleanup", left, is_done)
    # It was merged, and the row knows.
    assert await tree(lab, root.id) == {}
    await do(lab, "vm.start", vm.id)


async def test_a_storage_in_maintenance_is_used_by_nobody(lab: Lab, shared: PrimaryStorage) -> None:
    one, other = await on_shared(lab, shared), await on_shared(lab, shared)
    bystander = await lab.create(f"vm-{new_id()[-6:]}")
    assert await lab.ended(bystander) == []
    found = await refused(lab, "primary_storage.enter_maintenance", id=shared.id)
    assert found == ("storage.machines_run", "stop_machines")
    assert (await lab.client.call("primary_storage.get", id=shared.id)).state == "enabled"

    options = {"stop_machines": True, "timeout_s": 5}
    await do(lab, "primary_storage.enter_maintenance", shared.id, **options)
    states = {vm.id: (await lab.client.call("vm.get", id=vm.id)).state for vm in (one, other)}
    assert states == {one.id: "stopped", other.id: "stopped"}
    assert (await lab.client.call("vm.get", id=bystander.resource_ids[0])).state == "running"
    assert (await lab.client.call("primary_storage.get", id=shared.id)).state == "maintenance"
    for name, fields in (
        ("vm.start", {"id": one.id}),
        ("primary_storage.enter_maintenance", {"id": shared.id}),
    ):
        assert (await refused(lab, name, **fields))[0] == "storage.in_maintenance"

    await lab.client.call("primary_storage.enable", id=shared.id)
    await do(lab, "vm.start", one.id)


async def test_a_storage_is_what_it_was_if_a_machine_does_not_stop(
    lab: Lab, shared: PrimaryStorage
) -> None:
    vm = await on_shared(lab, shared)
    lab.fleet.plan.replace([Fault(kind="fail", command="domain.shutdown", times=1)])
    accepted = await lab.client.call(
        "primary_storage.enter_maintenance", id=shared.id, stop_machines=True, timeout_s=5
    )
    assert await lab.ended(accepted) != []
    assert (await lab.client.call("primary_storage.get", id=shared.id)).state == "enabled"
    assert (await lab.client.call("vm.get", id=vm.id)).state == "running"
