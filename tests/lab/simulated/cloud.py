"""A cloud on simulated hosts, set up through the public API."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from appliance.client import Client, wait
from appliance.protocol.events import FeedStart
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.resources import Status

IMAGE_BYTES = 1024**2
AT_ONCE = 16
MiB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a cloud is made of. The network has room for more than 100,000 machines."""

    cidr: str = "10.0.0.0/15"
    gateway: str = "10.0.0.1"
    first: str = "10.0.0.10"
    last: str = "10.1.255.250"
    cpu_count: int = 1
    memory_bytes: int = 256 * MiB
    clusters: int = 1


@dataclass
class SimulatedCloud:
    """Ids of what was made. Machines of `vm_request` go to the first cluster."""

    client: Client
    zone_id: str
    cluster_ids: list[str]
    offering_id: str
    image_id: str = ""
    network_ids: list[str] = field(default_factory=list)

    def vm_request(self, name: str, **fields: Any) -> dict[str, Any]:
        """What `vm.create` needs."""
        return {
            "name": name,
            "image_id": self.image_id,
            "network_id": self.network_ids[0],
            "offering_id": self.offering_id,
        } | fields

    async def do(self, operation: str, vm_id: str, **fields: Any) -> None:
        """Run an operation on a VM to its end; raises JobFailed."""
        accepted = await self.client.call(operation, id=vm_id, **fields)
        await wait(self.client, accepted, timeout_s=90)


async def set_up(
    client: Client, host_ids: list[str], layout: Layout | None = None
) -> SimulatedCloud:
    """Zone, clusters, hosts, storages, offering, image and networks, on hosts that have joined."""
    layout = layout or Layout()
    await until_all(client, "host_candidate", host_ids, _is_connected)
    zone = await client.call("zone.create", name="zone")
    clusters = [
        (await client.call("cluster.create", name=f"cluster-{number}", zone_id=zone.id)).id
        for number in range(layout.clusters)
    ]
    await _add_hosts(client, host_ids, clusters)
    offering = await client.call(
        "instance_offering.create",
        name="small",
        cpu_count=layout.cpu_count,
        memory_bytes=layout.memory_bytes,
    )
    cloud = SimulatedCloud(client, zone.id, clusters, offering.id)
    await _add_storage(cloud, host_ids[0])
    for number, cluster_id in enumerate(clusters):
        cloud.network_ids.append(await _add_network(client, cluster_id, layout, number))
    return cloud


async def _add_hosts(client: Client, host_ids: list[str], clusters: list[str]) -> None:
    async def add(number: int) -> None:
        await client.call(
            "host.create",
            name=f"host-{number:04}",
            cluster_id=clusters[number % len(clusters)],
            candidate_id=host_ids[number],
        )

    await side_by_side(lambda number=number: add(number) for number in range(len(host_ids)))


async def _add_storage(cloud: SimulatedCloud, host_id: str) -> None:
    client = cloud.client
    for number, cluster_id in enumerate(cloud.cluster_ids):
        await client.call(
            "primary_storage.create",
            name=f"disks-{number}",
            cluster_id=cluster_id,
            path="/srv/anyun/disks",
        )
    cloud.image_id = await add_image(cloud, host_id)


async def add_image(cloud: SimulatedCloud, host_id: str, name: str = "images") -> str:
    """An image in a store of its own on a host; returns the image's id."""
    client = cloud.client
    store = await client.call(
        "image_store.create",
        name=name,
        zone_id=cloud.zone_id,
        host_id=host_id,
        path=f"/srv/anyun/{name}",
    )
    accepted = await client.call(
        "image.create",
        name="tiny",
        image_store_id=store.id,
        source="upload",
        size_bytes=IMAGE_BYTES,
    )
    (image_id,) = accepted.resource_ids
    with tempfile.NamedTemporaryFile() as file:
        file.write(tiny_image())
        file.flush()
        await client.upload_image(image_id, Path(file.name))
    await wait(client, accepted, timeout_s=60)
    return image_id


async def _add_network(client: Client, cluster_id: str, layout: Layout, number: int) -> str:
    """Further clusters get networks behind the first one."""
    fields: dict[str, Any] = {"cidr": layout.cidr, "gateway": layout.gateway}
    fields["ranges"] = [{"first": layout.first, "last": layout.last}]
    if number:
        fields = {"cidr": f"10.{100 + number}.0.0/16", "gateway": f"10.{100 + number}.0.1"}
        span = {"first": f"10.{100 + number}.0.10", "last": f"10.{100 + number}.255.250"}
        fields["ranges"] = [span]
    accepted = await client.call(
        "network.create", name=f"net-{number}", cluster_id=cluster_id, kind="nat", **fields
    )
    await wait(client, accepted, timeout_s=300)
    return accepted.resource_ids[0]


def tiny_image() -> bytes:
    """A raw disk of 1 MiB that has a boot sector."""
    sector = bytes(510) + b"\x55\xaa"
    return sector + bytes(IMAGE_BYTES - len(sector))


def _is_connected(resource: Any) -> bool:
    return resource is not None and resource.status == Status.CONNECTED


async def until_all(
    client: Client,
    kind: str,
    ids: Iterable[str],
    is_so: Callable[[Any], bool],
    *,
    timeout_s: float = 120.0,
) -> None:
    """Wait until `is_so` holds for each of these resources at some time; follows the feed.

    A resource that is gone is None.
    """
    left = set(ids)
    decoder = msgspec.json.Decoder(_item_type(kind))
    async with asyncio.timeout(timeout_s), aclosing(client.feed()) as feed:
        async for message in feed:
            if isinstance(message, FeedStart):
                left -= await _already(client, kind, left, is_so)
            elif message.kind == kind and message.id in left:
                is_put = message.action == "put"
                if is_so(decoder.decode(message.data) if is_put else None):
                    left.discard(message.id)
            if not left:
                return


def _item_type(kind: str) -> Any:
    """What the lists of a kind contain."""
    (item,) = OPERATIONS[f"{kind}.list"].response.__args__
    return item


async def _already(
    client: Client, kind: str, ids: set[str], is_so: Callable[[Any], bool]
) -> set[str]:
    found = {item.id: item async for item in client.iterate(f"{kind}.list")}
    return {ref for ref in ids if is_so(found.get(ref))}


async def side_by_side(
    works: Iterable[Callable[[], Awaitable[Any]]], at_once: int = AT_ONCE
) -> list[Any]:
    """Do all works, some at a time; returns their results in order."""
    places = asyncio.Semaphore(at_once)

    async def one(work: Callable[[], Awaitable[Any]]) -> Any:
        async with places:
            return await work()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(work)) for work in works]
    return [task.result() for task in tasks]
