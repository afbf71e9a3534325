"""Root disks made anew: from the machine's own image, or from another one.

The new disk is a volume of its own until it is whole; then both change places in one transaction,
and only after that the old one is deleted. So whatever dies meanwhile, the machine has one whole
root disk: the old one or the new one. Data disks, addresses and settings stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CleanupRow
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.guests import VmChangeImage
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageStatus
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import link_wait_s
from appliance.services.compute.models import VmRow
from appliance.services.compute.sources import check_fits
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.compute.steps import VmSteps
from appliance.services.guests.busy import refuse_if_reimaging
from appliance.services.images.choosing import chosen_image
from appliance.services.images.models import ImageRow
from appliance.services.parts import Parts
from appliance.services.snapshots.rows import count_of
from appliance.services.storage.caches import Caches, unneeded_copies
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow
from appliance.services.storage.places import check_room
from appliance.services.storage.refs import is_shared
from appliance.services.tenancy import quotas
from appliance.services.volumes.limits import LIMITS
from appliance.store.database import Transaction
from appliance.store.fields import now_ms
from appliance.store.rows import insert
from hostagent.protocol import commands as c
from hostagent.protocol.storage import CreateOverlayParams, VolumeRef


@dataclass(frozen=True)
class _Wish:
    """What the new root disk is to be."""

    image: ImageRow
    size_bytes: int


class Reimaging:
    """`vm.reimage` and `vm.change_image`."""

    def __init__(self, parts: Parts, steps: VmSteps) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._steps = steps
        self._caches = Caches(parts.store, parts.hosts)
        work = (
            Step("hold_root_disk", self._hold, self._give_back),
            Step("cache_image", self._cache),
            Step("create_disk", self._create, self._delete_new),
            Step("swap_disks", self._swap, self._swap_back),
            Step("delete_old_disk", self._delete_old, forward_only=True),
            Step("drop_caches", self._drop_caches),
        )
        self._jobs = {
            verb: parts.runner.define(
                JobDefinition(
                    operation=f"vm.{verb}", steps=work, done=self._done, failed=self._failed
                )
            )
            for verb in ("reimage", "change_image")
        }
        parts.registry.bind("vm.reimage", self._reimage)
        parts.registry.bind("vm.change_image", self._change_image)

    # Operations

    async def _reimage(self, call: Call, _: q.Empty) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            check_state(vm, "reimage")
            refuse_if_reimaging(tx, vm)
            # A root disk that has moved stands on no image; its machine knows where it came from.
            origin = vm.disk_image_id or VmRow.get_by_id(vm.id).image_id
            image = ImageRow.get_or_none(ImageRow.id == origin)
            if image is None or image.status != ImageStatus.READY:
                raise Conflict("vm.image_gone", name=vm.name)
            old = VolumeRow.get_by_id(vm.volume_id)
            return self._accept(tx, call, "reimage", vm, old, _Wish(image, old.size_bytes))

        return await self._store.write(accept)

    async def _change_image(self, call: Call, request: VmChangeImage) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            check_state(vm, "change_image")
            refuse_if_reimaging(tx, vm)
            image = chosen_image(request.image_id, "image_id", "root")
            old = VolumeRow.get_by_id(vm.volume_id)
            as_large_as = max(old.size_bytes, image.virtual_size_bytes)
            size_bytes = request.root_disk_bytes or as_large_as
            check_fits(image, size_bytes)
            return self._accept(tx, call, "change_image", vm, old, _Wish(image, size_bytes))

        return await self._store.write(accept)

    def _accept(
        self, tx: Transaction, call: Call, verb: str, vm: Standing, old: VolumeRow, wish: _Wish
    ) -> Accepted:
        if old.status != VolumeStatus.READY or old.job_id is not None:
            raise Conflict("volume.wrong_status", name=old.name, volume_status=old.status)
        if count := count_of(old.id):
            raise Conflict("volume.has_snapshots", name=old.name, count=count)
        # The old disk goes, so only what is more has to be there.
        more_bytes = wish.size_bytes - old.size_bytes
        if more_bytes > 0:
            quotas.check(vm.owner_id, {"volume_bytes": more_bytes})
            storage = PrimaryStorageRow.get_by_id(vm.storage.storage_id)
            check_room(storage, vm.work_host_id, more_bytes)
        new = _new_row(old, wish)
        insert(tx, new)
        data = {
            "host_id": vm.work_host_id,
            "image_id": wish.image.id,
            "store_path": wish.image.image_store.path,
            "size_bytes": wish.size_bytes,
            "volume": msgspec.to_builtins(VolumeRef(volume_id=new.id, storage=vm.storage)),
            "old_volume": msgspec.to_builtins(vm.volume),
            "old_image_id": vm.disk_image_id,
        }
        accepted = self._runner.accept(
            tx,
            call.caller,
            NewJob(
                definition=self._jobs[verb],
                queue=f"vm:{vm.id}",
                resource_kind="vm",
                resource_id=vm.id,
                resource_name=vm.name,
                data=data,
            ),
        )
        job_id = accepted.jobs[0].id
        tx.execute("UPDATE volume SET job_id = ? WHERE id IN (?, ?)", job_id, old.id, new.id)
        _set_status(tx, old.id, VolumeStatus.CHANGING)
        tx.touch("volume", new.id)
        tx.touch("vm", vm.id)
        return accepted

    # Steps

    async def _hold(self, run: JobRun) -> None:
        """The rows have named the job since its acceptance."""

    async def _give_back(self, run: JobRun) -> None:
        await self._store.write(lambda tx: _give_back(tx, run))

    async def _cache(self, run: JobRun) -> None:
        """Have the image in the host's cache."""
        storage = _volume(run, "volume").storage
        await self._steps.ensure_cached(run, run.data["image_id"], run.data["store_path"], storage)

    async def _create(self, run: JobRun) -> None:
        """Make the new root disk, beside the old one."""
        params = CreateOverlayParams(
            volume=_volume(run, "volume"),
            image_id=run.data["image_id"],
            size_bytes=run.data["size_bytes"],
        )
        await self._steps.call(run, c.VOLUME_CREATE_OVERLAY, params)

    async def _delete_new(self, run: JobRun) -> None:
        await self._steps.call(run, c.VOLUME_DELETE, _volume(run, "volume"))

    async def _swap(self, run: JobRun) -> None:
        """From now on the machine boots from the new disk."""
        await self._store.write(lambda tx: _put_in_place(tx, run, "old_volume", "volume"))

    async def _swap_back(self, run: JobRun) -> None:
        await self._store.write(lambda tx: _put_in_place(tx, run, "volume", "old_volume"))

    async def _delete_old(self, run: JobRun) -> None:
        """Delete the old disk, which nobody has any more."""
        await self._steps.call(run, c.VOLUME_DELETE, _volume(run, "old_volume"))

    async def _drop_caches(self, run: JobRun) -> None:
        """The last disk on the cached copy of an image that is gone takes the copy along."""
        host_id, image_id = run.data["host_id"], run.data["old_image_id"]
        old = _volume(run, "old_volume")
        place = "" if is_shared(old.storage.kind) else host_id
        copies = await self._store.read(
            lambda: unneeded_copies(host_id=place, image_id=image_id, but_for=old.volume_id)
        )
        await self._caches.drop(copies, wait_s=link_wait_s(run), by=host_id)

    # Endings

    def _done(self, tx: Transaction, run: JobRun) -> None:
        """The old disk's claims are given back."""
        _forget(tx, run, "old_volume")
        new_id_ = _volume(run, "volume").volume_id
        tx.execute("UPDATE volume SET job_id = NULL WHERE id = ?", new_id_)
        _set_status(tx, new_id_, VolumeStatus.READY)
        tx.touch("vm", run.resource_id)

    def _failed(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """The machine has its old disk; what is cleaned up later is given back then."""
        if CleanupRow.get_or_none(CleanupRow.job_id == run.id) is None:
            _give_back(tx, run)


def _new_row(old: VolumeRow, wish: _Wish) -> VolumeRow:
    """The new root disk, of no machine yet; with the limits of the old one."""
    return VolumeRow(
        id=new_id(),
        name=old.name,
        description=old.description,
        kind="root",
        image_id=wish.image.id,
        primary_storage=old.primary_storage_id,
        host_id=old.host_id,
        size_bytes=wish.size_bytes,
        owner_id=old.owner_id,
        status=VolumeStatus.CREATING,
        created_at=now_ms(),
        **{name: getattr(old, name) for name in LIMITS},
    )


def _volume(run: JobRun, key: str) -> VolumeRef:
    return msgspec.convert(run.data[key], VolumeRef)


def _put_in_place(tx: Transaction, run: JobRun, former: str, latter: str) -> None:
    """Let the machine have the one disk instead of the other; does nothing if it has."""
    former_id, latter_id = _volume(run, former).volume_id, _volume(run, latter).volume_id
    mine = VolumeRow.get_or_none(VolumeRow.id == latter_id, VolumeRow.job_id == run.id)
    if mine is None or mine.vm_id == run.resource_id:
        return
    tx.execute("UPDATE volume SET vm_id = NULL WHERE id = ?", former_id)
    tx.execute("UPDATE volume SET vm_id = ? WHERE id = ?", run.resource_id, latter_id)
    tx.execute("UPDATE vm SET image_id = ? WHERE id = ?", mine.image_id, run.resource_id)
    tx.touch("volume", former_id)
    tx.touch("volume", latter_id)
    tx.touch("vm", run.resource_id)


def _give_back(tx: Transaction, run: JobRun) -> None:
    """The old disk rests again; of the new one nothing is left."""
    _put_in_place(tx, run, "volume", "old_volume")
    old_id = _volume(run, "old_volume").volume_id
    mine = VolumeRow.get_or_none(VolumeRow.id == old_id, VolumeRow.job_id == run.id)
    if mine is not None:
        tx.execute("UPDATE volume SET job_id = NULL WHERE id = ?", old_id)
        _set_status(tx, old_id, VolumeStatus.READY)
        tx.touch("vm", run.resource_id)
    _forget(tx, run, "volume")


def _forget(tx: Transaction, run: JobRun, key: str) -> None:
    """Delete the row of a disk that is the job's and no machine's."""
    ref = _volume(run, key).volume_id
    gone = VolumeRow.delete().where(
        VolumeRow.id == ref, VolumeRow.job_id == run.id, VolumeRow.vm_id.is_null()
    )
    if gone.execute():
        tx.touch("volume", ref)


def _set_status(tx: Transaction, volume_id: str, status: VolumeStatus) -> None:
    tx.execute("UPDATE volume SET status = ? WHERE id = ?", status, volume_id)
    tx.touch("volume", volume_id)
