"""Data disks: made lazily or at once, attached, grown and limited; and never two writers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Vm, Volume
from hostagent.protocol.domain import DiskLimits, DiskSpec
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_cli_lists import anyun
from tests.lab.simulated.cloud import until_all
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3
POLICY = "recycle_bin.volume_policy"


@pytest_asyncio.fixture(loop_scope="module")
async def volumes(lab: Lab) -> AsyncIterator[Lab]:
    """Everything is gone afterwards, and all sums agree."""
    yield lab
    await lab.client.call("setting.reset", name=POLICY)
    await lab.remove_all()
    async for volume in lab.client.iterate("volume.list"):
        if volume.status != "deleted":
            await do(lab, "volume.delete", volume.id)
        await do(lab, "volume.expunge", volume.id)
    await lab.assert_clean()


async def machine(lab: Lab, **fields: Any) -> Vm:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def make(lab: Lab, size_gib: int = 2, **fields: Any) -> Volume:
    accepted = await lab.client.call(
        "volume.create", name="data", size_bytes=size_gib * GiB, **fields
    )
    assert await lab.ended(accepted) == []
    return await get(lab, accepted.resource_ids[0])


async def get(lab: Lab, ref: str) -> Volume:
    return await lab.client.call("volume.get", id=ref)


async def do(lab: Lab, operation: str, ref: str, **fields: Any) -> None:
    assert await lab.ended(await lab.client.call(operation, id=ref, **fields)) == []


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def disks(lab: Lab, vm_id: str) -> list[DiskSpec]:
    """The disks that its host sees in the machine."""
    return [
        disk
        for host in lab.fleet.hosts
        for domain in host.state.domains.values()
        if domain.spec.vm_id == vm_id
        for disk in domain.spec.disks
    ]


def file_of(lab: Lab, volume_id: str) -> tuple[str, int] | None:
    """The host that has the volume's file, and how large it is to guests."""
    found = [
        (host.id, file.virtual_size_bytes)
        for host in lab.fleet.hosts
        for path, file in host.state.files.items()
        if volume_id in path
    ]
    assert len(found) <= 1
    return found[0] if found else None


async def claimed(lab: Lab) -> int:
    (storage, *_) = (await lab.client.call("primary_storage.list")).items
    return storage.claimed_bytes


async def test_it_is_made_where_it_is_first_attached(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    before = await claimed(lab)
    volume = await make(lab)
    assert (volume.status, volume.host_id, volume.vm_id) == ("not_made", None, None)
    assert await claimed(lab) == before
    await do(lab, "volume.attach", volume.id, vm_id=vm.id)
    volume = await get(lab, volume.id)
    assert (volume.status, volume.host_id, volume.vm_name) == ("ready", vm.host_id, vm.name)
    assert await claimed(lab) == before + 2 * GiB
    assert file_of(lab, volume.id) == (vm.host_id, 2 * GiB)
    root, data = disks(lab, vm.id)
    assert (root.position, data.position, data.serial) == (0, 1, volume.serial)
    shown = await lab.client.call("vm.get", id=vm.id)
    assert [one.id for one in shown.volumes] == [root.volume.volume_id, volume.id]
    await do(lab, "volume.detach", volume.id)
    assert [disk.position for disk in disks(lab, vm.id)] == [0]
    volume = await get(lab, volume.id)
    assert (volume.status, volume.vm_id, volume.host_id) == ("ready", None, vm.host_id)


async def test_on_local_storage_it_stays_on_its_host(volumes: Lab) -> None:
    lab = volumes
    one, two = lab.fleet.ids[:2]
    near, also_near, far = (
        await machine(lab, host_id=one),
        await machine(lab, host_id=one),
        await machine(lab, host_id=two),
    )
    volume = await make(lab, host_id=one)
    assert (volume.status, file_of(lab, volume.id)) == ("ready", (one, 2 * GiB))
    attach = {"id": volume.id}
    assert await refused(lab, "volume.attach", **attach, vm_id=far.id) == (
        "volume.elsewhere",
        "vm_id",
    )
    await do(lab, "volume.attach", volume.id, vm_id=near.id)
    assert (await refused(lab, "volume.attach", **attach, vm_id=also_near.id))[0] == (
        "volume.attached"
    )
    await do(lab, "volume.detach", volume.id)
    await do(lab, "volume.attach", volume.id, vm_id=also_near.id)
    assert len(disks(lab, also_near.id)) == 2


async def test_of_two_attachments_at_once_one_wins(volumes: Lab) -> None:
    lab = volumes
    host_id = lab.fleet.ids[0]
    first, second = await machine(lab, host_id=host_id), await machine(lab, host_id=host_id)
    for _ in range(5):
        volume = await make(lab)
        answers = await asyncio.gather(
            *(
                lab.client.call("volume.attach", id=volume.id, vm_id=vm.id)
                for vm in (first, second)
            ),
            return_exceptions=True,
        )
        accepted = [answer for answer in answers if isinstance(answer, Accepted)]
        errors = [answer.code for answer in answers if isinstance(answer, ApiError)]
        assert len(accepted) == 1
        assert errors in (["volume.wrong_status"], ["volume.attached"])
        assert await lab.ended(accepted[0]) == []
        has = [
            any(d.volume.volume_id == volume.id for d in disks(lab, vm.id))
            for vm in (first, second)
        ]
        assert sorted(has) == [False, True]
        await do(lab, "volume.detach", volume.id)


async def test_a_machine_that_is_off_gets_it_when_it_starts(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab, start=False)
    volume = await make(lab, vm_id=vm.id, read_iops=100)
    await do(lab, "volume.resize", volume.id, size_bytes=3 * GiB)
    await do(lab, "volume.set_limits", volume.id, write_bytes_s=10 * 1024**2)
    assert file_of(lab, volume.id) == (vm.last_host_id, 3 * GiB)
    await do(lab, "vm.start", vm.id)
    limits = DiskLimits(read_iops=100, write_bytes_s=10 * 1024**2)
    assert [disk.limits for disk in disks(lab, vm.id)] == [DiskLimits(), limits]
    # It has the same place after a further one came and went before it.
    other = await make(lab, vm_id=vm.id)
    await do(lab, "volume.detach", volume.id)
    await do(lab, "vm.stop", vm.id, force=True)
    await do(lab, "vm.start", vm.id)
    assert [(disk.position, disk.serial) for disk in disks(lab, vm.id)][1:] == [(2, other.serial)]


async def test_it_grows_and_is_limited_under_a_running_machine(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    volume = await make(lab, vm_id=vm.id)
    root = vm.volumes[0]
    for ref, size_bytes in ((volume.id, 5 * GiB), (root.id, 80 * GiB)):
        await do(lab, "volume.resize", ref, size_bytes=size_bytes)
        found = file_of(lab, ref)
        assert found is not None
        assert found[1] == (await get(lab, ref)).size_bytes == size_bytes
        assert await refused(lab, "volume.resize", id=ref, size_bytes=GiB) == (
            "volume.not_larger",
            "size_bytes",
        )
    limits = {"read_iops": 50, "write_iops": 60, "read_bytes_s": 2**20, "write_bytes_s": 2**21}
    await do(lab, "volume.set_limits", volume.id, **limits)
    await do(lab, "volume.set_limits", root.id, read_iops=7)
    assert [disk.limits for disk in disks(lab, vm.id)] == [
        DiskLimits(read_iops=7),
        DiskLimits(**limits),
    ]
    await do(lab, "volume.set_limits", volume.id, read_iops=0)
    shown = await get(lab, volume.id)
    assert (shown.read_iops, shown.write_iops, shown.read_bytes_s) == (0, 60, 2**20)
    assert await refused(lab, "volume.set_limits", id=volume.id, write_bytes_s=10) == (
        "volume.limit_too_low",
        "write_bytes_s",
    )


async def test_data_disks_outlive_their_machine(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    volume = await make(lab, vm_id=vm.id)
    found = await lab.client.call("deletion.preview", kind="vm", id=vm.id)
    effects = {item.id: item.effect for item in found.items if item.kind == "volume"}
    assert effects == {vm.volumes[0].id: "deleted", volume.id: "detached"}
    await do(lab, "vm.destroy", vm.id)
    assert (await get(lab, volume.id)).vm_id == vm.id
    assert (await refused(lab, "volume.detach", id=volume.id))[0] == "vm.wrong_state"
    await do(lab, "vm.recover", vm.id)
    await do(lab, "vm.start", vm.id)
    assert len(disks(lab, vm.id)) == 2
    await do(lab, "vm.destroy", vm.id)
    await do(lab, "vm.expunge", vm.id)
    volume = await get(lab, volume.id)
    assert (volume.vm_id, volume.status) == (None, "ready")
    assert file_of(lab, volume.id) is not None


async def test_the_recycle_bin(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    volume, unmade = await make(lab, vm_id=vm.id), await make(lab)
    assert (await refused(lab, "volume.delete", id=volume.id))[0] == "volume.attached"
    assert (await refused(lab, "volume.delete", id=vm.volumes[0].id))[0] == "volume.is_root"
    await do(lab, "volume.detach", volume.id)
    for ref, status in ((volume.id, "ready"), (unmade.id, "not_made")):
        assert (await refused(lab, "volume.recover", id=ref))[0] == "volume.not_deleted"
        await do(lab, "volume.delete", ref)
        thrown = await get(lab, ref)
        assert (thrown.status, thrown.deleted_at is not None) == ("deleted", True)
        call = {"id": ref, "vm_id": vm.id}
        assert (await refused(lab, "volume.attach", **call))[0] == "volume.wrong_status"
        back = await lab.client.call("volume.recover", id=ref)
        assert (back.status, back.deleted_at) == (status, None)
        await do(lab, "volume.delete", ref)
    assert file_of(lab, volume.id) is not None
    await lab.client.call("setting.change", name=POLICY, value="never")
    assert (await refused(lab, "volume.expunge", id=volume.id))[0] == "volume.kept_for_ever"
    await lab.client.call("setting.reset", name=POLICY)
    await do(lab, "volume.expunge", volume.id)
    assert file_of(lab, volume.id) is None
    await lab.client.call("setting.change", name=POLICY, value="direct")
    direct = await make(lab, host_id=vm.host_id)
    await do(lab, "volume.delete", direct.id)
    assert file_of(lab, direct.id) is None
    assert (await refused(lab, "volume.get", id=direct.id))[0] == "resource.not_found"


async def test_what_fails_leaves_nothing(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    volume, before = await make(lab), await claimed(lab)
    lab.fleet.plan.replace([Fault(command="domain.attach_disk", kind="fail")])
    accepted = await lab.client.call("volume.attach", id=volume.id, vm_id=vm.id)
    assert await lab.ended(accepted) == ["volume.attach_failed"]
    again = await get(lab, volume.id)
    assert (again.status, again.vm_id, again.host_id) == ("not_made", None, None)
    assert file_of(lab, volume.id) is None
    assert await claimed(lab) == before
    ref = new_id()
    accepted = await lab.client.call("volume.create", id=ref, name="x", size_bytes=GiB, vm_id=vm.id)
    assert await lab.ended(accepted) == ["volume.attach_failed"]
    assert (await refused(lab, "volume.get", id=ref))[0] == "resource.not_found"
    lab.fleet.plan.replace([])
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    full = replace(host.state.traits, disk_available_bytes=0)
    traits, host.state.traits = host.state.traits, full
    accepted = await lab.client.call("volume.attach", id=volume.id, vm_id=vm.id)
    assert await lab.ended(accepted) == ["storage.no_space"]
    host.state.traits = traits
    assert (await get(lab, volume.id)).status == "not_made"
    # A guest that does not let go keeps it.
    await do(lab, "volume.attach", volume.id, vm_id=vm.id)
    host.state.traits = replace(traits, guests_obey=False)
    accepted = await lab.client.call("volume.detach", id=volume.id)
    assert await lab.ended(accepted) == ["volume.detach_failed"]
    host.state.traits = traits
    kept = await get(lab, volume.id)
    assert (kept.status, kept.vm_id) == ("ready", vm.id)
    # What could not be done does not count.
    for operation, code in (
        ("domain.resize_disk", "volume.resize_failed"),
        ("domain.set_disk_limits", "volume.limits_failed"),
    ):
        lab.fleet.plan.replace([Fault(command=operation, kind="fail")])
        asked = (
            lab.client.call("volume.resize", id=volume.id, size_bytes=4 * GiB)
            if operation == "domain.resize_disk"
            else lab.client.call("volume.set_limits", id=volume.id, read_iops=5)
        )
        failed = await lab.ended(await asked)
        lab.fleet.plan.replace([])
        await lab.retry_cleanup()
        assert failed == [code]
        now = await get(lab, volume.id)
        assert (now.status, now.size_bytes, now.read_iops) == ("ready", 2 * GiB, 0)


async def test_while_nobody_knows_what_became_of_it_it_is_nobody_elses(volumes: Lab) -> None:
    lab = volumes
    host_id = lab.fleet.ids[3]
    vm, other = await machine(lab, host_id=host_id), await machine(lab, host_id=host_id)
    volume = await make(lab, host_id=host_id)
    (host,) = [host for host in lab.fleet.hosts if host.id == host_id]
    lab.fleet.plan.replace([Fault(command="domain.*_disk", kind="fail", when="after")])
    accepted = await lab.client.call("volume.attach", id=volume.id, vm_id=vm.id)
    await lab.ended(accepted)
    assert (await get(lab, volume.id)).status == "attaching"
    call = {"id": volume.id}
    assert (await refused(lab, "volume.attach", **call, vm_id=other.id))[0] == "volume.wrong_status"
    assert (await refused(lab, "volume.delete", **call))[0] == "volume.wrong_status"
    # Given up by an administrator, it is its machine's still, and can be taken from it.
    async for item in lab.client.iterate("cleanup.list"):
        await lab.client.call("cleanup.dismiss", id=item.id)
    lab.fleet.plan.replace([])
    assert (await refused(lab, "volume.attach", **call, vm_id=other.id))[0] == "volume.attached"
    await do(lab, "volume.detach", volume.id)
    assert (await get(lab, volume.id)).vm_id is None
    assert len(disks(lab, vm.id)) == 1
    # Cleaned up, it rests.
    lab.fleet.plan.replace([Fault(command="domain.*_disk", kind="fail", when="before")])
    await lab.ended(await lab.client.call("volume.attach", id=volume.id, vm_id=vm.id))
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    rested = await get(lab, volume.id)
    assert (rested.status, rested.vm_id, rested.host_id) == ("ready", None, host_id)
    assert host.state.anomalies == []


async def test_limits_of_accounts_and_storages(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    huge = 50 * 1024 * GiB
    with pytest.raises(ApiError) as caught:
        await lab.client.call("volume.create", name="x", size_bytes=huge, vm_id=vm.id)
    assert caught.value.code == "storage.no_claim"
    lazy = await lab.client.call("volume.create", name="x", size_bytes=huge)
    assert await lab.ended(lazy) == []
    call = {"id": lazy.resource_ids[0], "vm_id": vm.id}
    assert (await refused(lab, "volume.attach", **call))[0] == "storage.no_claim"
    many = [await make(lab, vm_id=vm.id) for _ in range(8)]
    fields = {"name": "x", "size_bytes": GiB, "vm_id": vm.id}
    assert (await refused(lab, "volume.create", **fields))[0] == "vm.too_many_volumes"
    assert sorted(disk.position for disk in disks(lab, vm.id)) == list(range(9))
    fields = {"name": "x", "size_bytes": GiB, "vm_id": vm.id, "host_id": vm.host_id}
    assert (await refused(lab, "volume.create", **fields))[0] == "volume.host_and_vm"
    assert await refused(lab, "volume.create", name="x", size_bytes=GiB + 1) == (
        "request.bad_value",
        "size_bytes",
    )
    again = {"id": many[0].id, "name": "data", "size_bytes": GiB}
    assert (await refused(lab, "volume.create", **again))[0] == "request.id_taken"
    await until_all(lab.client, "volume", [many[0].id], lambda one: one.status == "ready")


async def test_the_command_line_knows_volumes_by_name(volumes: Lab) -> None:
    lab = volumes
    vm = await machine(lab)
    name = f"db-{new_id()[-6:]}"
    await anyun(lab, "volume", "create", "--name", name, "--size", "2G", "--read-iops", "50")
    await anyun(lab, "volume", "attach", name, "--vm", vm.name)
    await anyun(lab, "volume", "resize", name, "--size", "3GiB")
    await anyun(lab, "volume", "set-limits", name, "--write-bandwidth", "20M")
    out, _ = await anyun(lab, "volume", "list", "--filter", "kind=data")
    (line,) = [line for line in out.splitlines() if name in line]
    assert all(word in line for word in (name, "Data disk", "Ready", "3 GiB", vm.name))
    (shown,) = (await lab.client.call("volume.list", q=name)).items
    assert (shown.read_iops, shown.write_bytes_s) == (50, 20 * 1024**2)
    await anyun(lab, "volume", "detach", name)
    await anyun(lab, "volume", "delete", name)
    out, err = await anyun(lab, "volume", "list", "--filter", "kind=data")
    assert name not in out
    assert "recycle bin" in err
    await anyun(lab, "volume", "recover", name)
    assert (await get(lab, shown.id)).status == "ready"


async def test_machines_are_made_with_data_disks(volumes: Lab) -> None:
    lab = volumes
    wanted = [{"size_bytes": 2 * GiB}, {"name": "logs", "size_bytes": GiB}]
    accepted = await lab.create("many", count=2, data_disks=wanted)
    assert await lab.ended(accepted) == []
    for vm_id in accepted.resource_ids:
        vm = await lab.client.call("vm.get", id=vm_id)
        _, first, second = vm.volumes
        assert (first.name, second.name) == (f"{vm.name}-data-1", "logs")
        assert (first.status, first.host_id, first.vm_id) == ("ready", vm.host_id, vm.id)
        assert [disk.position for disk in disks(lab, vm.id)] == [0, 1, 2]
        assert file_of(lab, second.id) == (vm.host_id, GiB)
        await do(lab, "volume.detach", first.id)
    # Of one that cannot be made nothing stays, and another host is tried before.
    for command, count in (("volume.create_empty", None), ("domain.start", 1)):
        lab.fleet.plan.replace([Fault(command=command, kind="fail", times=count)])
        again = await lab.create(f"x{new_id()[-4:]}", data_disks=wanted)
        failed = await lab.ended(again)
        lab.fleet.plan.replace([])
        assert failed == ([] if count else ["host.command_failed"])
        left = (
            await lab.client.call("volume.list", filter=f"vm_id = {again.resource_ids[0]}")
        ).items
        assert len(left) == (3 if count else 0)
        assert all(
            file_of(lab, volume.id) == (volume.host_id, volume.size_bytes) for volume in left
        )
    with pytest.raises(ApiError) as caught:
        await lab.create("x", data_disks=[{"size_bytes": 50 * 1024 * GiB}])
    assert caught.value.code == "placement.no_claim"
