"""Snapshots of a real guest whose disks two real hosts share: it moves and goes back with them."""

from __future__ import annotations

import asyncio

import pytest

from appliance.client.client import ConsoleConnection
from tests.lab.pair import LabPair
from tests.system.conftest import Cloud, set_up
from tests.system.test_snapshots import MiB, take, tree, write
from tests.system.test_vm_life import log_in
from tests.system.test_volumes import checksum, disk, do, shell

pytestmark = pytest.mark.timeout(300)


async def logged_in(cloud: Cloud, vm_id: str) -> ConsoleConnection:
    console = await cloud.client.open_console(vm_id, kind="serial")
    await log_in(console)
    return console


async def test_a_guest_moves_and_goes_back_with_its_snapshots() -> None:
    async with LabPair(21) as lab:
        cloud = await set_up(lab)
        call = cloud.client.call
        cluster_id = cloud.flow.step("cluster").request["id"]
        first_id = cloud.flow.step("host").request["candidate_id"]
        second_id = await lab.join_second(cloud.client, cluster_id)
        path = str(lab.state / "storage" / "shared")
        storage = await call(
            "primary_storage.create", name="nas", kind="shared", path=path, cluster_id=cluster_id
        )
        vm = await cloud.create(
            "one",
            host_id=first_id,
            primary_storage_id=storage.id,
            data_disks=[{"size_bytes": 64 * MiB}],
        )
        _, data = vm.volumes
        assert data.host_id is None
        console = await shell(cloud, vm.id, "one")
        name = await disk(console, data)
        first = await write(console, name)
        await take(cloud, data, "first")
        await write(console, name)
        await take(cloud, data, "second")
        third = await write(console, name)
        await console.close()

        # Live, with its chain; the host that it comes to merges under the guest.
        await do(cloud, "vm.migrate", vm.id, host_id=second_id)
        assert (await cloud.vm(vm.id)).host_id == second_id
        console = await logged_in(cloud, vm.id)
        assert await checksum(console, f"/dev/{name}") == third
        await do(cloud, "snapshot.delete", (await tree(cloud, data))["second"].id)
        assert set(await tree(cloud, data)) == {"first"}
        assert await checksum(console, f"/dev/{name}") == third
        listed = await asyncio.to_thread(
            lab.second.run, "virsh", "-q", "domblklist", f"anyun-{vm.id}"
        )
        assert path in listed
        await console.close()

        # Off: back to the first one, and up on the host that it came from.
        await do(cloud, "vm.stop", vm.id, force=True)
        back = (await tree(cloud, data))["first"].id
        await do(cloud, "snapshot.revert", back, save_as="third")
        await call("host.disable", id=second_id)
        await do(cloud, "vm.start", vm.id)
        assert (await cloud.vm(vm.id)).host_id == first_id
        console = await shell(cloud, vm.id, "one")
        assert await checksum(console, f"/dev/{name}") == first
        for item in (await tree(cloud, data)).values():
            await do(cloud, "snapshot.delete", item.id)
        assert await tree(cloud, data) == {}
        assert await checksum(console, f"/dev/{name}") == first
        assert (await call("ledger.check")).differences == []
        await console.close()
        await cloud.client.close()
