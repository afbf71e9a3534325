"""Discs in the drives of machines: in and out, running or not, and in use while they are in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Image, Vm
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3


@pytest_asyncio.fixture(loop_scope="module")
async def guests(lab: Lab) -> AsyncIterator[Lab]:
    """Everything is gone afterwards, and all sums agree."""
    yield lab
    await lab.remove_all()
    async for image in lab.client.iterate("image.list", filter="kind = iso"):
        for verb in ("delete", "expunge")[image.status == "deleted" :]:
            await lab.ended(await lab.client.call(f"image.{verb}", id=image.id))
    await lab.assert_clean()


async def disc(lab: Lab, name: str) -> Image:
    stores = await lab.client.call("image_store.list")
    accepted = await lab.client.call(
        "image.create",
        name=name,
        image_store_id=stores.items[0].id,
        source="url",
        url=f"http://images.example/{name}",
        kind="iso",
    )
    assert await lab.ended(accepted) == []
    return await lab.client.call("image.get", id=accepted.resource_ids[0])


async def machine(lab: Lab, **fields: Any) -> Vm:
    request = lab.cloud.vm_request(f"vm-{new_id()[-6:]}") | fields
    accepted = await lab.client.call(
        "vm.create", **{key: value for key, value in request.items() if value is not None}
    )
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def do(lab: Lab, operation: str, vm: Vm, **fields: Any) -> Vm:
    assert await lab.ended(await lab.client.call(operation, id=vm.id, **fields)) == []
    return await lab.client.call("vm.get", id=vm.id)


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def inside(lab: Lab, vm: Vm) -> list[str]:
    """What is in the drives as the host has it."""
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    return [cd.image_id for cd in host.state.domains[vm.id].spec.cds]


async def test_discs_come_and_go(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    one, two = await disc(lab, "one"), await disc(lab, "two")
    vm = await machine(lab)
    assert inside(lab, vm) == ["", ""]
    vm = await do(lab, "vm.attach_iso", vm, image_id=one.id)
    vm = await do(lab, "vm.attach_iso", vm, image_id=two.id)
    assert [(cd.slot, cd.image_name, cd.is_changing) for cd in vm.cds] == [
        (0, "one", False),
        (1, "two", False),
    ]
    assert inside(lab, vm) == [one.id, two.id]
    attach = {"operation": "vm.attach_iso", "id": vm.id}
    assert await refused(lab, **attach, image_id=one.id) == ("vm.drives_full", None)
    assert await refused(lab, **attach, image_id=one.id, slot=1) == ("vm.drive_full", "slot")
    assert await refused(lab, **attach, image_id=one.id, slot=2) == ("request.bad_value", "slot")
    assert await refused(lab, **attach, image_id=vm.image_id) == ("image.no_iso", "image_id")
    assert await refused(lab, "vm.detach_iso", id=vm.id) == ("vm.which_drive", "slot")
    vm = await do(lab, "vm.detach_iso", vm, slot=0)
    assert inside(lab, vm) == ["", two.id]
    assert await refused(lab, "vm.detach_iso", id=vm.id, slot=0) == ("vm.drive_empty", "slot")

    # One that is in a drive cannot be deleted, which names the machine.
    with pytest.raises(ApiError) as caught:
        await call("image.delete", id=two.id)
    assert (caught.value.code, caught.value.params["vms"]) == ("image.in_drives", vm.name)
    preview = await call("deletion.preview", kind="image", id=two.id)
    assert preview.refused
    assert [item.name for item in preview.items if item.effect == "refuses"] == [vm.name]

    # A machine that is off has it at its next start, wherever that is.
    vm = await do(lab, "vm.stop", vm, force=True)
    vm = await do(lab, "vm.attach_iso", vm, image_id=one.id)
    vm = await do(lab, "vm.start", vm)
    assert inside(lab, vm) == [one.id, two.id]
    vm = await do(lab, "vm.detach_iso", vm, slot=1)
    assert await lab.ended(await call("image.delete", id=two.id)) == []
    # With the machine goes what was in its drives.
    await do(lab, "vm.destroy", vm)
    assert (await refused(lab, "image.delete", id=one.id))[0] == "image.in_drives"
    assert await lab.on_all("vm.expunge", [vm.id]) == []
    assert await lab.ended(await call("image.delete", id=one.id)) == []


async def test_a_guest_that_reads_a_disc_keeps_it_unless_by_force(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    one = await disc(lab, "held")
    vm = await machine(lab)
    vm = await do(lab, "vm.attach_iso", vm, image_id=one.id)
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    traits = host.state.traits
    host.state.traits = replace(traits, guests_obey=False)
    assert await lab.ended(await call("vm.detach_iso", id=vm.id)) == ["domain.tray_locked"]
    assert await call("vm.get", id=vm.id) == vm
    assert inside(lab, vm) == [one.id, ""]
    vm = await do(lab, "vm.detach_iso", vm, force=True)
    host.state.traits = traits
    assert (vm.cds, inside(lab, vm)) == ([], ["", ""])


async def test_how_a_machine_stands_is_known_again_while_its_disc_is_on_its_way(
    guests: Lab,
) -> None:
    """Its host goes and comes back before the disc is in."""
    lab = guests
    one, vm = await disc(lab, "slow"), await machine(lab)
    faults: list[Fault] = [
        Fault(kind="crash", command="domain.set_disc", times=1),
        Fault(kind="delay", command="domain.set_disc", seconds=0.5),
    ]
    lab.fleet.plan.replace(faults)
    vm = await do(lab, "vm.attach_iso", vm, image_id=one.id)
    lab.fleet.plan.replace([])
    assert (vm.state, inside(lab, vm)) == ("running", [one.id, ""])


async def test_a_machine_is_installed_from_a_disc(guests: Lab) -> None:
    lab = guests
    one = await disc(lab, "installer")
    request = lab.cloud.vm_request("new") | {"iso_id": one.id}
    del request["image_id"]
    assert await refused(lab, "vm.create", **request) == ("vm.disk_size_needed", "root_disk_bytes")
    wrong = request | {"iso_id": lab.cloud.vm_request("new")["image_id"]}
    assert await refused(lab, "vm.create", **wrong) == ("image.no_iso", "iso_id")
    nothing = {key: value for key, value in request.items() if key != "iso_id"}
    assert await refused(lab, "vm.create", **nothing) == ("vm.source_needed", "image_id")
    disc_as_disk = lab.cloud.vm_request("new") | {"image_id": one.id}
    assert (await refused(lab, "vm.create", **disc_as_disk))[0] == "image.wrong_kind"

    vm = await machine(lab, image_id=None, iso_id=one.id, root_disk_bytes=20 * GiB)
    assert (vm.state, vm.image_id, vm.image_name) == ("running", "", "")
    assert [(disk.kind, disk.size_bytes) for disk in vm.volumes] == [("root", 20 * GiB)]
    assert inside(lab, vm) == [one.id, ""]
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    assert {cd.bus for cd in host.state.domains[vm.id].spec.cds} == {"sata"}
    vm = await do(lab, "vm.stop", vm, force=True)
    assert await refused(lab, "vm.reimage", id=vm.id) == ("vm.image_gone", None)
    vm = await do(lab, "vm.start", vm)
    assert inside(lab, vm) == [one.id, ""]


async def test_a_disc_is_there_where_its_machine_moves(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    one = await disc(lab, "moving")
    vm = await machine(lab)
    vm = await do(lab, "vm.attach_iso", vm, image_id=one.id)
    there = next(host for host in lab.fleet.hosts if host.id != vm.host_id)
    assert not [path for path in there.state.files if one.id in path]
    assert await lab.ended(await call("vm.migrate", id=vm.id, host_id=there.id)) == []
    vm = await call("vm.get", id=vm.id)
    assert vm.host_id == there.id
    assert inside(lab, vm) == [one.id, ""]
    (path,) = [path for path in there.state.files if one.id in path]
    assert path.endswith(".iso")
