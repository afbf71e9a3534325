"""The discs in machines' CD drives: put in and taken out, also while a machine runs.

The row is the claim: it is there from acceptance on until the machine has really lost the disc, so
an image that is in a drive cannot be deleted. It names the job that works on the drive.
"""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CleanupRow
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.guests import CD_DRIVES, VmAttachIso, VmDetachIso
from appliance.protocol.operations import Accepted
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.compute.steps import VmSteps
from appliance.services.guests.discs import (
    disc_in,
    drives_of,
    is_working,
)
from appliance.services.images.choosing import chosen_image
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import CdSpec, DiscParams


class Drives:
    """`vm.attach_iso` and `vm.detach_iso`. A machine has two drives, always."""

    def __init__(self, parts: Parts, steps: VmSteps) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._steps = steps
        hold = Step("hold_drive", self._hold, self._give_back)
        self._attach_job = parts.runner.define(
            JobDefinition(
                operation="vm.attach_iso",
                steps=(
                    hold,
                    Step("cache_image", self._cache),
                    Step("insert_disc", self._insert, self._eject_by_force),
                ),
                steps_for=_if_placed("hold_drive", "cache_image", "insert_disc"),
                done=_inserted,
                failed=_failed,
            )
        )
        self._detach_job = parts.runner.define(
            JobDefinition(
                operation="vm.detach_iso",
                steps=(hold, Step("eject_disc", self._eject, self._insert)),
                steps_for=_if_placed("hold_drive", "eject_disc"),
                done=_ejected,
                failed=_failed,
            )
        )
        parts.registry.bind("vm.attach_iso", self._attach)
        parts.registry.bind("vm.detach_iso", self._detach)

    # Operations

    async def _attach(self, call: Call, request: VmAttachIso) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            check_state(vm, "attach_iso")
            image = chosen_image(request.image_id, "image_id", "iso")
            slot = _free_slot(vm, request.slot)
            tx.execute(
                "INSERT INTO vm_cd (vm_id, slot, image_id, job_id, is_leaving) "
                "VALUES (?, ?, ?, '', 0)",
                *(vm.id, slot, image.id),
            )
            more = {"store_path": image.image_store.path, "is_leaving": False}
            return self._accept(tx, call, self._attach_job, vm, slot, more)

        return await self._store.write(accept)

    async def _detach(self, call: Call, request: VmDetachIso) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            vm = load_standing(tx, call.target)
            check_state(vm, "detach_iso")
            slot = _chosen_slot(vm, request.slot)
            more = {"force": request.force, "is_leaving": True}
            return self._accept(tx, call, self._detach_job, vm, slot, more)

        return await self._store.write(accept)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        vm: Standing,
        slot: int,
        more: dict[str, Any],
    ) -> Accepted:
        (spec,) = [one for one in drives_of(vm.id, vm.storage, everything=True) if one.slot == slot]
        data = {
            "host_id": vm.host_id or vm.volume_host_id,
            "is_placed": vm.host_id is not None,
            "cd": msgspec.to_builtins(spec),
        }
        accepted = self._runner.accept(
            tx,
            call.caller,
            NewJob(
                definition=definition,
                queue=f"vm:{vm.id}",
                resource_kind="vm",
                resource_id=vm.id,
                resource_name=vm.name,
                data=data | more,
            ),
        )
        tx.execute(
            "UPDATE vm_cd SET job_id = ?, is_leaving = ? WHERE vm_id = ? AND slot = ?",
            *(accepted.jobs[0].id, more["is_leaving"], vm.id, slot),
        )
        tx.touch("vm", vm.id)
        return accepted

    # Steps

    async def _hold(self, run: JobRun) -> None:
        """The row has named the job since its acceptance."""

    async def _give_back(self, run: JobRun) -> None:
        await self._store.write(lambda tx: _give_back(tx, run))

    async def _cache(self, run: JobRun) -> None:
        """Have the disc on the machine's host."""
        cd = _cd(run)
        await self._steps.ensure_cached(
            run, cd.image_id, run.data["store_path"], cd.storage, is_iso=True
        )

    async def _insert(self, run: JobRun) -> None:
        """Put it in; a machine that has stopped meanwhile has it when it starts."""
        params = DiscParams(vm_id=run.resource_id, cd=_cd(run))
        await self._steps.call(run, c.DOMAIN_SET_DISC, params, code="vm.disc_failed")

    async def _eject(self, run: JobRun) -> None:
        """Take it out; a guest may have locked the drive."""
        await self._empty(run, is_forced=run.data["force"])

    async def _eject_by_force(self, run: JobRun) -> None:
        await self._empty(run, is_forced=True)

    async def _empty(self, run: JobRun, *, is_forced: bool) -> None:
        empty = msgspec.structs.replace(_cd(run), image_id="")
        params = DiscParams(vm_id=run.resource_id, cd=empty, force=is_forced)
        await self._steps.call(run, c.DOMAIN_SET_DISC, params, code="vm.disc_failed")


def _if_placed(*names: str) -> Any:
    """In a machine that is off only the row changes."""
    return lambda data: names if data["is_placed"] else ()


def _cd(run: JobRun) -> CdSpec:
    return msgspec.convert(run.data["cd"], CdSpec)


def _free_slot(vm: Standing, asked: int | None) -> int:
    """The drive that is asked for, or the first empty one; raises Conflict."""
    if asked is not None:
        if (disc := disc_in(vm.id, asked)) is not None:
            raise Conflict(
                "vm.drive_full", field="slot", name=vm.name, slot=asked, image=disc.image_name
            )
        return asked
    for slot in range(CD_DRIVES):
        if disc_in(vm.id, slot) is None:
            return slot
    raise Conflict("vm.drives_full", name=vm.name, count=CD_DRIVES)


def _chosen_slot(vm: Standing, asked: int | None) -> int:
    """The drive to be emptied: that is asked for, or the only one with a disc; raises Conflict."""
    slots = range(CD_DRIVES) if asked is None else (asked,)
    full = [slot for slot in slots if disc_in(vm.id, slot) is not None]
    if not full:
        raise Conflict("vm.drive_empty", field="slot", name=vm.name)
    if len(full) > 1:
        raise Conflict("vm.which_drive", field="slot", name=vm.name)
    disc = disc_in(vm.id, full[0])
    assert disc is not None
    if is_working(disc.job_id):
        raise Conflict("vm.drive_busy", field="slot", name=vm.name, slot=full[0])
    return full[0]


def _inserted(tx: Transaction, run: JobRun) -> None:
    _rest(tx, run)


def _ejected(tx: Transaction, run: JobRun) -> None:
    tx.execute("DELETE FROM vm_cd WHERE vm_id = ? AND job_id = ?", run.resource_id, run.id)
    tx.touch("vm", run.resource_id)


def _failed(tx: Transaction, run: JobRun, error: ApiError) -> None:
    """What is cleaned up later is given back then."""
    if CleanupRow.get_or_none(CleanupRow.job_id == run.id) is None:
        _give_back(tx, run)


def _give_back(tx: Transaction, run: JobRun) -> None:
    """A disc that did not come is none; one that did not go is still there."""
    if run.data["is_leaving"]:
        _rest(tx, run)
    else:
        _ejected(tx, run)


def _rest(tx: Transaction, run: JobRun) -> None:
    tx.execute(
        "UPDATE vm_cd SET job_id = NULL, is_leaving = 0 WHERE vm_id = ? AND job_id = ?",
        *(run.resource_id, run.id),
    )
    tx.touch("vm", run.resource_id)
