"""Snapshots on storages that hosts share: one host has a chain in its hands, whatever is away."""

from __future__ import annotations

import pytest

from appliance.protocol.ids import new_id
from appliance.protocol.resources import PrimaryStorage
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_shared_storage import (
    host_of,
    is_done,
    on_shared,
    shared,  # noqa: F401 a fixture
)
from tests.integration.simulated.test_snapshots import take, tree
from tests.integration.simulated.test_volumes import GiB, do, get, machine, make, refused
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def start_elsewhere(lab: Lab, vm_id: str) -> str:
    """Start a machine that is off on another host than its last one; returns that host."""
    last = (await lab.client.call("vm.get", id=vm_id)).last_host_id
    await lab.client.call("host.disable", id=last)
    try:
        await do(lab, "vm.start", vm_id)
    finally:
        await lab.client.call("host.enable", id=last)
    host_id = (await lab.client.call("vm.get", id=vm_id)).host_id
    assert host_id not in (None, last)
    return str(host_id)


async def test_a_chain_is_the_same_on_all_hosts(
    lab: Lab,
    shared: PrimaryStorage,  # noqa: F811
) -> None:
    vm = await on_shared(lab, shared)
    (root,) = vm.volumes
    first, before = await take(lab, root.id), vm.host_id
    # It moves with its snapshots, live; its new host works on them.
    await do(lab, "vm.migrate", vm.id)
    assert (await lab.client.call("vm.get", id=vm.id)).host_id not in (None, before)
    second = await take(lab, root.id, "two")
    claimed = (await lab.client.call("primary_storage.get", id=shared.id)).claimed_bytes
    used = [item.used_bytes or 0 for item in (await tree(lab, root.id)).values()]
    assert claimed == root.size_bytes + sum(used)
    await do(lab, "snapshot.delete", first)
    assert set(await tree(lab, root.id)) == {second}

    await do(lab, "vm.stop", vm.id, force=True)
    await do(lab, "snapshot.revert", second, save_as="kept")
    await start_elsewhere(lab, vm.id)
    assert {item.name for item in (await tree(lab, root.id)).values()} == {"two", "kept"}
    assert (await lab.client.call("ledger.check")).differences == []
    for ref in await tree(lab, root.id):
        await do(lab, "snapshot.delete", ref)
    assert await tree(lab, root.id) == {}


async def test_others_are_made_of_it_on_any_host(
    lab: Lab,
    shared: PrimaryStorage,  # noqa: F811
) -> None:
    vm = await on_shared(lab, shared)
    (root,) = vm.volumes
    first = await take(lab, root.id)
    other = next(host.id for host in lab.fleet.hosts if host.id != vm.host_id)
    for fields in ({}, {"host_id": other}, {"vm_id": vm.id}):
        accepted = await lab.client.call(
            "volume.create", name="copy", snapshot_id=first, size_bytes=20 * GiB, **fields
        )
        assert await lab.ended(accepted) == []
        copy = await get(lab, accepted.resource_ids[0])
        assert (copy.host_id, copy.primary_storage_id) == (None, shared.id)
    # A machine whose disks are local can have it if they are on one storage; here they are not.
    local = await machine(lab)
    found = await refused(lab, "volume.create", name="x", snapshot_id=first, vm_id=local.id)
    assert found == ("snapshot.elsewhere", "vm_id")


async def test_nobody_starts_what_a_lost_host_may_still_change(
    lab: Lab,
    shared: PrimaryStorage,  # noqa: F811
) -> None:
    """The new head came to be, the answer did not, and the host is away when it is taken back."""
    vm = await on_shared(lab, shared)
    (root,) = vm.volumes
    await do(lab, "vm.stop", vm.id, force=True)
    host = host_of(lab, vm.last_host_id or vm.host_id)
    gone = Fault(kind="vanish", host=host.name, command="snapshot.take", when="after", times=1)
    lab.fleet.plan.replace([gone])
    accepted = await lab.client.call("snapshot.create", volume_id=root.id, name="x")
    assert await lab.ended(accepted, timeout_s=90) != []
    left = [one.id async for one in lab.client.iterate("cleanup.list", resource_id=root.id)]
    assert left
    found = await refused(lab, "vm.start", id=vm.id)
    assert found[0] == "placement.none_connected", found
    host.start()
    await until_all(lab.client, "cleanup", left, is_done)
    assert await tree(lab, root.id) == {}
    await start_elsewhere(lab, vm.id)


async def test_a_start_waits_for_the_host_that_works_on_the_chain(
    lab: Lab,
    shared: PrimaryStorage,  # noqa: F811
) -> None:
    """It is accepted while the job runs, and must not be on another host when that fails."""
    vm = await on_shared(lab, shared)
    (root,) = vm.volumes
    await do(lab, "vm.stop", vm.id, force=True)
    host = host_of(lab, vm.last_host_id or vm.host_id)
    lab.fleet.plan.replace([Fault(kind="hang", command="snapshot.take")])
    accepted = await lab.client.call("snapshot.create", volume_id=root.id, name="x")
    await lab.client.call("host.disable", id=host.id)
    try:
        assert (await refused(lab, "vm.start", id=vm.id))[0] == "placement.none_enabled"
    finally:
        await lab.client.call("host.enable", id=host.id)
    start = await lab.client.call("vm.start", id=vm.id)
    assert (await lab.client.call("vm.get", id=vm.id)).host_id == host.id
    lab.fleet.plan.replace([])
    lab.fleet.plan.thaw()
    assert await lab.ended(accepted) == []
    assert await lab.ended(start) == []
    assert len(await tree(lab, root.id)) == 1


async def test_a_volume_without_a_machine(
    lab: Lab,
    shared: PrimaryStorage,  # noqa: F811
) -> None:
    volume = await make(lab, primary_storage_id=shared.id)
    first = await take(lab, volume.id, f"s-{new_id()[-4:]}")
    await do(lab, "snapshot.revert", first)
    await do(lab, "snapshot.delete", first)
    assert await tree(lab, volume.id) == {}
