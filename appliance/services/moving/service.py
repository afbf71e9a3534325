"""Operations that move volumes between storages and hosts."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CleanupRow
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.moves import MoveCandidates, VolumeMove
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import VmState
from appliance.protocol.volumes import VolumeStatus
from appliance.services.common import find
from appliance.services.compute.standing import Standing, load_standing, read_standing
from appliance.services.hardware.keeping import WITHOUT_FILES, keeps
from appliance.services.moving.candidates import Route, Spot, candidates, choose, route, spot_of
from appliance.services.moving.rows import claim, forget_forsaken, release_copy
from appliance.services.moving.steps import MovingSteps
from appliance.services.parts import Parts
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.places import check_room
from appliance.services.storage.refs import ref_of
from appliance.services.volumes.disks import disk_of
from appliance.services.volumes.holding import Holding, give_back, hold, release, resting
from appliance.store.database import Transaction
from hostagent.protocol.moves import MoveSide


class Moving:
    """Moves volumes, also under the eyes of a guest that uses them."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._holding = Holding(parts.store, parts.hosts)
        steps = MovingSteps(parts.store, parts.hosts, parts.settings)
        self._job = parts.runner.define(
            JobDefinition(
                operation="volume.move",
                steps=(
                    Step("hold_volume", steps.hold, steps.give_back),
                    Step("copy_volume", steps.copy, steps.delete_copy),
                    Step("carry_volume", steps.carry, steps.delete_copy),
                    Step("mirror_volume", steps.mirror, steps.stay),
                    Step("switch_storage", steps.switch, forward_only=True),
                    Step("delete_old_copy", steps.delete_old, forward_only=True),
                ),
                steps_for=_steps_for,
                done=self._moved,
                failed=self._not_moved,
            )
        )
        parts.registry.bind("volume.move", self._move)
        parts.registry.bind("volume.move_candidates", self._candidates)

    async def _move(self, call: Call, request: VolumeMove) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = resting(call.target)
            vm = load_standing(tx, row.vm_id) if row.vm_id is not None else None
            forget_forsaken(tx, row.id)
            there = choose(row, vm, request)
            check_room(there.storage, there.host_id, row.size_bytes)
            data = _job_data(row, vm, there)
            new = NewJob(
                definition=self._job,
                queue=f"vm:{vm.id}" if vm else f"volume:{row.id}",
                resource_kind="volume",
                resource_id=row.id,
                resource_name=row.name,
                data=data,
            )
            accepted = self._runner.accept(tx, call.caller, new)
            job_id = accepted.jobs[0].id
            claim(tx, row.id, data["new"], row.size_bytes, job_id)
            hold(tx, row.id, job_id, VolumeStatus.MOVING)
            return accepted

        return await self._store.write(accept)

    async def _candidates(self, call: Call, _: q.Empty) -> MoveCandidates:
        def read() -> MoveCandidates:
            row = find(VolumeRow, call.target, "volume")
            vm = read_standing(row.vm_id) if row.vm_id is not None else None
            return candidates(row, vm)

        return await self._store.read(read)

    # Endings

    def _moved(self, tx: Transaction, run: JobRun) -> None:
        release(tx, run, VolumeStatus.READY)

    def _not_moved(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """It is where it was, unless it was too late to stop it; what is cleaned up later is given
        back then.
        """
        if run.data.get("where") == MoveSide.TARGET:
            row = VolumeRow.get_or_none(VolumeRow.id == run.resource_id)
            name = row.name if row is not None else run.resource_id
            tx.on_commit(lambda: run.note("move.too_late", level="warning", name=name))
        if CleanupRow.get_or_none(CleanupRow.job_id == run.id) is None:
            release_copy(tx, run)
            give_back(tx, run)


def _steps_for(data: dict[str, Any]) -> tuple[str, ...]:
    work = "copy_volume" if data["host_id"] == data["there"] else "carry_volume"
    if data["vm_id"]:
        work = "mirror_volume"
    return ("hold_volume", work, "switch_storage", "delete_old_copy")


def _job_data(row: VolumeRow, vm: Standing | None, there: Spot) -> dict[str, Any]:
    """`host_id` works on the old place and `there` on the new one; `vm_id` is the machine that has
    it open, "" for none.
    """
    here = spot_of(row)
    way = route(here, there, vm)
    if way is None:  # it was looked at before
        raise Conflict("move.no_way", name=row.name)
    source = disk_of(row.id).volume
    target = replace(source, storage=ref_of(there.storage), head="", fallback=None)
    return {
        "host_id": way.host_id,
        "there": way.there,
        "vm_id": vm.id if vm is not None and vm.host_id is not None else "",
        "is_paused": vm is not None and vm.state == VmState.PAUSED,
        "old": {"storage_id": here.storage.id, "host_id": here.host_id},
        "new": {"storage_id": there.storage.id, "host_id": there.host_id},
        "source": to_builtins(source),
        "target": to_builtins(target),
        "size_bytes": row.size_bytes,
        "image_id": row.image_id,
        "firmware": _firmware_way(row, vm, here, there, way),
        "back": {"status": row.status},
    }


def _firmware_way(
    row: VolumeRow, vm: Standing | None, here: Spot, there: Spot, way: Route
) -> dict[str, Any] | None:
    """Between which hosts what a machine's firmware and TPM have kept goes with its root disk;
    None if there is nothing, or it stays where it is.
    """
    if vm is None or row.id != vm.volume_id or vm.last_host_id is None or not keeps(vm.id):
        return None

    def host_of(spot: Spot, worker: str) -> str | None:
        kind = spot.storage.kind
        return spot.host_id or (vm.last_host_id if kind == WITHOUT_FILES else worker)

    stays = here.storage.kind == there.storage.kind == WITHOUT_FILES
    ends = {"from": host_of(here, way.host_id), "to": host_of(there, way.there)}
    return None if stays else {"vm_id": vm.id, **ends}
