"""Operations on volumes that are of no machine's business: making, naming, the recycle bin."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import structlog

from appliance.engine.calls import SYSTEM, Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol import requests as q
from appliance.protocol.base import State
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NoResources
from appliance.protocol.operations import Accepted
from appliance.protocol.volumes import VolumeCreate, VolumeStatus
from appliance.services.common import (
    accepted_before,
    chosen_id,
    clean_name,
    find,
    updater,
)
from appliance.services.compute.creation import chosen_storage
from appliance.services.compute.relay import ImageCaching
from appliance.services.infrastructure.models import HostRow
from appliance.services.parts import Parts
from appliance.services.settings import VOLUME_DELETION, VOLUME_DELETION_PERIOD_S
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.snapshots.sources import SnapshotSource
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow
from appliance.services.storage.places import check_room
from appliance.services.storage.reach import host_for, storages_of
from appliance.services.storage.refs import ref_of
from appliance.services.tenancy import quotas
from appliance.services.tenancy.belonging import owner_for
from appliance.services.volumes.attaching import Attaching, Place, name_of_vm, work_host
from appliance.services.volumes.changing import Changing
from appliance.services.volumes.copying import (
    image_of,
    refuse_copied,
    size_for,
    source_of,
)
from appliance.services.volumes.holding import Holding, forget, hold, release, resting
from appliance.services.volumes.limits import LIMITS, checked_limits
from appliance.services.volumes.views import read_volumes
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from appliance.store.kinds import Relation, ResourceKind
from appliance.store.rows import insert
from hostagent.protocol import commands as c
from hostagent.protocol.storage import VolumeRef

AT_ONCE = 100

log = structlog.get_logger()


class Volumes:
    """All volumes; root disks are made and deleted with their machines."""

    def __init__(self, parts: Parts, caching: ImageCaching) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._settings = parts.settings
        parts.store.kinds.add(_kind())
        self._holding = Holding(parts.store, parts.hosts)
        self._attaching = Attaching(parts, self._holding, caching)
        Changing(parts, self._holding)
        self._create_job = parts.runner.define(
            JobDefinition(
                operation="volume.create",
                steps=self._attaching.creation_steps,
                steps_for=self._attaching.chosen_steps,
                done=self._attaching.attached,
                failed=self._holding.failed,
            )
        )
        self._delete_job, self._expunge_job = (
            parts.runner.define(
                JobDefinition(
                    operation=f"volume.{verb}",
                    steps=(Step("delete_volume", self._delete_file, forward_only=True),),
                    steps_for=lambda data: ("delete_volume",) if data["has_file"] else (),
                    done=self._gone,
                    failed=self._holding.failed,
                )
            )
            for verb in ("delete", "expunge")
        )
        bind = parts.registry.bind
        bind("volume.create", self._create)
        bind("volume.update", updater(parts.store, VolumeRow, "volume", _tell_vm))
        bind("volume.delete", self._delete)
        bind("volume.recover", self._recover)
        bind("volume.expunge", self._expunge)

    # Making

    async def _create(self, call: Call, request: VolumeCreate) -> Accepted:
        ref = chosen_id(request)
        name = clean_name(request.name)
        checked_limits(request)
        sha256 = hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()

        def create(tx: Transaction) -> Accepted:
            owner_id = owner_for(call.caller, request.owner_id, field="owner_id")
            existing = VolumeRow.get_or_none(VolumeRow.id == ref)
            if existing is not None:
                if (existing.request_sha256, existing.owner_id) != (sha256, owner_id):
                    raise Conflict("request.id_taken", field="id", id=ref)
                return accepted_before(ref)
            image, source = image_of(request), source_of(request)
            needed_bytes = image.image.virtual_size_bytes if image else None
            needed_bytes = source.snapshot.size_bytes if source else needed_bytes
            size_bytes = size_for(request, needed_bytes)
            place = self._place_for(tx, request, owner_id, source, size_bytes)
            quotas.check(owner_id, {"data_volume": 1, "volume_bytes": size_bytes})
            row = VolumeRow(
                id=ref,
                name=name,
                description=request.description,
                kind="data",
                size_bytes=size_bytes,
                bus=request.bus,
                source_snapshot_id=request.snapshot_id,
                image_id=request.image_id or "",
                status=VolumeStatus.CREATING if place.host_id else VolumeStatus.NOT_MADE,
                request_sha256=sha256,
                owner_id=owner_id,
                created_at=now_ms(),
                **{limit: getattr(request, limit) for limit in LIMITS},
                **place.columns,
            )
            insert(tx, row)
            tx.touch("volume", ref)
            new = NewJob(
                definition=self._create_job,
                queue=place.queue_for(ref),
                resource_kind="volume",
                resource_id=ref,
                resource_name=name,
                data=place.job_data(ref)
                | {
                    "back": None,
                    "is_made": False,
                    "size_bytes": size_bytes,
                }
                | (source.data if source else {})
                | (image.data if image else {}),
            )
            accepted = self._runner.accept(tx, call.caller, new)
            if place.host_id:
                hold(tx, ref, accepted.jobs[0].id, VolumeStatus.CREATING)
            return accepted

        return await self._store.write(create)

    def _place_for(
        self,
        tx: Transaction,
        request: VolumeCreate,
        owner_id: str,
        source: SnapshotSource | None,
        size_bytes: int,
    ) -> Place:
        """Where a new volume is made: nowhere yet, on a storage, with a machine's disks, or where
        the snapshot lies that it is made of.
        """
        asked = request.primary_storage_id
        chosen = None if asked is None else chosen_storage(asked)
        if request.vm_id is not None:
            if request.host_id is not None:
                raise Conflict("volume.host_and_vm", field="host_id")
            place = self._attaching.place_at(tx, request.vm_id, owner_id, chosen)
        elif source is not None:
            place = Place(host_id=request.host_id or source.host_id, storage=source.storage)
        elif request.host_id is not None or chosen is not None:
            place = _place_on(request.host_id, chosen)
        elif request.image_id is not None:
            raise InvalidInput("volume.place_needed", field="vm_id")
        else:
            return Place()
        assert place.storage is not None
        if source is not None and not _lies_at(source, place):
            raise Conflict("snapshot.elsewhere", field="vm_id", name=source.snapshot.name)
        check_room(place.storage, place.host_id, size_bytes)
        return place

    # The recycle bin

    async def _delete(self, call: Call, _: q.Empty) -> Accepted:
        def delete(tx: Transaction) -> Accepted:
            row = resting(call.target)
            if row.kind == "root":
                raise Conflict("volume.is_root", name=row.name)
            if row.vm_id is not None:
                raise Conflict("volume.attached", name=row.name, vm=name_of_vm(row.vm_id))
            refuse_copied(row)
            to_bin = self._settings.get(VOLUME_DELETION) != "direct"
            return self._let_go(tx, call, self._delete_job, row, to_bin=to_bin)

        return await self._store.write(delete)

    async def _recover(self, call: Call, _: q.Empty) -> Any:
        def recover(tx: Transaction) -> Any:
            row = _binned(call.target)
            quotas.check(row.owner_id, {"data_volume": 1})
            row.status = VolumeStatus.READY if row.primary_storage_id else VolumeStatus.NOT_MADE
            row.deleted_at = None
            row.save()
            tx.touch("volume", row.id)
            return self._store.kinds.render_one("volume", row.id)

        return await self._store.write(recover)

    async def _expunge(self, call: Call, _: q.Empty) -> Accepted:
        def expunge(tx: Transaction) -> Accepted:
            row = _binned(call.target)
            is_kept = self._settings.get(VOLUME_DELETION) == "never"
            if is_kept and call.caller is not SYSTEM:
                raise Conflict("volume.kept_for_ever", name=row.name)
            return self._let_go(tx, call, self._expunge_job, row, to_bin=False)

        return await self._store.write(expunge)

    async def sweep(self) -> int:
        """Let go what lay in the recycle bin for its whole period; returns how many volumes."""
        if self._settings.get(VOLUME_DELETION) != "delay":
            return 0
        before = now_ms() - self._settings.get(VOLUME_DELETION_PERIOD_S) * 1000
        query = VolumeRow.select(VolumeRow.id).where(
            VolumeRow.status == VolumeStatus.DELETED,
            VolumeRow.job_id.is_null(),
            VolumeRow.deleted_at < before,
        )
        due = await self._store.read(lambda: tuples(query.limit(AT_ONCE)))
        for (ref,) in due:
            try:
                await self._expunge(
                    Call(operation="volume.expunge", caller=SYSTEM, target=ref), q.Empty()
                )
            except ApiError as error:  # somebody was quicker
                log.info("not_expunged", volume=ref, reason=str(error))
        return len(due)

    def _let_go(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        row: VolumeRow,
        *,
        to_bin: bool,
    ) -> Accepted:
        """Into the recycle bin, or away for good."""
        has_file = row.primary_storage_id is not None and not to_bin
        data: dict[str, Any] = {
            "back": {"status": row.status, "deleted_at": row.deleted_at},
            "has_file": has_file,
            "to_bin": to_bin,
        }
        if has_file:
            assert row.primary_storage is not None
            ref = VolumeRef(volume_id=row.id, storage=ref_of(row.primary_storage))
            data |= {"host_id": work_host(row, None), "volume": msgspec.to_builtins(ref)}
        new = NewJob(
            definition=definition,
            queue=f"volume:{row.id}",
            resource_kind="volume",
            resource_id=row.id,
            resource_name=row.name,
            data=data,
        )
        accepted = self._runner.accept(tx, call.caller, new)
        status = VolumeStatus.DELETED if to_bin else VolumeStatus.EXPUNGING
        hold(
            tx,
            row.id,
            accepted.jobs[0].id,
            status,
            deleted_at=now_ms() if to_bin else row.deleted_at,
        )
        return accepted

    async def _delete_file(self, run: JobRun) -> None:
        await self._holding.call(
            run, c.VOLUME_DELETE, msgspec.convert(run.data["volume"], VolumeRef)
        )

    def _gone(self, tx: Transaction, run: JobRun) -> None:
        if run.data["to_bin"]:
            release(tx, run, VolumeStatus.DELETED)
            return
        row = VolumeRow.get_or_none(VolumeRow.id == run.resource_id, VolumeRow.job_id == run.id)
        if row is not None:
            forget(tx, row)


def _kind() -> ResourceKind:
    return ResourceKind(
        name="volume",
        model=VolumeRow,
        read=read_volumes,
        search=("name", "id", "description"),
        owner="owner_id",
        internal=frozenset(
            {"job_id", "request_sha256", "head", "fallback_head", "source_snapshot_id"}
        ),
        extra=frozenset({"image_id", "position"}),
        relations={
            "vm": Relation("vm", ("vm_id", "id")),
            "image": Relation("image", ("image_id", "id")),
            "host": Relation("host", ("host_id", "id")),
            "primary_storage": Relation("primary_storage", ("primary_storage_id", "id")),
        },
        aliases={"vm_name": "vm.name", "host_name": "host.name"},
    )


def _place_on(host_id: str | None, storage: PrimaryStorageRow | None) -> Place:
    """A place on a storage, of a host if it is given: on the first of that host's storages that
    is enabled, unless one is chosen.

    Raises NotFound, Conflict, InvalidInput or NoResources.
    """
    if host_id is None:
        assert storage is not None
        if not storage.is_shared:
            raise InvalidInput("volume.host_needed", field="host_id", name=storage.name)
        return Place(host_id=host_for(storage.id), storage=storage)
    host = find(HostRow, host_id, "host", field="host_id")
    there = [row for row in storages_of(host.cluster_id) if row.state == State.ENABLED]
    if storage is not None:
        if storage.id not in [row.id for row in there]:
            raise Conflict("storage.not_reached", field="primary_storage_id", name=storage.name)
        return Place(host_id=host.id, storage=storage)
    if not there:
        raise NoResources("storage.none", field="host_id")
    return Place(host_id=host.id, storage=there[0])


def _lies_at(source: SnapshotSource, place: Place) -> bool:
    """Whether a snapshot can be copied at a place."""
    assert place.storage is not None
    is_host = source.bound_host_id in (None, place.host_id)
    return is_host and source.storage.id == place.storage.id


def _binned(volume_id: str) -> VolumeRow:
    """A volume of the recycle bin; raises NotFound, or Conflict if it is not there."""
    row = find(VolumeRow, volume_id, "volume")
    if row.status != VolumeStatus.DELETED or row.job_id is not None:
        raise Conflict("volume.not_deleted", name=row.name, volume_status=row.status)
    return row


def _tell_vm(tx: Transaction, row: VolumeRow, _: q.Update) -> None:
    """Machines show their volumes, and snapshots the name of theirs."""
    if row.vm_id is not None:
        tx.touch("vm", row.vm_id)
    for (ref,) in tuples(SnapshotRow.select(SnapshotRow.id).where(SnapshotRow.volume == row.id)):
        tx.touch("snapshot", ref)
