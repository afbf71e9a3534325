"""Removing a zone with everything in it: machines, images, networks, storages, hosts."""

from __future__ import annotations

import contextlib
from typing import Any

from appliance.engine.calls import SYSTEM, Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import ACTIVE, JobRow
from appliance.engine.registry import Registry
from appliance.engine.waiting import finished
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, NotFound
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageStatus, VmState, VolumeStatus
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.images.models import ImageRow
from appliance.services.infrastructure.models import ClusterRow, HostRow, ZoneRow
from appliance.services.networks.models import ElasticIpRow, NetworkRow, VxlanPoolRow
from appliance.services.parts import Parts
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow, VolumeRow
from appliance.store.database import Transaction
from appliance.store.fields import tuples

IN_BIN = VolumeStatus.DELETED


class Removal:
    """Uses the very operations that users have, in the order that leaves nothing behind."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._registry: Registry = parts.registry
        self.steps = (
            Step("stop_jobs", self._stop_jobs),
            Step("remove_vms", self._remove_vms),
            Step("remove_volumes", self._remove_volumes),
            Step("remove_images", self._remove_images),
            Step("remove_networks", self._remove_networks),
            Step("remove_infrastructure", self._remove_infrastructure),
        )
        self._job = parts.runner.define(JobDefinition(operation="zone.delete", steps=self.steps))
        parts.registry.bind("zone.delete", self._delete_zone)

    async def _delete_zone(self, call: Call, _: q.Empty) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            zone = find(ZoneRow, call.target, "zone")
            new = NewJob(
                definition=self._job,
                queue=f"zone:{zone.id}",
                resource_kind="zone",
                resource_id=zone.id,
                resource_name=zone.name,
            )
            return self._runner.accept(tx, call.caller, new)

        return await self._store.write(accept)

    async def _stop_jobs(self, run: JobRun) -> None:
        """Nothing may be in the making: cancel what can be, and wait for the rest to end."""
        zone_id = run.resource_id

        def unfinished() -> list[str]:
            clusters, stores = _clusters_of(zone_id), _image_stores_of(zone_id)
            resources = (
                VmRow.select(VmRow.id).where(VmRow.cluster.in_(clusters))
                | ImageRow.select(ImageRow.id).where(ImageRow.image_store.in_(stores))
                | NetworkRow.select(NetworkRow.id).where(NetworkRow.cluster.in_(clusters))
                | VolumeRow.select(VolumeRow.id).where(
                    VolumeRow.primary_storage.in_(_storages_of(zone_id))
                )
            )
            query = JobRow.select(JobRow.id).where(
                JobRow.resource_id.in_(resources), JobRow.state.in_(ACTIVE)
            )
            return [ref for (ref,) in tuples(query)]

        for job_id in await self._store.read(unfinished):
            with contextlib.suppress(Conflict):  # over meanwhile, or beyond cancelling
                await self._runner.cancel(SYSTEM, job_id)
            with contextlib.suppress(ApiError):  # it was to end, whichever way
                await finished(self._store, job_id)

    async def _remove_vms(self, run: JobRun) -> None:
        query = VmRow.select(VmRow.id).where(VmRow.cluster.in_(_clusters_of(run.resource_id)))
        for (vm_id,) in await self._store.read(lambda: tuples(query)):
            await self._quiet(vm_id)
            in_bin = VmRow.select().where(VmRow.id == vm_id, VmRow.state == VmState.DESTROYED)
            if not await self._store.read(in_bin.exists):
                await self._do("vm.destroy", vm_id)
            await self._do("vm.expunge", vm_id)

    async def _remove_volumes(self, run: JobRun) -> None:
        """Data disks that lie on the zone's storages; what is not made yet is of no zone."""
        here = VolumeRow.primary_storage.in_(_storages_of(run.resource_id))
        await self._each("volume.delete", VolumeRow, here & (VolumeRow.status != IN_BIN))
        await self._each("volume.expunge", VolumeRow, here & (VolumeRow.status == IN_BIN))

    async def _remove_images(self, run: JobRun) -> None:
        stores = _image_stores_of(run.resource_id)
        query = ImageRow.select(ImageRow.id).where(ImageRow.image_store.in_(stores))
        for (image_id,) in await self._store.read(lambda: tuples(query)):
            await self._quiet(image_id)
            if not await self._in_bin(image_id):
                await self._do("image.delete", image_id)
            if await self._in_bin(image_id):  # otherwise the policy let it go at once
                await self._do("image.expunge", image_id)

    async def _in_bin(self, image_id: str) -> bool:
        query = ImageRow.select().where(
            ImageRow.id == image_id, ImageRow.status == ImageStatus.DELETED
        )
        return await self._store.read(query.exists)

    async def _remove_networks(self, run: JobRun) -> None:
        clusters = _clusters_of(run.resource_id)
        networks = NetworkRow.select(NetworkRow.id).where(NetworkRow.cluster.in_(clusters))
        await self._each("elastic_ip.delete", ElasticIpRow, ElasticIpRow.network.in_(networks))
        await self._each("network.delete", NetworkRow, NetworkRow.cluster.in_(clusters))
        await self._each("vxlan_pool.delete", VxlanPoolRow, VxlanPoolRow.zone == run.resource_id)

    async def _remove_infrastructure(self, run: JobRun) -> None:
        zone_id = run.resource_id
        clusters = _clusters_of(zone_id)
        await self._each(
            "primary_storage.delete", PrimaryStorageRow, PrimaryStorageRow.cluster.in_(clusters)
        )
        await self._each("image_store.delete", ImageStoreRow, ImageStoreRow.zone == zone_id)
        await self._each("host.delete", HostRow, HostRow.cluster.in_(clusters))
        await self._each("cluster.delete", ClusterRow, ClusterRow.zone == zone_id)

        def delete(tx: Transaction) -> None:
            ZoneRow.delete().where(ZoneRow.id == zone_id).execute()
            tx.touch("zone", zone_id)

        await self._store.write(delete)

    async def _each(self, operation: str, model: Any, condition: Any) -> None:
        query = model.select(model.id).where(condition)
        for (ref,) in await self._store.read(lambda: tuples(query)):
            await self._quiet(ref)
            await self._do(operation, ref)

    async def _quiet(self, ref: str) -> None:
        """Let jobs on a resource end: after a restart, those that this step began before it."""
        query = JobRow.select(JobRow.id).where(JobRow.resource_id == ref, JobRow.state.in_(ACTIVE))
        for (job_id,) in await self._store.read(lambda: tuples(query)):
            with contextlib.suppress(ApiError):  # what it failed to do is tried again
                await finished(self._store, job_id)

    async def _do(self, operation: str, ref: str) -> None:
        """Run one operation as the system and wait until its job has ended well.

        What is gone already needs nothing more: somebody, or this step before a restart, was
        quicker.
        """
        call = Call(operation=operation, caller=SYSTEM, target=ref)
        try:
            answer = await self._registry.get(operation).handler(call, q.Empty())
        except NotFound as error:
            if error.params.get("id") != ref:
                raise
            return
        if isinstance(answer, Accepted):
            for job in answer.jobs:
                await finished(self._store, job.id)


def _image_stores_of(zone_id: str) -> Any:
    return ImageStoreRow.select(ImageStoreRow.id).where(ImageStoreRow.zone == zone_id)


def _storages_of(zone_id: str) -> Any:
    clusters = _clusters_of(zone_id)
    return PrimaryStorageRow.select(PrimaryStorageRow.id).where(
        PrimaryStorageRow.cluster.in_(clusters)
    )


def _clusters_of(zone_id: str) -> Any:
    return ClusterRow.select(ClusterRow.id).where(ClusterRow.zone == zone_id)
