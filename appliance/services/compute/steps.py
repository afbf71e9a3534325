"""The steps that jobs of virtual machines are made of. Each bears being repeated.

A job's data says where it works: `host_id`, `volume` (as hosts find the root disk), and `image_id`,
which the disk stands on. Undo steps, and those from which there is no way back, use nothing else:
the machine's rows may be gone when they are repeated.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import msgspec

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import VmState
from appliance.services.common import link_wait_s
from appliance.services.compute.machine import TRANSIENT
from appliance.services.compute.models import VmRow
from appliance.services.compute.relay import ImageCaching
from appliance.services.compute.sync import SEEN, StateSync
from appliance.services.compute.target import Target, domain_spec, load_target
from appliance.services.guests.discs import store_path_of
from appliance.services.hardware import keeping
from appliance.services.networks.documents import Documents
from appliance.services.storage.caches import Caches, unneeded_copies
from appliance.services.storage.refs import is_shared
from appliance.store.database import Store, Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DomainReport, DomainState, ShutdownParams, VmRef
from hostagent.protocol.snapshots import CopyParams
from hostagent.protocol.storage import (
    CopyImageParams,
    CreateEmptyParams,
    CreateOverlayParams,
    StorageRef,
    VolumeRef,
)

RELEASE_WAIT_S = 10.0


class VmSteps:
    """What is done on hosts for a machine."""

    def __init__(
        self, store: Store, links: HostLinks, documents: Documents, sync: StateSync
    ) -> None:
        self._store = store
        self._links = links
        self._documents = documents
        self._sync = sync
        self._caches = Caches(store, links)
        self.caching = ImageCaching(store, links)

    async def cache_image(self, run: JobRun) -> None:
        """Have the image in the host's cache; machines of the same image share one copying."""
        target = await self._target(run)
        assert target.image_store_path is not None, "a machine is created from an image"
        await self.ensure_cached(run, target.image_id, target.image_store_path, target.storage)

    async def cache_discs(self, run: JobRun) -> None:
        """Have the discs in the machine's drives on its host."""
        for cd in (await self._target(run)).cds:
            if cd.image_id:
                path = await self._store.read(partial(store_path_of, cd.image_id))
                await self.ensure_cached(run, cd.image_id, path, cd.storage, is_iso=True)

    async def ensure_cached(
        self,
        run: JobRun,
        image_id: str,
        store_path: str,
        storage: StorageRef,
        *,
        is_iso: bool = False,
    ) -> None:
        """Have an image in the cache of a storage on the job's host, also from another host."""
        host_id = run.data["host_id"]
        await self.caching.ensure(run, host_id, image_id, store_path, storage, is_iso=is_iso)

    async def create_disk(self, run: JobRun) -> None:
        """Make the root disk as an overlay on the cached image, as a copy of a snapshot, or
        empty.
        """
        target = await self._target(run)
        if "source" in run.data:
            copy = CopyParams(
                source=msgspec.convert(run.data["source"], VolumeRef),
                target=target.volume,
                size_bytes=target.disk_bytes,
            )
            await self.call(run, c.VOLUME_COPY, copy, report=run.report)
            return
        if not target.disk_image_id:
            empty = CreateEmptyParams(volume=target.volume, size_bytes=target.disk_bytes)
            await self.call(run, c.VOLUME_CREATE_EMPTY, empty)
            return
        params = CreateOverlayParams(
            volume=target.volume, image_id=target.disk_image_id, size_bytes=target.disk_bytes
        )
        await self.call(run, c.VOLUME_CREATE_OVERLAY, params)

    async def create_data_disks(self, run: JobRun) -> None:
        """Make the data disks that the machine is to have from the start."""
        for volume, size_bytes, image in _data_disks(run):
            if image is None:
                params = CreateEmptyParams(volume=volume, size_bytes=size_bytes)
                await self.call(run, c.VOLUME_CREATE_EMPTY, params)
                continue
            await self.ensure_cached(run, image["id"], image["store_path"], volume.storage)
            copy = CopyImageParams(volume=volume, image_id=image["id"], size_bytes=size_bytes)
            await self.call(run, c.VOLUME_COPY_IMAGE, copy, report=run.report)

    async def delete_data_disks(self, run: JobRun) -> None:
        """Delete them."""
        for volume, _, _ in _data_disks(run):
            await self.call(run, c.VOLUME_DELETE, volume)

    async def delete_disk(self, run: JobRun) -> None:
        """Delete the root disk, and what firmware and TPM have kept beside it."""
        volume = _root_of(run)
        await self.call(run, c.VOLUME_DELETE, volume)
        keeper = run.data.get("kept_on") or run.data["host_id"]
        await keeping.forget(self._links, run, run.resource_id, keeper, run.data["volume"])

    async def drop_cache_of_deleted_image(self, run: JobRun) -> None:
        """The last disk on the cached copy of an image that is gone takes the copy along."""
        host_id, image_id, root = run.data["host_id"], run.data["image_id"], _root_of(run)
        place = "" if is_shared(root.storage.kind) else host_id
        copies = await self._store.read(
            lambda: unneeded_copies(host_id=place, image_id=image_id, but_for=root.volume_id)
        )
        await self._caches.drop(copies, wait_s=link_wait_s(run), by=host_id)

    async def configure_network(self, run: JobRun) -> None:
        """Have DHCP, metadata and anti-spoofing ready for the machine on its host."""
        await self._documents.converge(run.data["host_id"])

    async def start_domain(self, run: JobRun) -> None:
        """Start the machine."""
        spec = domain_spec(await self._target(run))
        await self.call(run, c.DOMAIN_START, spec, code="vm.start_failed")

    async def power_off(self, run: JobRun) -> None:
        """Switch the machine off without asking the guest, and forget its definition."""
        await self.call(run, c.DOMAIN_DESTROY, VmRef(vm_id=run.resource_id))
        await self.call(run, c.DOMAIN_UNDEFINE, VmRef(vm_id=run.resource_id))

    async def take_back_start(self, run: JobRun) -> None:
        """Switch the machine off, unless a later job has started it on this host."""
        host_id = run.data["host_id"]
        if not await self._store.read(lambda: _is_placed_on(host_id, run.resource_id)):
            await self.power_off(run)

    async def look(self, run: JobRun) -> None:
        """Find out what an action that came to nothing has left of the machine."""
        run.data["seen"] = VmState.UNKNOWN
        ref = VmRef(vm_id=run.resource_id)
        report: DomainReport = await self.call(run, c.DOMAIN_GET, ref)
        if report.state == DomainState.STOPPED:
            await self.call(run, c.DOMAIN_UNDEFINE, ref)
        run.data["seen"] = SEEN.get(report.state, VmState.UNKNOWN)
        # Later, as clean-up work, the job is over and does not tell any more.
        self._sync.note(run.data["host_id"], report)
        await self._sync.adopt(run.resource_id)

    async def shut_down(self, run: JobRun) -> None:
        """Ask the guest to shut down; switch it off when its time is over."""
        timeout_s = float(run.data.get("timeout_s", 60))
        params = ShutdownParams(vm_id=run.resource_id, timeout_s=timeout_s, force=True)
        await self.call(run, c.DOMAIN_SHUTDOWN, params, timeout_s=timeout_s + 60)

    async def reboot_domain(self, run: JobRun) -> None:
        """Restart the guest gracefully, or by the reset button if the job says so."""
        command = c.DOMAIN_RESET if run.data.get("force") else c.DOMAIN_REBOOT
        await self.call(run, command, VmRef(vm_id=run.resource_id))

    async def pause_domain(self, run: JobRun) -> None:
        """Stop the machine's CPUs."""
        await self.call(run, c.DOMAIN_SUSPEND, VmRef(vm_id=run.resource_id))

    async def resume_domain(self, run: JobRun) -> None:
        """Let the machine's CPUs go on."""
        await self.call(run, c.DOMAIN_RESUME, VmRef(vm_id=run.resource_id))

    async def release(self, run: JobRun) -> None:
        """Take the machine out of its host's network document.

        The host may be away or sick: it is brought to its document as soon as it can be.
        """
        host_id = run.data["host_id"]
        await self._store.write(lambda tx: _leave_host(tx, run.resource_id, host_id))
        if run.is_undoing:
            self._documents.soon(host_id)
            return
        try:
            async with asyncio.timeout(RELEASE_WAIT_S):
                await self._documents.converge(host_id)
        except (ApiError, TimeoutError) as error:
            run.note("network.later", level="warning", reason=str(error))
            self._documents.soon(host_id)

    async def _target(self, run: JobRun) -> Target:
        target = run.cache.get("target")
        if target is None:
            target = await self._store.read(lambda: load_target(run.resource_id, run.id))
            run.cache["target"] = target
        return target

    async def call(self, run: JobRun, command: c.Command[Any, Any], params: Any, **how: Any) -> Any:
        """Undo does not wait for a host that is away: it becomes clean-up work."""
        host_id = run.data["host_id"]
        return await self._links.call(
            host_id, command, params, on_wait=run.wait, wait_s=link_wait_s(run), **how
        )


def _root_of(run: JobRun) -> VolumeRef:
    """The machine's root disk; its row may be gone."""
    return msgspec.convert(run.data["volume"], VolumeRef)


def _data_disks(run: JobRun) -> list[tuple[VolumeRef, int, dict[str, str] | None]]:
    """The data disks that a job makes, with their sizes and what they are copied of. Jobs that
    were accepted when all were empty and with the root disk name them by id alone.
    """
    found: list[tuple[VolumeRef, int, dict[str, str] | None]] = []
    for disk in run.data["data_disks"]:
        if isinstance(disk, dict):
            volume = msgspec.convert(disk["volume"], VolumeRef)
            found.append((volume, disk["size_bytes"], disk["image"]))
        else:
            ref, size_bytes = disk
            volume = VolumeRef(volume_id=ref, storage=_root_of(run).storage)
            found.append((volume, size_bytes, None))
    return found


def _is_placed_on(host_id: str, vm_id: str) -> bool:
    """Whether the machine is said to run on the host, and no job is bringing it there."""
    vm = VmRow.get_or_none(VmRow.id == vm_id, VmRow.host_id == host_id)
    return vm is not None and vm.state not in TRANSIENT


def _leave_host(tx: Transaction, vm_id: str, host_id: str) -> None:
    """The machine claims nothing of this host any more.

    Clean-up work may find it on another host, or started on this one by a later job.
    """
    if _is_placed_on(host_id, vm_id):
        return
    if VmRow.update(host_id=None).where(VmRow.id == vm_id, VmRow.host_id == host_id).execute():
        tx.touch("vm", vm_id)
        tx.touch("host", host_id)
