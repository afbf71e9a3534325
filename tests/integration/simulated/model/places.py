"""What a cloud has for random runs besides machines, and how it is emptied between them."""

from __future__ import annotations

from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.model.asking import Places

SIDE = "side"  # the network of further NICs
SHARED = "shared"
DISC = "disc"


async def places(lab: Lab) -> Places:
    """Make it, or find what was made before."""
    found = {
        one.name: one.id
        for kind in ("network", "primary_storage", "image")
        async for one in lab.client.iterate(f"{kind}.list")
    }
    return Places(
        side_id=found.get(SIDE) or await _side_network(lab),
        local_id=found["disks-0"],
        shared_id=found.get(SHARED) or await _shared_storage(lab),
        disc_id=found.get(DISC) or await _disc(lab),
    )


async def _side_network(lab: Lab) -> str:
    accepted = await lab.client.call(
        "network.create",
        name=SIDE,
        cluster_id=lab.cloud.cluster_ids[0],
        cidr="172.30.0.0/24",
        gateway="172.30.0.1",
        ranges=[{"first": "172.30.0.10", "last": "172.30.0.30"}],
    )
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


async def _shared_storage(lab: Lab) -> str:
    storage = await lab.client.call(
        "primary_storage.create",
        name=SHARED,
        kind="shared",
        path="/srv/anyun/shared",
        cluster_id=lab.cloud.cluster_ids[0],
    )
    return storage.id


async def _disc(lab: Lab) -> str:
    stores = await lab.client.call("image_store.list")
    accepted = await lab.client.call(
        "image.create",
        name=DISC,
        image_store_id=stores.items[0].id,
        source="url",
        url="http://images.example/disc",
        kind="iso",
    )
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


async def clear(lab: Lab) -> None:
    """Remove all machines and disks, in whichever state they are, and end all maintenance."""
    async for host in lab.client.iterate("host.list", filter="state = maintenance"):
        await lab.ended(await lab.client.call("host.leave_maintenance", id=host.id, restart=False))
    async for storage in lab.client.iterate("primary_storage.list"):
        await lab.client.call("primary_storage.enable", id=storage.id)
    found = await lab.vms()
    await lab.on_all("vm.destroy", [vm.id for vm in found if vm.state != "destroyed"])
    await lab.on_all("vm.expunge", [vm.id for vm in found])
    volumes = [volume async for volume in lab.client.iterate("volume.list")]
    await lab.on_all("volume.delete", [one.id for one in volumes if one.status != "deleted"])
    await lab.on_all("volume.expunge", [one.id for one in volumes])
    for host in lab.fleet.hosts:
        host.state.anomalies.clear()
