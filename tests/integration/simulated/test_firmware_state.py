"""What firmware and TPM of a machine keep is where it starts next, or it does not start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.ids import new_id
from appliance.protocol.resources import PrimaryStorage, Vm
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_moving import local_of
from tests.integration.simulated.test_volumes import do, get, refused
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
UEFI = {"firmware": "uefi", "tpm": True}
PATH = "/srv/anyun/firmware-shared"


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def nothing_left(lab: Lab) -> AsyncIterator[None]:
    yield
    lab.fleet.plan.replace([])
    await lab.remove_all()
    assert folders(lab) == {}
    assert (await lab.client.call("ledger.check")).differences == []
    storages = (await lab.client.call("primary_storage.list")).items
    for storage in storages:
        if storage.kind != "local":
            await lab.client.call("primary_storage.delete", id=storage.id)
    await lab.assert_clean()


async def storage(lab: Lab, kind: str) -> PrimaryStorage:
    """A storage of all hosts of the first cluster."""
    fields: dict[str, Any] = {"path": PATH}
    if kind == "ceph":
        fields = {"source": "vms", "monitors": ["192.0.2.1"], "user": "anyun", "key": "QUFBQQ=="}
    return await lab.client.call(
        "primary_storage.create",
        name=kind,
        kind=kind,
        cluster_id=lab.cloud.cluster_ids[0],
        **fields,
    )


async def machine(lab: Lab, **fields: Any) -> Vm:
    """A machine with UEFI and a TPM, off."""
    accepted = await lab.create(f"vm-{new_id()[-6:]}", hardware=UEFI, **fields)
    assert await lab.ended(accepted) == []
    vm = await lab.client.call("vm.get", id=accepted.resource_ids[0])
    await do(lab, "vm.stop", vm.id, force=True)
    return vm


def folders(lab: Lab) -> dict[str, list[str]]:
    """Where hosts have anything of machines' firmware: "" for what all see."""
    found = {host.name: sorted(host.state.firmware) for host in lab.fleet.hosts}
    return {name: there for name, there in (found | {"": sorted(lab.fleet.shared.firmware)}).items()
            if there}  # fmt: skip


async def migrate(lab: Lab, vm: Vm, host_id: str) -> list[str]:
    return await lab.ended(await lab.client.call("vm.migrate", id=vm.id, host_id=host_id))


async def neighbour_of(lab: Lab, vm: Vm) -> Any:
    """Another host of its cluster."""
    place = lab.cloud.cluster_ids[0]
    near = {host.id async for host in lab.client.iterate("host.list", cluster_id=place)}
    return next(one for one in lab.fleet.hosts if one.id in near and one.id != vm.last_host_id)


def name_of(lab: Lab, host_id: str | None) -> str:
    return next(host.name for host in lab.fleet.hosts if host.id == host_id)


async def test_it_moves_with_a_machine_that_is_off(lab: Lab) -> None:
    vm = await machine(lab)
    target = await neighbour_of(lab, vm)
    lab.fleet.plan.replace([Fault(kind="fail", command="migration.copy", times=1)])
    assert await migrate(lab, vm, target.id) != []
    assert list(folders(lab)) == [name_of(lab, vm.last_host_id)]
    lab.fleet.plan.replace([])
    assert await migrate(lab, vm, target.id) == []
    assert list(folders(lab)) == [target.name]


@pytest.mark.parametrize("kind", ["fail", "crash"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("command", ["domain.take_kept", "domain.put_kept", "domain.forget"])
async def test_trouble_on_the_way(lab: Lab, command: str, kind: Any, when: Any) -> None:
    vm = await machine(lab)
    target = await neighbour_of(lab, vm)
    lab.fleet.plan.replace([Fault(kind=kind, command=command, when=when, times=1)])
    await migrate(lab, vm, target.id)
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    works = [item.id async for item in lab.client.iterate("cleanup.list")]
    await until_all(lab.client, "cleanup", works, lambda work: work is None)
    where = (await get(lab, vm.volumes[0].id)).host_id
    assert list(folders(lab)) == [name_of(lab, where)]
    await do(lab, "vm.start", vm.id)
    assert list(folders(lab)) == [name_of(lab, where)]


async def test_nothing_stays_behind_when_a_machine_moves_while_it_runs(lab: Lab) -> None:
    vm = await machine(lab)
    await do(lab, "vm.start", vm.id)
    target = await neighbour_of(lab, vm)
    assert await migrate(lab, vm, target.id) == []
    assert list(folders(lab)) == [target.name]


async def test_it_goes_with_the_root_disk_to_shared_storage_and_back(lab: Lab) -> None:
    shared, local = await storage(lab, "shared"), await local_of(lab)
    vm = await machine(lab)
    root, first = vm.volumes[0], vm.last_host_id
    await do(lab, "volume.move", root.id, primary_storage_id=shared.id)
    assert list(folders(lab)) == [""]
    target = await neighbour_of(lab, vm)
    # What all see stays where it is when the machine goes elsewhere.
    assert await migrate(lab, vm, target.id) == []
    assert list(folders(lab)) == [""]
    await do(lab, "vm.start", vm.id)
    assert list(folders(lab)) == [""]
    await do(lab, "vm.stop", vm.id, force=True)
    await do(lab, "volume.move", root.id, primary_storage_id=local.id, host_id=first)
    assert list(folders(lab)) == [name_of(lab, first)]


async def test_on_ceph_a_machine_starts_where_its_state_is(lab: Lab) -> None:
    """Ceph has no files: the host that ran the machine last has its state, and no other."""
    ceph = await storage(lab, "ceph")
    vm = await machine(lab, primary_storage_id=ceph.id)
    first, target = vm.last_host_id or "", await neighbour_of(lab, vm)
    assert list(folders(lab)) == [name_of(lab, first)]
    await lab.client.call("host.disable", id=first)
    try:
        found = await refused(lab, "vm.start", id=vm.id)
        assert found[0] == "placement.none_enabled", "no other host would do"
    finally:
        await lab.client.call("host.enable", id=first)
    host = next(one for one in lab.fleet.hosts if one.id == first)
    await host.stop()
    await until_all(lab.client, "host", [first], lambda one: one.status != "connected")
    try:
        assert (await refused(lab, "vm.start", id=vm.id))[0] == "vm.firmware_away"
        assert (await refused(lab, "vm.migrate", id=vm.id))[0] == "migration.firmware_away"
    finally:
        host.start()
    await until_all(lab.client, "host", [first], lambda one: one.status == "connected")
    assert await migrate(lab, vm, target.id) == []
    assert list(folders(lab)) == [target.name]
    await do(lab, "vm.start", vm.id)
    assert (await lab.client.call("vm.get", id=vm.id)).host_id == target.id
