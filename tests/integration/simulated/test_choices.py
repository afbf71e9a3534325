"""What one may choose for disks: the storage of each, an image of data, and a store elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from appliance.client import wait
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import PrimaryStorage
from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.test_cli_lists import anyun
from tests.integration.simulated.test_shared_storage import host_of
from tests.integration.simulated.test_shared_storage import shared as shared
from tests.integration.simulated.test_volumes import get, machine, refused
from tests.integration.simulated.test_volumes import volumes as volumes
from tests.lab.simulated.cloud import add_image, tiny_image
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")
GiB = 1024**3


@pytest_asyncio.fixture(loop_scope="module")
async def data_image(lab: Lab) -> AsyncIterator[str]:
    """An image of data in a store on the last host; it is gone afterwards."""
    store = await lab.client.call(
        "image_store.create",
        name="far",
        zone_id=lab.cloud.zone_id,
        host_id=lab.fleet.ids[-1],
        path="/srv/anyun/far",
    )
    content = tiny_image()
    accepted = await lab.client.call(
        "image.create",
        name="records",
        image_store_id=store.id,
        source="upload",
        size_bytes=len(content),
        kind="data",
    )
    (ref,) = accepted.resource_ids
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        await lab.client.upload_image(ref, Path(file.name))
    await wait(lab.client, accepted, timeout_s=20)
    yield ref
    for verb in ("delete", "expunge"):
        await wait(lab.client, await lab.client.call(f"image.{verb}", id=ref), timeout_s=20)
    await lab.client.call("image_store.delete", id=store.id)


def files_with(lab: Lab, ref: str) -> list[tuple[str, Any]]:
    found = [*lab.fleet.shared.files.items()]
    for host in lab.fleet.hosts:
        found += host.state.files.items()
    return [(path, file) for path, file in found if ref in path]


async def test_each_disk_may_have_a_storage_of_its_own(lab: Lab, shared: PrimaryStorage) -> None:
    disks = [
        {"size_bytes": GiB},
        {"name": "logs", "size_bytes": 2 * GiB, "primary_storage_id": shared.id},
    ]
    vm = await machine(lab, data_disks=disks, on_host_boot="leave_off")
    assert vm.on_host_boot == "leave_off"
    root, beside, logs = vm.volumes
    assert root.primary_storage_id == beside.primary_storage_id != shared.id
    assert (root.host_id, beside.host_id, logs.host_id) == (vm.host_id, vm.host_id, None)
    assert logs.primary_storage_id == shared.id
    ((path, _),) = files_with(lab, logs.id)
    assert path.startswith(shared.path)
    now = await lab.client.call("primary_storage.get", id=shared.id)
    assert now.claimed_bytes == 2 * GiB
    words = ("--data-disk", "db=1G,storage=shared", "--image", "tiny", "--network", "net-0")
    await anyun(lab, "vm", "create", "--name", "by-hand", *words, "--offering", "small")
    (made,) = [one for one in await lab.vms() if one.name == "by-hand"]
    assert made.volumes[1].primary_storage_id == shared.id


async def test_without_room_on_a_further_storage_nothing_is_made(
    lab: Lab, shared: PrimaryStorage
) -> None:
    free = shared.capacity_bytes - shared.claimed_bytes
    half = (free // 2 // GiB + 1) * GiB
    disks = [{"size_bytes": half, "primary_storage_id": shared.id}] * 2
    request = lab.cloud.vm_request("much", data_disks=disks)
    assert (await refused(lab, "vm.create", **request))[0] == "placement.no_other_disk"
    report = await lab.client.call("vm.plan", **request)
    assert report.candidates == []
    assert report.filters[-1].name == "other_disks"
    await lab.client.call("primary_storage.disable", id=shared.id)
    found = await refused(lab, "vm.create", **request)
    assert found == ("resource.disabled", "data_disks[0].primary_storage_id")


async def test_a_volume_is_a_copy_of_an_image_of_data(
    lab: Lab, volumes: Lab, data_image: str
) -> None:
    vm = await machine(lab, host_id=lab.fleet.ids[1])
    home = host_of(lab, vm.host_id)
    stores, home.state.stores = home.state.stores, {}  # the image comes from another host
    accepted = await lab.client.call(
        "volume.create", name="records", image_id=data_image, vm_id=vm.id
    )
    assert await lab.ended(accepted) == []
    volume = await get(lab, accepted.resource_ids[0])
    assert (volume.vm_id, volume.host_id, volume.size_bytes) == (vm.id, vm.host_id, 1024**2)
    assert home.calls["image.cache_from"] == 1
    home.state.stores = stores
    ((_, file),) = files_with(lab, volume.id)
    assert file.backing == ""
    disks = [{"name": "copy", "size_bytes": 2 * 1024**2, "image_id": data_image}]
    other = await machine(lab, data_disks=disks)
    copy = await get(lab, other.volumes[1].id)
    assert copy.size_bytes == 2 * 1024**2
    assert [file.backing for _, file in files_with(lab, copy.id)] == [""]
    disks[0]["size_bytes"] = 1024**2 - 512
    request = lab.cloud.vm_request("small", data_disks=disks)
    found = await refused(lab, "vm.create", **request)
    assert found == ("request.bad_value", "data_disks[0].size_bytes")
    await anyun(
        lab, "volume", "create", "--name", "larger", "--image", "records", "--size", "1G",
        "--host", vm.host_name,
    )  # fmt: skip
    for fields, found in (
        ({"image_id": lab.cloud.image_id, "vm_id": vm.id}, ("image.no_data", "image_id")),
        ({"image_id": data_image}, ("volume.place_needed", "vm_id")),
        ({"image_id": data_image, "vm_id": vm.id, "size_bytes": 1024**2 - 512}, None),
    ):
        if found is None:
            with pytest.raises(ApiError):
                await lab.client.call("volume.create", name="no", **fields)
        else:
            assert await refused(lab, "volume.create", name="no", **fields) == found


async def test_an_image_of_a_volume_goes_to_any_store(lab: Lab, shared: PrimaryStorage) -> None:
    there = lab.fleet.ids[-2]
    image_id = await add_image(lab.cloud, there, "second")
    store = (await lab.client.call("image.get", id=image_id)).image_store_id
    vm = await machine(lab, host_id=lab.fleet.ids[1])
    home = host_of(lab, vm.host_id)
    home.state.stores = {}  # from now on it does not see the others'
    accepted = await lab.client.call(
        "volume.create_image", id=vm.volumes[0].id, name="golden", image_store_id=store
    )
    assert await lab.ended(accepted) == []
    image = await lab.client.call("image.get", id=accepted.resource_ids[0])
    assert (image.status, image.kind, image.image_store_id) == ("ready", "root", store)
    assert home.state.stores == {}
    assert [path for path in host_of(lab, there).state.stores if image.id in path]
    # And back: a machine of it has it in the cache of a host that does not see the store.
    again = await machine(lab, host_id=home.id, image_id=image.id)
    assert home.calls["image.cache_from"] == 1
    assert again.volumes[0].size_bytes == image.virtual_size_bytes
    home.state.stores = host_of(lab, there).state.stores
    for ref in (image_id, image.id):
        for verb in ("delete", "expunge"):
            await wait(lab.client, await lab.client.call(f"image.{verb}", id=ref), timeout_s=20)
    await lab.client.call("image_store.delete", id=store)


async def test_a_store_that_breaks_off_leaves_nothing(lab: Lab, shared: PrimaryStorage) -> None:
    image_id = await add_image(lab.cloud, lab.fleet.ids[-2], "second")
    store = (await lab.client.call("image.get", id=image_id)).image_store_id
    vm = await machine(lab, host_id=lab.fleet.ids[1])
    home = host_of(lab, vm.host_id)
    stores, home.state.stores = home.state.stores, {}
    before = set(stores)
    lab.fleet.plan.replace([Fault(command="image.finish", kind="fail")])
    accepted = await lab.client.call(
        "volume.create_image", id=vm.volumes[0].id, name="golden", image_store_id=store
    )
    assert len(await lab.ended(accepted)) == 1
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    assert (home.state.stores, set(stores)) == ({}, before)
    assert (await get(lab, vm.volumes[0].id)).status == "ready"
    home.state.stores = stores
    for verb in ("delete", "expunge"):
        await wait(lab.client, await lab.client.call(f"image.{verb}", id=image_id), timeout_s=20)
    await lab.client.call("image_store.delete", id=store)
