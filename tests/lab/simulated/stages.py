"""Stages: zones of one simulated host each, so that many cases run at once and meet nowhere."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.client import Client, wait
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.lab.simulated.cloud import IMAGE_BYTES, tiny_image
from tests.lab.simulated.host import SimulatedHost

MiB = 1024**2
STORES_PATH = "/srv/anyun/images"  # stages share the files below, so each has its own folder
DISKS_PATH = "/srv/anyun/disks"
ENDS_WITHIN_S = 60.0


@dataclass
class Stage:
    """A zone of its own; `number` below 250 keeps its networks apart from those of others."""

    client: Client
    host: SimulatedHost
    number: int
    zone_id: str = ""
    cluster_id: str = ""
    store_id: str = ""
    storage_id: str = ""
    other_storage_id: str = ""  # a second one of the same host
    image_id: str = ""
    iso_id: str = ""  # the CD or DVD that was made last
    data_image_id: str = ""  # the image of data that was made last
    network_id: str = ""
    side_network_id: str = ""  # of further NICs
    vm_id: str = ""  # the machine that was made last
    volume_id: str = ""  # the volume that has snapshots, and the last one of them
    snapshot_id: str = ""
    images: list[str] = field(default_factory=list)  # all that were ever made here
    uploads: set[asyncio.Task[Any]] = field(default_factory=set)
    _networks: int = 0

    async def set_up(self) -> None:
        """Make everything that machines need."""
        call, name = self.client.call, f"stage-{self.number}"
        self.zone_id = (await call("zone.create", name=name)).id
        self.cluster_id = (await call("cluster.create", name=name, zone_id=self.zone_id)).id
        place = {"cluster_id": self.cluster_id}
        await call("host.create", name=name, candidate_id=self.host.id, **place)
        storage = await call("primary_storage.create", name=name, path=DISKS_PATH, **place)
        self.storage_id, self.other_storage_id = storage.id, ""
        store = {"zone_id": self.zone_id, "host_id": self.host.id, "path": f"{STORES_PATH}/{name}"}
        self.store_id = (await call("image_store.create", name=name, **store)).id
        self.image_id = await self.make_image()
        self.network_id = await self.make_network()

    async def done(self, accepted: Accepted) -> str:
        """Wait until jobs have succeeded; returns the id of the (first) resource."""
        await wait(self.client, accepted, timeout_s=ENDS_WITHIN_S)
        return accepted.resource_ids[0]

    # What operations ask for

    async def ask_image(self, ref: str, source: str = "url") -> Accepted:
        """Ask for an image; the content of an upload follows by itself."""
        self.images.append(ref)
        fields = {"id": ref, "name": f"image-{ref[-6:]}", "image_store_id": self.store_id}
        if source == "upload":
            accepted = await self.client.call(
                "image.create", **fields, source="upload", size_bytes=IMAGE_BYTES
            )
            self.upload(ref)
            return accepted
        url = f"http://images.example/{ref}"
        return await self.client.call("image.create", **fields, source="url", url=url)

    async def ask_network(self, ref: str, cluster_id: str = "") -> Accepted:
        """Ask for a further network, in another cluster than the host's if that is said."""
        self._networks += 1
        prefix = f"10.{self.number}.{self._networks}"
        return await self.client.call(
            "network.create",
            id=ref,
            name=f"net-{self.number}-{self._networks}",
            cluster_id=cluster_id or self.cluster_id,
            kind="nat",
            cidr=f"{prefix}.0/24",
            gateway=f"{prefix}.1",
            ranges=[{"first": f"{prefix}.10", "last": f"{prefix}.250"}],
        )

    async def ask_vm(self, ref: str, **fields: Any) -> Accepted:
        """Ask for a machine."""
        size = {"cpu_count": 1, "memory_bytes": 64 * MiB}
        parts = {"image_id": self.image_id, "network_id": self.network_id} | size
        return await self.client.call(
            "vm.create", id=ref, name=f"vm-{ref[-6:]}", **(parts | fields)
        )

    # What is made before an operation

    async def make_image(self) -> str:
        """An image that is ready."""
        return await self.done(await self.ask_image(new_id()))

    async def make_iso(self) -> str:
        """A CD or DVD that is ready."""
        ref = new_id()
        self.images.append(ref)
        fields = {"id": ref, "name": f"iso-{ref[-6:]}", "image_store_id": self.store_id}
        url = f"http://images.example/{ref}"
        self.iso_id = await self.done(
            await self.client.call("image.create", **fields, source="url", url=url, kind="iso")
        )
        return self.iso_id

    async def make_data_image(self) -> str:
        """An image of data that is ready."""
        ref = new_id()
        self.images.append(ref)
        fields = {"id": ref, "name": f"data-{ref[-6:]}", "image_store_id": self.store_id}
        url = f"http://images.example/{ref}"
        return await self.done(
            await self.client.call("image.create", **fields, source="url", url=url, kind="data")
        )

    async def make_network(self) -> str:
        """A network that stands."""
        return await self.done(await self.ask_network(new_id()))

    async def make_network_elsewhere(self) -> str:
        """A network of a cluster without hosts."""
        name = f"empty-{self.number}-{self._networks}"
        cluster = await self.client.call("cluster.create", name=name, zone_id=self.zone_id)
        return await self.done(await self.ask_network(new_id(), cluster.id))

    async def make_vm(self, *verbs: str, **fields: Any) -> str:
        """A machine with which `verbs` were done, one after the other."""
        ref = self.vm_id = await self.done(await self.ask_vm(new_id(), **fields))
        for verb in verbs:
            await self.done(await self.client.call(f"vm.{verb}", id=ref))
        return ref

    async def make_storage(self) -> str:
        """A second storage of the same host, unless the stage has one."""
        if self.other_storage_id:
            return self.other_storage_id
        fields = {"cluster_id": self.cluster_id, "path": f"{DISKS_PATH}-2"}
        name = f"other-{self.number}"
        made = await self.client.call("primary_storage.create", name=name, **fields)
        self.other_storage_id = made.id
        return made.id

    async def ask_volume(self, ref: str, **fields: Any) -> Accepted:
        """Ask for a data disk."""
        name = f"data-{ref[-6:]}"
        return await self.client.call(
            "volume.create", id=ref, name=name, size_bytes=64 * MiB, **fields
        )

    async def make_volume(self, *verbs: str, **fields: Any) -> str:
        """A data disk with which `verbs` were done, one after the other."""
        ref = await self.done(await self.ask_volume(new_id(), **fields))
        for verb in verbs:
            await self.done(await self.client.call(f"volume.{verb}", id=ref))
        return ref

    async def make_snapshots(self, count: int) -> list[str]:
        """So many snapshots of the volume, one after the other."""
        made = []
        for number in range(count):
            fields = {"volume_id": self.volume_id, "name": f"s{number}"}
            made.append(await self.done(await self.client.call("snapshot.create", **fields)))
        self.snapshot_id = made[-1]
        return made

    def upload(self, ref: str) -> None:
        """Begin to send the content of an image."""
        self.uploads.add(asyncio.create_task(self._upload(ref), name=f"upload {ref}"))

    async def _upload(self, ref: str) -> Accepted | None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(tiny_image())
            file.flush()
            return await self.client.upload_image(ref, Path(file.name))

    async def end_uploads(self) -> list[BaseException]:
        """Wait for the uploads; returns how they failed."""
        ended = await asyncio.gather(*self.uploads, return_exceptions=True)
        self.uploads.clear()
        return [item for item in ended if isinstance(item, BaseException)]
