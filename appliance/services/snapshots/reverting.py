"""Going back to a snapshot: the volume stands on it again, with an empty head.

The machine must be off. What the volume held is kept as one more snapshot, or goes; it goes only
when the row already names the new head.
"""

from __future__ import annotations

from typing import Any

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import VmState
from appliance.protocol.snapshots import SnapshotRevert, SnapshotStatus, VmRevertSnapshot
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import clean_name, find
from appliance.services.compute.standing import load_standing
from appliance.services.parts import Parts
from appliance.services.snapshots import rows
from appliance.services.snapshots.holding import (
    Grip,
    accept,
    is_held,
    ref_of,
    release_all,
    subject_of,
)
from appliance.services.snapshots.merging import Merging
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.snapshots.taking import add_row
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.places import check_room
from appliance.services.tenancy import quotas
from appliance.services.volumes.holding import Holding
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.snapshots import DropParams, RevertParams
from hostagent.protocol.storage import VolumeInfo


class Reverting:
    """Lets volumes hold again what they held at a snapshot."""

    def __init__(self, parts: Parts, holding: Holding, merging: Merging) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._holding = holding
        grip = Grip(parts.store)
        self._one, self._all = (
            parts.runner.define(
                JobDefinition(
                    operation=operation,
                    steps=(
                        grip.step(_not_kept),
                        Step("make_heads", self._make_heads, self._drop_heads),
                        Step("switch_heads", self._switch, self._switch_back),
                        Step("drop_old_heads", self._drop_old_heads, forward_only=True),
                    ),
                    done=_reverted,
                    failed=grip.failed(_not_kept),
                )
            )
            for operation in ("snapshot.revert", "vm.revert_snapshot")
        )
        parts.registry.bind("snapshot.revert", self._revert)
        parts.registry.bind("vm.revert_snapshot", self._revert_vm)

    # Operations

    async def _revert(self, call: Call, request: SnapshotRevert) -> Accepted:
        def revert(tx: Transaction) -> Accepted:
            snapshot = find(SnapshotRow, call.target, "snapshot")
            return self._accept(tx, call, self._one, [snapshot], request.save_as)

        return await self._store.write(revert)

    async def _revert_vm(self, call: Call, request: VmRevertSnapshot) -> Accepted:
        def revert(tx: Transaction) -> Accepted:
            chosen = find(SnapshotRow, request.snapshot_id, "snapshot", field="snapshot_id")
            meant = SnapshotRow.id == chosen.id
            if chosen.group_id:
                meant = SnapshotRow.group_id == chosen.group_id
            query = (
                SnapshotRow.select()
                .join(VolumeRow)
                .where(meant, VolumeRow.vm_id == call.target)
                .order_by(VolumeRow.position)
            )
            found = list(query)
            if not found:
                vm = load_standing(tx, call.target)
                raise Conflict(
                    "snapshot.of_other_machine",
                    field="snapshot_id",
                    name=chosen.name,
                    vm=vm.name,
                )
            return self._accept(tx, call, self._all, found, request.save_as)

        return await self._store.write(revert)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        snapshots: list[SnapshotRow],
        save_as: str | None,
    ) -> Accepted:
        for snapshot in snapshots:
            if snapshot.status != SnapshotStatus.READY:
                raise Conflict(
                    "snapshot.not_ready", name=snapshot.name, snapshot_status=snapshot.status
                )
            _refuse_running(tx, snapshot)
        volume_ids = [snapshot.volume_id for snapshot in snapshots]
        subject = subject_of(tx, volume_ids, "revert_snapshot")
        if save_as is not None:
            quotas.check(subject.rows[0].owner_id, {"snapshot": len(snapshots)})
        reverts: dict[str, dict[str, Any]] = {}
        columns: dict[str, dict[str, Any]] = {}
        for snapshot, row in zip(snapshots, subject.rows, strict=True):
            _claim_size(row, snapshot)
            kept_id = new_id() if save_as is not None else ""
            if save_as is not None:
                add_row(tx, kept_id, row, clean_name(save_as), "", "")
            reverts[row.id] = {
                "to": {
                    "head": new_id(),
                    "snapshot_id": snapshot.id,
                    "size_bytes": snapshot.size_bytes,
                },
                "from": {
                    "head": row.head,
                    "snapshot_id": row.snapshot_id,
                    "size_bytes": row.size_bytes,
                },
                "node": snapshot.node,
                "kept_id": kept_id,
                "used_bytes": 0,
            }
            # A larger size is claimed at once, a smaller one is given back at the end.
            columns[row.id] = {"size_bytes": max(row.size_bytes, snapshot.size_bytes)}
        data = {"reverts": reverts}
        return accept(
            tx,
            self._runner,
            call.caller,
            definition,
            subject,
            data,
            VolumeStatus.REVERTING,
            columns,
        )

    # Steps

    async def _make_heads(self, run: JobRun) -> None:
        """Make the new heads, which nobody writes to yet."""
        for volume_id, revert in run.data["reverts"].items():
            old = ref_of(run, volume_id)
            info: VolumeInfo = await self._holding.call(run, c.VOLUME_INFO, old)
            revert["used_bytes"] = info.used_bytes
            volume = ref_of(run, volume_id, head=revert["to"]["head"])
            params = RevertParams(volume=volume, node=revert["node"])
            await self._holding.call(run, c.SNAPSHOT_REVERT, params, code="snapshot.failed")

    async def _drop_heads(self, run: JobRun) -> None:
        for volume_id, revert in run.data["reverts"].items():
            params = DropParams(volume=ref_of(run, volume_id), node=revert["to"]["head"])
            await self._holding.call(run, c.SNAPSHOT_DROP, params, code="snapshot.failed")

    async def _switch(self, run: JobRun) -> None:
        """From here on machines start with the new heads."""
        await self._store.write(lambda tx: _stand(tx, run, "to"))

    async def _switch_back(self, run: JobRun) -> None:
        await self._store.write(lambda tx: _stand(tx, run, "from"))

    async def _drop_old_heads(self, run: JobRun) -> None:
        """What the volumes held goes, unless it is kept as a snapshot."""
        for volume_id, revert in run.data["reverts"].items():
            if not revert["kept_id"]:
                volume = ref_of(run, volume_id, head=revert["to"]["head"])
                params = DropParams(volume=volume, node=revert["from"]["head"])
                await self._holding.call(run, c.SNAPSHOT_DROP, params, code="snapshot.failed")


def _stand(tx: Transaction, run: JobRun, where: str) -> None:
    for volume_id, revert in run.data["reverts"].items():
        if is_held(run, volume_id):
            rows.set_place(tx, volume_id, **revert[where])


def _reverted(tx: Transaction, run: JobRun) -> None:
    for revert in run.data["reverts"].values():
        if revert["kept_id"]:
            SnapshotRow.update(status=SnapshotStatus.READY, used_bytes=revert["used_bytes"]).where(
                SnapshotRow.id == revert["kept_id"]
            ).execute()
            tx.touch("snapshot", revert["kept_id"])
    release_all(tx, run, {ref: {"used_bytes": None} for ref in run.data["reverts"]})


def _not_kept(tx: Transaction, run: JobRun) -> None:
    for revert in run.data["reverts"].values():
        if revert["kept_id"]:
            rows.note_dropped(tx, revert["kept_id"])


def _refuse_running(tx: Transaction, snapshot: SnapshotRow) -> None:
    """Raises Conflict if the volume's machine is not off: its guest would go on with what it
    remembers of the disk.
    """
    volume = VolumeRow.get_by_id(snapshot.volume_id)
    if volume.vm_id is None:
        return
    vm = load_standing(tx, volume.vm_id)
    if vm.state in (VmState.RUNNING, VmState.PAUSED):
        raise Conflict("snapshot.vm_runs", name=volume.name, vm=vm.name)


def _claim_size(row: VolumeRow, snapshot: SnapshotRow) -> None:
    """Raises NoResources if the volume would be larger than its owner or storage allows."""
    more_bytes = snapshot.size_bytes - row.size_bytes
    if more_bytes > 0:
        quotas.check(row.owner_id, {"volume_bytes": more_bytes})
        assert row.primary_storage is not None
        check_room(row.primary_storage, row.host_id or "", more_bytes)
