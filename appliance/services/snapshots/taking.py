"""Snapshots that are taken: of one volume, or of all disks of a machine at one instant."""

from __future__ import annotations

from typing import Any

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.snapshots import SnapshotCreate, SnapshotStatus, VmCreateSnapshot
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import accepted_before, chosen_id, clean_name, find
from appliance.services.compute.models import VmRow
from appliance.services.parts import Parts
from appliance.services.settings import SNAPSHOT_DEPTH
from appliance.services.snapshots import rows
from appliance.services.snapshots.holding import (
    Grip,
    Subject,
    accept,
    ref_of,
    release_all,
    subject_of,
)
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.places import check_room, place_id
from appliance.services.tenancy import quotas
from appliance.services.volumes.holding import Holding
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from appliance.store.rows import insert
from hostagent.protocol import commands as c
from hostagent.protocol.snapshots import TakeParams, TakeResult


class Taking:
    """Takes snapshots.

    From acceptance on, a volume's row names its new head, and the old one as the fallback: the
    new one is there before anything is written to it, and is the newest from then on.
    """

    def __init__(self, parts: Parts, holding: Holding) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._settings = parts.settings
        self._holding = holding
        grip = Grip(parts.store)
        self._one, self._all = (
            parts.runner.define(
                JobDefinition(
                    operation=operation,
                    steps=(
                        grip.step(_not_taken),
                        Step("take_snapshot", self._take, self._take_back),
                    ),
                    done=self._taken,
                    failed=grip.failed(_not_taken),
                )
            )
            for operation in ("snapshot.create", "vm.create_snapshot")
        )
        parts.registry.bind("snapshot.create", self._create)
        parts.registry.bind("vm.create_snapshot", self._create_of_vm)

    # Operations

    async def _create(self, call: Call, request: SnapshotCreate) -> Accepted:
        ref = chosen_id(request)
        name = clean_name(request.name)

        def create(tx: Transaction) -> Accepted:
            existing = SnapshotRow.get_or_none(SnapshotRow.id == ref)
            if existing is not None:
                if (existing.volume_id, existing.name) != (request.volume_id, name):
                    raise Conflict("request.id_taken", field="id", id=ref)
                return accepted_before(existing.volume_id)
            subject = subject_of(tx, [request.volume_id], "take_snapshot")
            return self._accept(tx, call, self._one, subject, request, name, [ref], "")

        return await self._store.write(create)

    async def _create_of_vm(self, call: Call, request: VmCreateSnapshot) -> Accepted:
        name = clean_name(request.name)

        def create(tx: Transaction) -> Accepted:
            find(VmRow, call.target, "vm")
            query = VolumeRow.select(VolumeRow.id).where(VolumeRow.vm_id == call.target)
            found = [ref for (ref,) in tuples(query.order_by(VolumeRow.position))]
            subject = subject_of(tx, found, "take_snapshot")
            refs = [new_id() for _ in found]
            return self._accept(tx, call, self._all, subject, request, name, refs, new_id())

        return await self._store.write(create)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        subject: Subject,
        request: SnapshotCreate | VmCreateSnapshot,
        name: str,
        refs: list[str],
        group_id: str,
    ) -> Accepted:
        quotas.check(subject.rows[0].owner_id, {"snapshot": len(refs)})
        columns: dict[str, dict[str, Any]] = {}
        for ref, row in zip(refs, subject.rows, strict=True):
            self._refuse_too_deep(row)
            add_row(tx, ref, row, name, request.description, group_id)
            columns[row.id] = {"head": ref, "fallback_head": row.head}
        accepted = accept(
            tx,
            self._runner,
            call.caller,
            definition,
            subject,
            {
                "snapshots": dict(zip((row.id for row in subject.rows), refs, strict=True)),
                "quiesce": request.quiesce,
            },
            VolumeStatus.SNAPSHOTTING,
            columns,
        )
        return Accepted(jobs=accepted.jobs, resource_ids=refs)

    def _refuse_too_deep(self, row: VolumeRow) -> None:
        deepest = self._settings.get(SNAPSHOT_DEPTH)
        if rows.tree_of(row).depth > deepest:
            raise Conflict("snapshot.too_deep", name=row.name, count=deepest)

    # Steps

    async def _take(self, run: JobRun) -> None:
        """All disks at one instant; a machine that has stopped meanwhile writes nothing."""
        params = _params(run)
        found: TakeResult = await self._holding.call(
            run, c.SNAPSHOT_TAKE, params, code="snapshot.failed"
        )
        run.data["is_quiesced"] = found.is_quiesced
        run.data["frozen"] = {
            one.volume_id: {"size_bytes": one.size_bytes, "used_bytes": one.used_bytes}
            for one in found.frozen
        }

    async def _take_back(self, run: JobRun) -> None:
        """Have what was written meanwhile in the old heads again."""
        await self._holding.call(run, c.SNAPSHOT_TAKE_BACK, _params(run), code="snapshot.failed")

    # Endings

    def _taken(self, tx: Transaction, run: JobRun) -> None:
        columns: dict[str, dict[str, Any]] = {}
        for volume_id, ref in run.data["snapshots"].items():
            SnapshotRow.update(
                status=SnapshotStatus.READY,
                is_quiesced=run.data["is_quiesced"],
                **run.data["frozen"][volume_id],
            ).where(SnapshotRow.id == ref).execute()
            tx.touch("snapshot", ref)
            rows.set_place(tx, volume_id, snapshot_id=ref)
            columns[volume_id] = {"fallback_head": None}
        release_all(tx, run, columns)


def add_row(
    tx: Transaction, ref: str, volume: VolumeRow, name: str, description: str, group_id: str
) -> None:
    """Write down that a volume's head is about to be frozen, and claim what it takes."""
    assert volume.primary_storage is not None
    used_bytes = volume.used_bytes or 0
    check_room(volume.primary_storage, volume.host_id or "", used_bytes)
    row = SnapshotRow(
        id=ref,
        name=name,
        description=description,
        volume=volume.id,
        parent_id=volume.snapshot_id,
        node=volume.head,
        group_id=group_id,
        size_bytes=volume.size_bytes,
        used_bytes=used_bytes,
        status=SnapshotStatus.CREATING,
        place_id=place_id(volume.primary_storage, volume.host_id or ""),
        owner_id=volume.owner_id,
        created_at=now_ms(),
    )
    insert(tx, row)
    tx.touch("snapshot", ref)


def _not_taken(tx: Transaction, run: JobRun) -> None:
    for ref in run.data["snapshots"].values():
        rows.note_dropped(tx, ref)


def _params(run: JobRun) -> TakeParams:
    """New heads are called as their snapshots, and the old ones as the rows said."""
    volumes = [
        ref_of(run, volume_id, head=ref, fallback=run.data["volumes"][volume_id]["head"])
        for volume_id, ref in run.data["snapshots"].items()
    ]
    return TakeParams(
        volumes=volumes,
        vm_id=run.data["vm_id"],
        is_paused=run.data["is_paused"],
        quiesce=run.data["quiesce"],
    )
