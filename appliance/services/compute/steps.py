"""The steps that jobs of virtual machines are made of. Each bears being repeated."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.services.compute.models import VmRow
from appliance.services.images.models import ImageRow
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import NicRow
from appliance.services.storage.models import VolumeRow
from appliance.store.database import Store
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DiskSpec, DomainSpec, NicSpec, ShutdownParams, VmRef
from hostagent.protocol.network import bridge_name, tap_name
from hostagent.protocol.storage import (
    CachedImage,
    CreateOverlayParams,
    EnsureCachedParams,
    VolumeRef,
)


@dataclass(frozen=True)
class Target:
    """The machine that a job works on, as it stands in the database."""

    vm: VmRow
    volume: VolumeRow
    nics: list[NicRow]
    image: ImageRow | None
    host_id: str
    storage_path: str


class VmSteps:
    """What is done on hosts for a machine."""

    def __init__(self, store: Store, links: HostLinks, documents: Documents) -> None:
        self._store = store
        self._links = links
        self._documents = documents
        self._caching: dict[tuple[str, str], asyncio.Lock] = {}

    async def target(self, vm_id: str) -> Target:
        """The machine with all that steps need of it."""
        return await self._store.read(lambda: load_target(vm_id))

    async def cache_image(self, run: JobRun) -> None:
        """Have the image in the host's cache; machines of the same image share one copying."""
        target = await self.target(run.resource_id)
        image = target.image
        assert image is not None, "a machine is created from an image"
        lock = self._caching.setdefault((target.host_id, image.id), asyncio.Lock())
        async with lock:
            await self._links.call(
                target.host_id,
                c.IMAGE_ENSURE_CACHED,
                EnsureCachedParams(
                    image_id=image.id,
                    store_path=image.image_store.path,
                    primary_path=target.storage_path,
                ),
                report=run.report,
            )

    async def create_disk(self, run: JobRun) -> None:
        """Make the root disk as an overlay on the cached image."""
        target = await self.target(run.resource_id)
        await self._links.call(
            target.host_id,
            c.VOLUME_CREATE_OVERLAY,
            CreateOverlayParams(
                volume=_volume_ref(target),
                image_id=target.volume.image_id,
                size_bytes=target.volume.size_bytes,
            ),
        )

    async def delete_disk(self, run: JobRun) -> None:
        """Delete the root disk."""
        target = await self.target(run.resource_id)
        await self._links.call(target.host_id, c.VOLUME_DELETE, _volume_ref(target))

    async def drop_cache_of_deleted_image(self, run: JobRun) -> None:
        """The last disk on the cached copy of an image that is gone takes the copy along."""
        target = await self.target(run.resource_id)
        if target.image is not None:
            return
        image_id = target.volume.image_id

        def others() -> int:
            return (
                VolumeRow.select()
                .where(
                    VolumeRow.image_id == image_id,
                    VolumeRow.host_id == target.host_id,
                    VolumeRow.id != target.volume.id,
                )
                .count()
            )

        if await self._store.read(others) == 0:
            cached = CachedImage(image_id=image_id, primary_path=target.storage_path)
            await self._links.call(target.host_id, c.IMAGE_DROP_CACHED, cached)

    async def configure_network(self, run: JobRun) -> None:
        """Have DHCP, metadata and anti-spoofing ready for the machine on its host."""
        target = await self.target(run.resource_id)
        await self._documents.converge(target.host_id)

    async def start_domain(self, run: JobRun) -> None:
        """Start the machine."""
        target = await self.target(run.resource_id)
        await self._links.call(
            target.host_id, c.DOMAIN_START, domain_spec(target), code="vm.start_failed"
        )

    async def power_off(self, run: JobRun) -> None:
        """Switch the machine off without asking the guest, and forget its definition."""
        target = await self.target(run.resource_id)
        await self._links.call(target.host_id, c.DOMAIN_DESTROY, VmRef(vm_id=run.resource_id))
        await self._links.call(target.host_id, c.DOMAIN_UNDEFINE, VmRef(vm_id=run.resource_id))

    async def shut_down(self, run: JobRun) -> None:
        """Ask the guest to shut down; switch it off when its time is over."""
        target = await self.target(run.resource_id)
        timeout_s = float(run.data.get("timeout_s", 60))
        await self._links.call(
            target.host_id,
            c.DOMAIN_SHUTDOWN,
            ShutdownParams(vm_id=run.resource_id, timeout_s=timeout_s, force=True),
            timeout_s=timeout_s + 60,
        )

    async def reboot_domain(self, run: JobRun) -> None:
        """Restart the guest gracefully, or by the reset button if the job says so."""
        target = await self.target(run.resource_id)
        command = c.DOMAIN_RESET if run.data.get("force") else c.DOMAIN_REBOOT
        await self._links.call(target.host_id, command, VmRef(vm_id=run.resource_id))

    async def pause_domain(self, run: JobRun) -> None:
        """Stop the machine's CPUs."""
        target = await self.target(run.resource_id)
        await self._links.call(target.host_id, c.DOMAIN_SUSPEND, VmRef(vm_id=run.resource_id))

    async def resume_domain(self, run: JobRun) -> None:
        """Let the machine's CPUs go on."""
        target = await self.target(run.resource_id)
        await self._links.call(target.host_id, c.DOMAIN_RESUME, VmRef(vm_id=run.resource_id))

    async def release(self, run: JobRun) -> None:
        """Take the machine out of its host's network document."""
        vm = await self._store.read(lambda: VmRow.get_by_id(run.resource_id))
        host_id = run.data.get("host_id") or vm.last_host_id

        await self._store.write(lambda tx: _leave_host(tx, run.resource_id))
        if host_id and self._links.is_connected(host_id):
            await self._documents.converge(host_id)


def _leave_host(tx: object, vm_id: str) -> None:
    VmRow.update(host_id=None).where(VmRow.id == vm_id).execute()


def load_target(vm_id: str) -> Target:
    """The machine with all that steps need of it; within a read."""
    vm = VmRow.get_by_id(vm_id)
    volume = VolumeRow.get(VolumeRow.vm_id == vm_id, VolumeRow.kind == "root")
    image = ImageRow.get_or_none(ImageRow.id == vm.image_id)
    if image is not None:
        _ = image.image_store.path  # fetched now, while the snapshot is open
    return Target(
        vm=vm,
        volume=volume,
        nics=list(NicRow.select().where(NicRow.vm_id == vm_id).order_by(NicRow.position)),
        image=image,
        host_id=vm.host_id or volume.host_id,
        storage_path=volume.primary_storage.path,
    )


def domain_spec(target: Target) -> DomainSpec:
    """What the host needs to know to run the machine."""
    return DomainSpec(
        vm_id=target.vm.id,
        name=target.vm.name,
        cpu_count=target.vm.cpu_count,
        memory_bytes=target.vm.memory_bytes,
        accelerator=target.vm.accelerator,
        disks=[DiskSpec(volume=_volume_ref(target))],
        nics=[
            NicSpec(
                nic_id=nic.id,
                mac=nic.mac,
                bridge=bridge_name(nic.network_id),
                tap=tap_name(nic.id),
            )
            for nic in target.nics
        ],
    )


def _volume_ref(target: Target) -> VolumeRef:
    return VolumeRef(volume_id=target.volume.id, primary_path=target.storage_path)
