"""Snapshots as a tree: taken, gone back to, deleted, copied; what they need and what they claim."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.client import JobFailed, wait
from appliance.protocol.resources import Vm
from appliance.protocol.snapshots import Snapshot
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_cli_lists import anyun
from tests.integration.simulated.test_volumes import GiB, do, get, machine, make, refused
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
DEPTH = "snapshot.depth_limit"


@pytest_asyncio.fixture(loop_scope="module")
async def snapshots(lab: Lab) -> AsyncIterator[Lab]:
    """Everything is gone afterwards, and all sums agree."""
    yield lab
    lab.fleet.plan.replace([])
    await lab.client.call("setting.reset", name=DEPTH)
    await lab.remove_all()
    async for volume in lab.client.iterate("volume.list"):
        if volume.status != "deleted":
            await do(lab, "volume.delete", volume.id)
        await do(lab, "volume.expunge", volume.id)
    await lab.assert_clean()
    assert [item async for item in lab.client.iterate("snapshot.list")] == []


async def take(lab: Lab, volume_id: str, name: str = "one", **fields: Any) -> str:
    accepted = await lab.client.call("snapshot.create", volume_id=volume_id, name=name, **fields)
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


async def tree(lab: Lab, volume_id: str) -> dict[str, Snapshot]:
    """The snapshots of a volume by id; its files agree with them."""
    items = lab.client.iterate("snapshot.list", filter=f"volume_id = {volume_id}")
    found = {item.id: item async for item in items}
    chain = await lab.client.call("volume.check_chain", id=volume_id)
    assert chain.is_sound, chain
    assert chain.strangers == []
    assert {file.snapshot_id for file in chain.files} == {None, *found}
    return found


async def test_a_tree_grows_branches_and_loses_any_node(snapshots: Lab) -> None:
    lab = snapshots
    vm = await machine(lab)
    volume = await make(lab, vm_id=vm.id)
    first, second = await take(lab, volume.id), await take(lab, volume.id, "two")
    shown = await get(lab, volume.id)
    assert (shown.snapshot_id, shown.snapshot_count) == (second, 2)
    found = await tree(lab, volume.id)
    assert (found[first].parent_id, found[second].parent_id) == (None, first)
    assert [found[ref].is_current for ref in (first, second)] == [False, True]

    # Not while its machine runs; what is there may be kept.
    assert (await refused(lab, "snapshot.revert", id=first))[0] == "snapshot.vm_runs"
    await do(lab, "vm.stop", vm.id, force=True)
    await do(lab, "volume.resize", volume.id, size_bytes=4 * GiB)
    await do(lab, "snapshot.revert", first, save_as="before")
    assert (await get(lab, volume.id)).size_bytes == 2 * GiB
    found = await tree(lab, volume.id)
    (kept,) = [ref for ref, item in found.items() if item.name == "before"]
    assert (found[kept].parent_id, found[kept].size_bytes) == (second, 4 * GiB)
    assert found[first].is_current
    await do(lab, "vm.start", vm.id)

    # Two stand on the first one: it is hidden and stays, until one of them is gone.
    await do(lab, "snapshot.delete", first)
    found = await tree(lab, volume.id)
    assert found[first].status == "hidden"
    assert (await get(lab, volume.id)).snapshot_count == 2
    await do(lab, "snapshot.delete", kept)
    await do(lab, "snapshot.delete", second)
    assert await tree(lab, volume.id) == {}
    assert (await get(lab, volume.id)).snapshot_id is None
    # The data come from there still, and the next one begins anew.
    await take(lab, volume.id, "again")
    assert len(await tree(lab, volume.id)) == 1


async def test_all_disks_of_a_machine_at_one_instant(snapshots: Lab) -> None:
    lab = snapshots
    vm = await machine(lab, data_disks=[{"size_bytes": GiB}])
    accepted = await lab.client.call("vm.create_snapshot", id=vm.id, name="all")
    assert await lab.ended(accepted) == []
    items = [await lab.client.call("snapshot.get", id=ref) for ref in accepted.resource_ids]
    assert len({item.group_id for item in items}) == 1
    assert {item.volume_id for item in items} == {volume.id for volume in vm.volumes}
    assert await disks_rest(lab, vm)
    revert = {"id": vm.id, "snapshot_id": items[0].id}
    assert (await refused(lab, "vm.revert_snapshot", **revert))[0] == "snapshot.vm_runs"
    other = await machine(lab)
    elsewhere = {"id": other.id, "snapshot_id": items[0].id}
    assert await refused(lab, "vm.revert_snapshot", **elsewhere) == (
        "snapshot.of_other_machine",
        "snapshot_id",
    )
    await do(lab, "vm.stop", vm.id, force=True)
    await do(lab, "vm.revert_snapshot", vm.id, snapshot_id=items[0].id, save_as="before")
    for volume in vm.volumes:
        found = (await tree(lab, volume.id)).values()
        assert sorted(item.name for item in found) == ["all", "before"]
    await do(lab, "vm.start", vm.id)
    assert await disks_rest(lab, vm)


async def disks_rest(lab: Lab, vm: Vm) -> bool:
    shown = await lab.client.call("vm.get", id=vm.id)
    return all(volume.status == "ready" for volume in shown.volumes)


async def test_what_it_needs_and_what_it_claims(snapshots: Lab) -> None:
    lab = snapshots
    lazy = await make(lab)
    named = {"volume_id": lazy.id, "name": "x"}
    assert (await refused(lab, "snapshot.create", **named))[0] == "snapshot.not_made"
    volume = await make(lab, host_id=lab.fleet.ids[0])
    (storage,) = (await lab.client.call("primary_storage.list")).items[:1]
    await lab.client.call("setting.change", name=DEPTH, value=2)
    first = await take(lab, volume.id)
    after = await lab.client.call("primary_storage.get", id=storage.id)
    used = (await tree(lab, volume.id))[first].used_bytes
    assert used > 0
    assert after.claimed_bytes == storage.claimed_bytes + used
    await take(lab, volume.id, "two")
    named = {"volume_id": volume.id, "name": "three"}
    assert (await refused(lab, "snapshot.create", **named))[0] == "snapshot.too_deep"
    assert (await refused(lab, "snapshot.create", volume_id=volume.id, name=" "))[0] == "name.blank"
    again = await lab.client.call("snapshot.create", id=first, volume_id=volume.id, name="one")
    assert again.resource_ids == [volume.id]
    taken = {"id": first, "volume_id": volume.id, "name": "other"}
    assert (await refused(lab, "snapshot.create", **taken))[0] == "request.id_taken"
    preview = await lab.client.call("deletion.preview", kind="volume", id=volume.id)
    assert [item.effect for item in preview.items if item.kind == "snapshot"] == ["deleted"] * 2


async def test_a_volume_is_made_of_a_snapshot(snapshots: Lab) -> None:
    lab = snapshots
    vm = await machine(lab)
    volume = await make(lab, vm_id=vm.id)
    first = await take(lab, volume.id)
    accepted = await lab.client.call("volume.create", name="copy", snapshot_id=first)
    assert await lab.ended(accepted) == []
    copy = await get(lab, accepted.resource_ids[0])
    assert (copy.size_bytes, copy.host_id, copy.vm_id) == (2 * GiB, vm.host_id, None)
    # Larger, and for a machine at once; but not smaller, nor elsewhere.
    accepted = await lab.client.call(
        "volume.create", name="copy", snapshot_id=first, size_bytes=3 * GiB, vm_id=vm.id
    )
    assert await lab.ended(accepted) == []
    copy = await get(lab, accepted.resource_ids[0])
    assert (copy.size_bytes, copy.vm_id) == (3 * GiB, vm.id)
    small = {"name": "x", "snapshot_id": first, "size_bytes": GiB}
    assert await refused(lab, "volume.create", **small) == ("volume.too_small", "size_bytes")
    other = next(ref for ref in lab.fleet.ids if ref != vm.host_id)
    far = {"name": "x", "snapshot_id": first, "host_id": other}
    assert await refused(lab, "volume.create", **far) == ("snapshot.elsewhere", "host_id")
    assert await refused(lab, "volume.create", name="x") == ("volume.size_needed", "size_bytes")
    # While it is copied, nothing of it is merged.
    lab.fleet.plan.replace([Fault(command="volume.copy", kind="hang")])
    accepted = await lab.client.call("volume.create", name="slow", snapshot_id=first)
    assert (await refused(lab, "snapshot.delete", id=first))[0] == "snapshot.being_copied"
    lab.fleet.plan.replace([])
    lab.fleet.plan.thaw()
    assert await lab.ended(accepted) == []
    await do(lab, "snapshot.delete", first)


async def test_a_machine_is_made_of_a_snapshot_of_a_root_disk(snapshots: Lab) -> None:
    lab = snapshots
    vm = await machine(lab, hardware={"firmware": "uefi"}, data_disks=[{"size_bytes": GiB}])
    root, data = vm.volumes
    first, of_data = await take(lab, root.id), await take(lab, data.id)
    asked = {"image_id": None, "snapshot_id": first}
    copy = await machine(lab, **asked)
    assert (copy.host_id, copy.image_id, copy.state) == (vm.host_id, "", "running")
    assert copy.hardware.firmware == "uefi"
    assert copy.volumes[0].size_bytes == root.size_bytes
    larger = await machine(lab, **asked, root_disk_bytes=root.size_bytes + GiB, start=False)
    assert larger.volumes[0].size_bytes == root.size_bytes + GiB
    # Not smaller, nor elsewhere, nor of anything else.
    small = lab.cloud.vm_request("x", **asked, root_disk_bytes=1)
    assert await refused(lab, "vm.create", **small) == ("volume.too_small", "root_disk_bytes")
    other = next(ref for ref in lab.fleet.ids if ref != vm.host_id)
    far = lab.cloud.vm_request("x", **asked, host_id=other)
    assert await refused(lab, "vm.create", **far) == ("snapshot.elsewhere", "host_id")
    both = lab.cloud.vm_request("x", snapshot_id=first)
    assert await refused(lab, "vm.create", **both) == ("vm.two_sources", "snapshot_id")
    none = lab.cloud.vm_request("x", image_id=None, snapshot_id=of_data)
    assert await refused(lab, "vm.create", **none) == ("snapshot.no_root", "snapshot_id")
    # While it is copied, nothing of it is merged; if that fails, nothing stays.
    lab.fleet.plan.replace([Fault(command="volume.copy", kind="hang")])
    accepted = await lab.create("slow", **asked)
    assert (await refused(lab, "snapshot.delete", id=first))[0] == "snapshot.being_copied"
    lab.fleet.plan.replace([Fault(command="volume.copy", kind="fail", times=9)])
    lab.fleet.plan.thaw()
    await lab.client.call("job.cancel", id=accepted.jobs[0].id)
    await lab.ended(accepted)
    lab.fleet.plan.replace([])
    await do(lab, "snapshot.delete", first)


async def test_an_image_is_made_of_a_snapshot(snapshots: Lab) -> None:
    lab = snapshots
    (store,) = (await lab.client.call("image_store.list")).items
    vm = await machine(lab)
    other = await make(lab, vm_id=vm.id)
    first, of_other = await take(lab, vm.volumes[0].id), await take(lab, other.id)
    asked = {"id": vm.volumes[0].id, "name": "golden", "image_store_id": store.id}
    accepted = await lab.client.call("volume.create_image", **asked, snapshot_id=first)
    assert await lab.ended(accepted) == []
    image = await lab.client.call("image.get", id=accepted.resource_ids[0])
    assert (image.status, image.kind) == ("ready", "root")
    wrong = asked | {"snapshot_id": of_other}
    assert await refused(lab, "volume.create_image", **wrong) == (
        "snapshot.of_other_volume", "snapshot_id",
    )  # fmt: skip
    await do(lab, "image.delete", image.id)
    await do(lab, "image.expunge", image.id)


async def test_what_could_not_be_merged_is_taken_up_again(snapshots: Lab) -> None:
    lab = snapshots
    volume = await make(lab, vm_id=(await machine(lab)).id)
    first = await take(lab, volume.id)
    lab.fleet.plan.replace([Fault(command="snapshot.merge", kind="fail")])
    accepted = await lab.client.call("snapshot.delete", id=first)
    with pytest.raises(JobFailed) as caught:
        await wait(lab.client, accepted, timeout_s=30)
    assert caught.value.error.code == "snapshot.merge_failed"
    lab.fleet.plan.replace([])
    assert (await tree(lab, volume.id))[first].status == "hidden"
    assert (await refused(lab, "snapshot.revert", id=first))[0] == "snapshot.not_ready"
    assert (await get(lab, volume.id)).status == "ready"
    await do(lab, "snapshot.delete", first)
    assert await tree(lab, volume.id) == {}


async def test_a_damaged_chain_is_named(snapshots: Lab) -> None:
    lab = snapshots
    volume = await make(lab, host_id=lab.fleet.ids[0])
    await take(lab, volume.id)
    (host,) = [host for host in lab.fleet.hosts if host.id == volume.host_id]
    (path,) = [path for path in host.state.files if path.endswith(f"/{volume.id}.qcow2")]
    lost = host.state.files.pop(path)
    chain = await lab.client.call("volume.check_chain", id=volume.id)
    assert not chain.is_sound
    assert [(file.path, file.problem) for file in chain.files if file.problem] == [
        (path, "missing")
    ]
    accepted = await lab.client.call("snapshot.create", volume_id=volume.id, name="two")
    with pytest.raises(JobFailed) as caught:
        await wait(lab.client, accepted, timeout_s=30)
    error = caught.value.error
    assert (error.code, error.params["path"]) == ("volume.chain_damaged", path)
    host.state.files[path] = lost
    await lab.retry_cleanup()
    assert len(await tree(lab, volume.id)) == 1


async def test_the_command_line_draws_the_tree(snapshots: Lab) -> None:
    lab = snapshots
    volume = await make(lab, host_id=lab.fleet.ids[0])
    await lab.client.call("volume.update", id=volume.id, name="books")
    for name in ("monday", "tuesday"):
        await anyun(lab, "snapshot", "create", "--volume", "books", "--name", name)
    await anyun(lab, "snapshot", "revert", "monday", "--save-as", "wednesday", "--yes")
    out, _ = await anyun(lab, "snapshot", "list", "--filter", "volume_name=books")
    lines = out.splitlines()[-3:]
    assert lines[0].startswith("monday")
    assert "you are here" in lines[0]
    assert lines[1].startswith("└─ tuesday")
    assert lines[2].startswith("   └─ wednesday")
    await anyun(lab, "snapshot", "delete", "tuesday", "--yes")
    out, _ = await anyun(lab, "volume", "check-chain", "books")
    assert out.count("sound") == 3
    assert volume.id in out
    await anyun(lab, "volume", "create", "--name", "copy", "--snapshot", "wednesday")
    (copy,) = (await lab.client.call("volume.list", q="copy")).items
    assert copy.status == "ready"
