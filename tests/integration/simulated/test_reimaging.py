"""Root disks made anew: nothing is lost on the way, and nothing claimed twice in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Vm
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3


@pytest_asyncio.fixture(loop_scope="module")
async def guests(lab: Lab) -> AsyncIterator[Lab]:
    """Everything is gone afterwards, and all sums agree."""
    yield lab
    await lab.remove_all()
    async for volume in lab.client.iterate("volume.list"):
        for verb in ("delete", "expunge"):
            await lab.ended(await lab.client.call(f"volume.{verb}", id=volume.id))
    await lab.assert_clean()


async def machine(lab: Lab, **fields: Any) -> Vm:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", start=False, **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def do(lab: Lab, operation: str, vm: Vm, **fields: Any) -> Vm:
    assert await lab.ended(await lab.client.call(operation, id=vm.id, **fields)) == []
    return await lab.client.call("vm.get", id=vm.id)


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def files(lab: Lab) -> set[str]:
    """The ids of all volumes' files."""
    return {
        path.rpartition("/")[2].partition(".")[0]
        for host in lab.fleet.hosts
        for path in host.state.files
        if "/volumes/" in path
    }


async def test_a_root_disk_is_made_anew_and_everything_else_stays(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    vm = await machine(lab, data_disks=[{"size_bytes": GiB}], root_disk_bytes=20 * GiB)
    root, data = vm.volumes
    await lab.ended(await call("volume.set_limits", id=root.id, read_iops=500))
    new = await do(lab, "vm.reimage", vm)
    fresh, same = new.volumes
    assert fresh.id != root.id
    assert (fresh.size_bytes, fresh.read_iops, fresh.status) == (20 * GiB, 500, "ready")
    assert (same.id, new.nics, new.image_id) == (data.id, vm.nics, vm.image_id)
    assert files(lab) == {fresh.id, data.id}
    assert (await call("ledger.check")).differences == []
    new = await do(lab, "vm.start", new)
    assert new.state == "running"
    assert await refused(lab, "vm.reimage", id=vm.id) == ("vm.wrong_state", None)


async def test_another_image_has_its_size_at_least(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    vm = await machine(lab)
    accepted = await call(
        "image.create",
        name="other",
        image_store_id=(await call("image_store.list")).items[0].id,
        source="url",
        url="http://images.example/other",
    )
    assert await lab.ended(accepted) == []
    other = await call("image.get", id=accepted.resource_ids[0])
    assert await refused(lab, "vm.change_image", id=vm.id, image_id=new_id()) == (
        "resource.not_found",
        "image_id",
    )
    small = {"image_id": other.id, "root_disk_bytes": 1024**2}
    assert await refused(lab, "vm.change_image", id=vm.id, **small) == (
        "volume.too_small",
        "root_disk_bytes",
    )
    assert await call("vm.get", id=vm.id) == vm
    new = await do(lab, "vm.change_image", vm, image_id=other.id, root_disk_bytes=30 * GiB)
    assert (new.image_id, new.volumes[0].size_bytes) == (other.id, 30 * GiB)
    # Never smaller than before, if nothing is said.
    back = await do(lab, "vm.change_image", new, image_id=vm.image_id)
    assert (back.image_id, back.volumes[0].size_bytes) == (vm.image_id, 30 * GiB)
    assert await lab.ended(await call("image.delete", id=other.id)) == []
    assert await refused(lab, "vm.change_image", id=vm.id, image_id=other.id) == (
        "image.not_ready",
        "image_id",
    )
    assert await lab.ended(await call("image.expunge", id=other.id)) == []
    assert (await call("ledger.check")).differences == []


async def test_what_fails_leaves_the_old_disk(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    vm = await machine(lab)
    lab.fleet.plan.replace([Fault(command="volume.create_overlay", kind="fail")])
    assert await lab.ended(await call("vm.reimage", id=vm.id)) != []
    lab.fleet.plan.replace([])
    assert await call("vm.get", id=vm.id) == vm
    assert files(lab) == {vm.volumes[0].id}
    assert (await call("ledger.check")).differences == []


async def test_nothing_else_happens_to_the_machine_meanwhile(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    vm = await machine(lab)
    root = vm.volumes[0]
    lab.fleet.plan.replace([Fault(command="volume.create_overlay", kind="hang")])
    accepted = await call("vm.reimage", id=vm.id)
    for operation in ("vm.start", "vm.destroy", "vm.reimage"):
        assert await refused(lab, operation, id=vm.id) == ("vm.being_reimaged", None), operation
    code, _ = await refused(lab, "volume.resize", id=root.id, size_bytes=root.size_bytes + GiB)
    assert code == "volume.wrong_status"
    # It can be called off.
    await call("job.cancel", id=accepted.jobs[0].id)
    lab.fleet.plan.thaw()
    await lab.ended(accepted)
    lab.fleet.plan.replace([])
    assert await call("vm.get", id=vm.id) == vm
    assert files(lab) == {root.id}
