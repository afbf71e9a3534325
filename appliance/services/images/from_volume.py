"""Images made out of volumes: of data disks and root disks, also while their machine runs, and of
their snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageStatus, State
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import chosen_id, clean_name, create_once, find, link_wait_s
from appliance.services.compute.relay import HostPlace, relay_to_store
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.images import hints
from appliance.services.images.endings import claim_size, forget, ready
from appliance.services.images.models import ImageRow
from appliance.services.parts import Parts
from appliance.services.snapshots.sources import ready_snapshot
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow, VolumeRow
from appliance.services.tenancy import quotas
from appliance.services.volumes.attaching import work_host
from appliance.services.volumes.disks import disk_of
from appliance.services.volumes.holding import Holding, hold, release, resting
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DiskSpec
from hostagent.protocol.storage import ExportDiskParams, ExportVolumeParams, ImageInfo, ImagePlace

# Where hosts keep what is on its way from storages without a directory.
EXPORTS = "/var/lib/anyun/exports"


@dataclass(frozen=True)
class _Source:
    """The volume, its machine if it has one, and what of it becomes the image: the disk as it is,
    or as a snapshot has it (`is_frozen`).
    """

    volume: VolumeRow
    vm: Standing | None
    disk: DiskSpec
    is_frozen: bool


class FromVolume:
    """Makes images of volumes. The job holds the volume: nothing else works on it meanwhile."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._links = parts.hosts
        self._holding = Holding(parts.store, parts.hosts)
        self._job = parts.runner.define(
            JobDefinition(
                operation="volume.create_image",
                steps=(
                    self._holding.step,
                    Step("export_volume", self._export, self._discard_export),
                    Step("send_image", self._send, self._discard),
                    Step("drop_export", self._discard_export, forward_only=True),
                ),
                steps_for=_chosen_steps,
                done=self._made,
                failed=self._not_made,
            )
        )
        parts.registry.bind("volume.create_image", self._create)

    async def _create(self, call: Call, request: q.VolumeCreateImage) -> Accepted:
        ref = chosen_id(request)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "image_store": request.image_store_id,
            "source": "volume",
            "url": "",
            "format": "",
            "status": ImageStatus.CREATING,
            "state": State.ENABLED,
            "expected_size_bytes": 0,
            "expected_sha256": "",
            "size_bytes": 0,
            "virtual_size_bytes": 0,
            "sha256": "",
            "owner_id": call.caller.account_id,
        } | hints.asked(request)

        def accept(tx: Transaction) -> Accepted:
            row = resting(call.target)
            if row.primary_storage is None:
                raise Conflict("image.volume_not_made", name=row.name)
            store = find(
                ImageStoreRow, request.image_store_id, "image_store", field="image_store_id"
            )
            vm = _machine_of(tx, row)
            disk = disk_of(row.id)
            if request.snapshot_id is not None:
                disk = _as_it_was(disk, request.snapshot_id, row)
            quotas.check(call.caller.account_id, {"image": 1})
            if request.kind == hints.AUTO:
                values["kind"] = "root" if row.kind == "root" else "data"
            create_once(ImageRow, ref, values)
            tx.touch("image", ref)
            source = _Source(row, vm, disk, is_frozen=request.snapshot_id is not None)
            return self._accept(tx, call, source, ref, store, values["kind"])

        return await self._store.write(accept)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        source: _Source,
        image_id: str,
        store: ImageStoreRow,
        kind: str,
    ) -> Accepted:
        row, vm = source.volume, source.vm
        host_id = work_host(row, vm)
        assert row.primary_storage is not None
        place = {"image_id": image_id, "store_path": store.path}
        is_elsewhere = host_id != store.host_id
        exported = place | {"store_path": _export_path(row.primary_storage)}
        data: dict[str, Any] = {
            "host_id": host_id,
            "store_host_id": store.host_id,
            # What a machine has open is copied by its QEMU; a snapshot stays as it is.
            "vm_id": vm.id if vm is not None and not source.is_frozen else "",
            "disk": msgspec.to_builtins(source.disk),
            "image_id": image_id,
            "kind": kind,
            "place": place,
            "exported": exported if is_elsewhere else place,
            "back": {"status": row.status},
        }
        new = NewJob(
            definition=self._job,
            queue=f"vm:{vm.id}" if vm is not None else f"volume:{row.id}",
            resource_kind="volume",
            resource_id=row.id,
            resource_name=row.name,
            data=data,
        )
        accepted = self._runner.accept(tx, call.caller, new)
        hold(tx, row.id, accepted.jobs[0].id, VolumeStatus.CHANGING)
        return Accepted(jobs=accepted.jobs, resource_ids=[image_id])

    # Steps

    async def _export(self, run: JobRun) -> None:
        disk, place = msgspec.convert(run.data["disk"], DiskSpec), _exported(run)
        if run.data["vm_id"]:
            attached = ExportDiskParams(vm_id=run.data["vm_id"], volume=disk.volume, place=place)
            info = await self._holding.call(
                run, c.IMAGE_EXPORT_DISK, attached, code="image.export_failed", report=run.report
            )
        else:
            alone = ExportVolumeParams(volume=disk.volume, place=place)
            info = await self._holding.call(
                run, c.IMAGE_EXPORT_VOLUME, alone, code="image.export_failed", report=run.report
            )
        await self._note(run, info)

    async def _send(self, run: JobRun) -> None:
        """Bring the image to its store, which is on another host."""
        store = HostPlace(run.data["store_host_id"], _place(run))
        info = await relay_to_store(self._links, run, run.data["host_id"], _exported(run), store)
        await self._note(run, info)

    async def _note(self, run: JobRun, info: ImageInfo) -> None:
        info = msgspec.structs.replace(info, kind=run.data["kind"])
        run.data["info"] = msgspec.to_builtins(info)
        await self._store.write(lambda tx: claim_size(run.data["image_id"], info.size_bytes))

    async def _discard(self, run: JobRun) -> None:
        """Nothing of the image stays in its store."""
        host_id = run.data["store_host_id"]
        await self._links.call(
            host_id, c.IMAGE_DELETE, _place(run), on_wait=run.wait, wait_s=link_wait_s(run)
        )

    async def _discard_export(self, run: JobRun) -> None:
        """Nor where it was made."""
        await self._holding.call(run, c.IMAGE_DELETE, _exported(run))

    # Endings

    def _made(self, tx: Transaction, run: JobRun) -> None:
        ready(tx, run.data["image_id"], msgspec.convert(run.data["info"], ImageInfo))
        release(tx, run, VolumeStatus(run.data["back"]["status"]))

    def _not_made(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        forget(tx, run.data["image_id"])
        self._holding.failed(tx, run, error)


def _machine_of(tx: Transaction, row: VolumeRow) -> Standing | None:
    """The volume's machine if it has one; raises Conflict if it is neither on nor off."""
    if row.vm_id is None:
        return None
    vm = load_standing(tx, row.vm_id)
    check_state(vm, "export_volume")
    return vm


def _as_it_was(disk: DiskSpec, snapshot_id: str, row: VolumeRow) -> DiskSpec:
    """The disk as a snapshot of it has it; raises NotFound, or Conflict if it is none of it."""
    snapshot = ready_snapshot(snapshot_id)
    if snapshot.volume_id != row.id:
        raise Conflict(
            "snapshot.of_other_volume", field="snapshot_id", name=snapshot.name, volume=row.name
        )
    frozen = msgspec.structs.replace(disk.volume, head=snapshot.node, fallback=None)
    return msgspec.structs.replace(disk, volume=frozen)


def _chosen_steps(data: dict[str, Any]) -> tuple[str, ...]:
    """The image is made in its store, if that is on the volume's host; else beside the volume."""
    steps = ("hold_volume", "export_volume")
    is_elsewhere = data.get("store_host_id", data["host_id"]) != data["host_id"]
    return (*steps, "send_image", "drop_export") if is_elsewhere else steps


def _export_path(storage: PrimaryStorageRow) -> str:
    """A folder of a volume's host with room for an image that is on its way to another host."""
    return storage.path or EXPORTS


def _place(run: JobRun) -> ImagePlace:
    return ImagePlace(**run.data["place"])


def _exported(run: JobRun) -> ImagePlace:
    """Where the image is made; jobs from when that was always the store do not say."""
    return ImagePlace(**run.data.get("exported", run.data["place"]))
