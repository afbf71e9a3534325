"""Volumes that machines get and lose, also while they run; they are made when they get a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol import requests as q
from appliance.protocol.base import State
from appliance.protocol.errors import Conflict
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import DATA_VOLUMES_MAX
from appliance.protocol.volumes import VolumeAttach, VolumeStatus
from appliance.services.common import find
from appliance.services.compute.bonds import bonds_of
from appliance.services.compute.models import VmRow
from appliance.services.compute.relay import ImageCaching
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.infrastructure.models import HostRow
from appliance.services.parts import Parts
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow, place_host
from appliance.services.storage.places import check_room
from appliance.services.storage.reach import clusters_of, host_for, reaches
from appliance.services.volumes.disks import disk_of
from appliance.services.volumes.holding import Holding, hold, release, resting
from appliance.store.database import Transaction
from appliance.store.fields import tuples
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DiskParams, DiskSpec
from hostagent.protocol.snapshots import CopyParams
from hostagent.protocol.storage import CopyImageParams, CreateEmptyParams, VolumeRef


@dataclass(frozen=True)
class Place:
    """Where a volume lies, and whose it is: nowhere, on a storage, or with a machine's disks.

    `host_id` is the host that works on it.
    """

    host_id: str = ""
    storage: PrimaryStorageRow | None = None
    vm: Standing | None = None
    position: int = 0

    @property
    def columns(self) -> dict[str, Any]:
        """What a volume's row says of its place."""
        if self.storage is None:
            return {}
        vm_id = self.vm.id if self.vm else None
        host_id = place_host(self.storage, self.host_id) or None
        place = {"host_id": host_id, "primary_storage": self.storage}
        return place | {"vm_id": vm_id, "position": self.position}

    def queue_for(self, volume_id: str) -> str:
        """What works on a machine's disks takes turns with all else that works on the machine."""
        return f"vm:{self.vm.id}" if self.vm else f"volume:{volume_id}"

    def job_data(self, volume_id: str) -> dict[str, Any]:
        """What a job that brings the volume here works with; its row is at the place already."""
        if not self.host_id:
            return {"host_id": "", "is_placed": False}
        return {
            "host_id": self.host_id,
            "vm_id": self.vm.id if self.vm else "",
            "is_placed": self.vm is not None and self.vm.host_id is not None,
            "disk": msgspec.to_builtins(disk_of(volume_id)),
        }


class Attaching:
    """Attaches and detaches volumes.

    A volume is its machine's from acceptance on until the machine has really lost it.
    """

    def __init__(self, parts: Parts, holding: Holding, caching: ImageCaching) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._holding = holding
        self._caching = caching
        self.creation_steps = (
            holding.step,
            Step("cache_image", self._cache_image),
            Step("create_volume", self._create, self._delete),
            Step("plug_disk", self._plug, self._unplug),
        )
        self._attach_job = parts.runner.define(
            JobDefinition(
                operation="volume.attach",
                steps=self.creation_steps,
                steps_for=self.chosen_steps,
                done=self.attached,
                failed=holding.failed,
            )
        )
        self._detach_job = parts.runner.define(
            JobDefinition(
                operation="volume.detach",
                steps=(holding.step, Step("unplug_disk", self._unplug, self._plug)),
                steps_for=lambda data: ("hold_volume", "unplug_disk") if data["is_placed"] else (),
                done=self._detached,
                failed=holding.failed,
            )
        )
        parts.registry.bind("volume.attach", self._attach)
        parts.registry.bind("volume.detach", self._detach)

    @staticmethod
    def chosen_steps(data: dict[str, Any]) -> tuple[str, ...]:
        """The steps of bringing a volume to its place."""
        make = () if data["is_made"] or not data["host_id"] else ("create_volume",)
        make = ("cache_image", *make) if make and "image" in data else make
        plug = ("plug_disk",) if data["is_placed"] else ()
        return ("hold_volume", *make, *plug) if make or plug else ()

    def place_at(
        self,
        tx: Transaction,
        vm_id: str,
        owner_id: str,
        storage: PrimaryStorageRow | None = None,
    ) -> Place:
        """The next free place among a machine's disks, for a volume of this owner, on `storage` or
        where its root disk is.

        Raises NotFound, or Conflict if the machine cannot get one.
        """
        find(VmRow, vm_id, "vm", field="vm_id")
        vm = load_standing(tx, vm_id)
        check_state(vm, "attach_volume")
        if vm.owner_id != owner_id:
            raise Conflict("volume.other_owner", field="vm_id", name=vm.name)
        query = VolumeRow.select(VolumeRow.position).where(VolumeRow.vm_id == vm.id)
        taken = {position for (position,) in tuples(query)}
        free = [place for place in range(1, DATA_VOLUMES_MAX + 1) if place not in taken]
        if not free:
            raise Conflict("vm.too_many_volumes", name=vm.name, count=DATA_VOLUMES_MAX)
        if storage is None:
            storage = PrimaryStorageRow.get_by_id(vm.storage.storage_id)
        host_id = vm.work_host_id
        refuse_unreached(storage, host_id, vm)
        return Place(host_id=host_id, storage=storage, vm=vm, position=free[0])

    # Operations

    async def _attach(self, call: Call, request: VolumeAttach) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = resting(call.target)
            if row.kind == "root":
                raise Conflict("volume.is_root", name=row.name)
            if row.vm_id is not None:
                raise Conflict("volume.attached", name=row.name, vm=name_of_vm(row.vm_id))
            place = self.place_at(tx, request.vm_id, row.owner_id, row.primary_storage)
            back = {"status": row.status, "vm_id": None, "position": 0, "bus": row.bus}
            is_made = row.primary_storage_id is not None
            bus = request.bus or ("virtio" if row.bus == "sata" else None)
            if bus is not None:  # what came with a machine on SATA is plugged as all else is
                VolumeRow.update(bus=bus).where(VolumeRow.id == row.id).execute()
            if is_made:
                _refuse_elsewhere(row, place)
                VolumeRow.update(vm_id=request.vm_id, position=place.position).where(
                    VolumeRow.id == row.id
                ).execute()
            else:
                assert place.storage is not None
                check_room(place.storage, place.host_id, row.size_bytes)
                VolumeRow.update(**place.columns).where(VolumeRow.id == row.id).execute()
                back |= {"host_id": None, "primary_storage": None, "used_bytes": None}
            data = place.job_data(row.id) | {
                "back": back,
                "is_made": is_made,
                "size_bytes": row.size_bytes,
            }
            queue = place.queue_for(row.id)
            accepted = self._accept(tx, call, self._attach_job, row, queue, data)
            hold(tx, row.id, accepted.jobs[0].id, VolumeStatus.ATTACHING)
            return accepted

        return await self._store.write(accept)

    async def _detach(self, call: Call, _: q.Empty) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = resting(call.target)
            if row.kind == "root":
                raise Conflict("volume.is_root", name=row.name)
            if row.vm_id is None:
                raise Conflict("volume.not_attached", name=row.name)
            vm = load_standing(tx, row.vm_id)
            check_state(vm, "detach_volume")
            data = {
                "host_id": vm.work_host_id,
                "vm_id": vm.id,
                "is_placed": vm.host_id is not None,
                "disk": msgspec.to_builtins(disk_of(row.id)),
                "back": {"status": VolumeStatus.READY},
            }
            accepted = self._accept(tx, call, self._detach_job, row, f"vm:{vm.id}", data)
            hold(tx, row.id, accepted.jobs[0].id, VolumeStatus.DETACHING)
            return accepted

        return await self._store.write(accept)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        row: VolumeRow,
        queue: str,
        data: dict[str, Any],
    ) -> Accepted:
        new = NewJob(
            definition=definition,
            queue=queue,
            resource_kind="volume",
            resource_id=row.id,
            resource_name=row.name,
            data=data,
        )
        return self._runner.accept(tx, call.caller, new)

    # Steps

    async def _cache_image(self, run: JobRun) -> None:
        """Have the image that it is copied of in the cache of its storage."""
        image, storage = run.data["image"], _disk(run).volume.storage
        await self._caching.ensure(
            run, run.data["host_id"], image["id"], image["store_path"], storage
        )

    async def _create(self, run: JobRun) -> None:
        """Make the file, which takes space only as it is written to, or copy it of a snapshot or
        of an image.
        """
        if "image" in run.data:
            of_image = CopyImageParams(
                volume=_disk(run).volume,
                image_id=run.data["image"]["id"],
                size_bytes=run.data["size_bytes"],
            )
            info = await self._holding.call(run, c.VOLUME_COPY_IMAGE, of_image, report=run.report)
            run.data["used_bytes"] = info.used_bytes
            return
        if "source" in run.data:
            copy = CopyParams(
                source=msgspec.convert(run.data["source"], VolumeRef),
                target=_disk(run).volume,
                size_bytes=run.data["size_bytes"],
            )
            info = await self._holding.call(run, c.VOLUME_COPY, copy, report=run.report)
            run.data["used_bytes"] = info.used_bytes
            return
        params = CreateEmptyParams(volume=_disk(run).volume, size_bytes=run.data["size_bytes"])
        info = await self._holding.call(run, c.VOLUME_CREATE_EMPTY, params)
        run.data["used_bytes"] = info.used_bytes

    async def _delete(self, run: JobRun) -> None:
        await self._holding.call(run, c.VOLUME_DELETE, _disk(run).volume)

    async def _plug(self, run: JobRun) -> None:
        """Plug it in; a machine that has stopped meanwhile gets it when it starts."""
        params = DiskParams(vm_id=run.data["vm_id"], disk=_disk(run))
        await self._holding.call(run, c.DOMAIN_ATTACH_DISK, params, code="volume.attach_failed")

    async def _unplug(self, run: JobRun) -> None:
        """Pull it out; the guest has to let go of it."""
        params = DiskParams(vm_id=run.data["vm_id"], disk=_disk(run))
        await self._holding.call(run, c.DOMAIN_DETACH_DISK, params, code="volume.detach_failed")

    # Endings

    def attached(self, tx: Transaction, run: JobRun) -> None:
        """It is at its place; one that has none yet was never held. What it was copied of is
        needed no more.
        """
        used = {"used_bytes": run.data["used_bytes"]} if "used_bytes" in run.data else {}
        release(tx, run, VolumeStatus.READY, source_snapshot_id=None, image_id="", **used)

    def _detached(self, tx: Transaction, run: JobRun) -> None:
        release(tx, run, VolumeStatus.READY, vm_id=None, position=0)


def work_host(row: VolumeRow, vm: Standing | None) -> str:
    """The host that works on a volume that is made; raises Conflict if none could.

    What a machine has open only its own host touches.
    """
    if row.host_id is not None:
        return row.host_id
    if vm is not None and vm.host_id is not None:
        return vm.host_id
    assert row.primary_storage_id is not None
    return host_for(row.primary_storage_id, vm.last_host_id if vm else None)


def name_of_vm(vm_id: str) -> str:
    """What a machine is called, its id if it is gone; within a read or write."""
    row = VmRow.get_or_none(VmRow.id == vm_id)
    return vm_id if row is None else row.name


def _disk(run: JobRun) -> DiskSpec:
    return msgspec.convert(run.data["disk"], DiskSpec)


def _refuse_elsewhere(row: VolumeRow, place: Place) -> None:
    """A disk on local storage stays on its host; raises Conflict if the machine is bound to
    another one.
    """
    assert place.vm is not None
    if row.host_id is None:
        return
    bonds = bonds_of(place.vm.id)
    bound_to = place.vm.host_id or bonds.host_id
    if bound_to == row.host_id:
        return
    host = HostRow.get_or_none(HostRow.id == row.host_id)
    if bound_to is None and host is not None and host.cluster_id == place.vm.cluster_id:
        return  # from now on the machine runs there
    raise Conflict(
        "volume.elsewhere",
        field="vm_id",
        name=row.name,
        host=_name_of_host(row.host_id),
        vm=place.vm.name,
        other=_name_of_host(bound_to or place.host_id),
    )


def refuse_unreached(storage: PrimaryStorageRow, host_id: str, vm: Standing) -> None:
    """Raises Conflict if a machine could not have a disk on this storage where it runs."""
    if storage.state == State.MAINTENANCE:
        raise Conflict("storage.in_maintenance", name=storage.name)
    if not storage.is_shared:
        return
    in_cluster = vm.cluster_id in clusters_of(storage.id)
    if not in_cluster or (vm.host_id and not reaches(host_id, storage.id)):
        host = _name_of_host(host_id)
        raise Conflict(
            "volume.not_reached", field="vm_id", name=storage.name, vm=vm.name, host=host
        )


def _name_of_host(host_id: str | None) -> str:
    row = HostRow.get_or_none(HostRow.id == host_id)
    return str(host_id) if row is None else row.name
