"""Volumes that grow and get limits, also under the eyes of a guest that uses them."""

from __future__ import annotations

from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol.errors import InvalidInput
from appliance.protocol.operations import Accepted
from appliance.protocol.volumes import VolumeResize, VolumeSetLimits, VolumeStatus
from appliance.services.compute.standing import Standing, check_state, load_standing
from appliance.services.parts import Parts
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.places import check_room
from appliance.services.tenancy import quotas
from appliance.services.volumes.attaching import work_host
from appliance.services.volumes.disks import disk_of
from appliance.services.volumes.holding import Holding, hold, release, resting
from appliance.services.volumes.limits import LIMITS, checked_limits
from appliance.store.database import Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.domain import DiskLimits, DiskParams, DiskSpec, ResizeDiskParams
from hostagent.protocol.storage import ResizeParams, VolumeInfo


class Changing:
    """Changes the size and the limits of volumes, root disks as well."""

    def __init__(self, parts: Parts, holding: Holding) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._holding = holding
        self._resize_job = parts.runner.define(
            JobDefinition(
                operation="volume.resize",
                steps=(holding.step, Step("resize_volume", self._grow, self._look)),
                steps_for=lambda data: ("hold_volume", "resize_volume") if data["disk"] else (),
                done=self._grown,
                failed=holding.failed,
            )
        )
        self._limits_job = parts.runner.define(
            JobDefinition(
                operation="volume.set_limits",
                steps=(holding.step, Step("limit_disk", self._limit, self._limit_as_before)),
                steps_for=lambda data: ("hold_volume", "limit_disk") if data["is_placed"] else (),
                done=self._limited,
                failed=holding.failed,
            )
        )
        parts.registry.bind("volume.resize", self._resize)
        parts.registry.bind("volume.set_limits", self._set_limits)

    # Operations

    async def _resize(self, call: Call, request: VolumeResize) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            row = resting(call.target)
            vm = _machine_of(tx, row, "resize_volume")
            more_bytes = request.size_bytes - row.size_bytes
            if more_bytes <= 0:
                raise InvalidInput(
                    "volume.not_larger",
                    field="size_bytes",
                    name=row.name,
                    asked_bytes=request.size_bytes,
                    size_bytes=row.size_bytes,
                )
            quotas.check(row.owner_id, {"volume_bytes": more_bytes})
            if row.primary_storage is not None:
                check_room(row.primary_storage, row.host_id or "", more_bytes)
            back = {"size_bytes": row.size_bytes}
            more = {"size_bytes": request.size_bytes}
            return self._accept(tx, call, self._resize_job, row, vm, more, back, more)

        return await self._store.write(accept)

    async def _set_limits(self, call: Call, request: VolumeSetLimits) -> Accepted:
        given = checked_limits(request)

        def accept(tx: Transaction) -> Accepted:
            row = resting(call.target)
            vm = _machine_of(tx, row, "limit_volume")
            limits = {name: getattr(row, name) for name in LIMITS} | given
            return self._accept(tx, call, self._limits_job, row, vm, {"limits": limits}, {}, {})

        return await self._store.write(accept)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        row: VolumeRow,
        vm: Standing | None,
        more: dict[str, Any],
        back: dict[str, Any],
        columns: dict[str, Any],
    ) -> Accepted:
        data: dict[str, Any] = {
            "host_id": work_host(row, vm) if row.primary_storage_id else "",
            "vm_id": vm.id if vm else "",
            "is_placed": vm is not None and vm.host_id is not None,
            "disk": msgspec.to_builtins(disk_of(row.id)) if row.primary_storage_id else None,
            "back": {"status": row.status} | back,
        }
        new = NewJob(
            definition=definition,
            queue=f"vm:{vm.id}" if vm else f"volume:{row.id}",
            resource_kind="volume",
            resource_id=row.id,
            resource_name=row.name,
            data=data | more,
        )
        accepted = self._runner.accept(tx, call.caller, new)
        hold(tx, row.id, accepted.jobs[0].id, VolumeStatus.CHANGING, **columns)
        return accepted

    # Steps

    async def _grow(self, run: JobRun) -> None:
        """Make the file larger: by the machine that has it open, if one has."""
        disk, size_bytes = _disk(run), run.data["size_bytes"]
        if run.data["vm_id"]:
            attached = ResizeDiskParams(vm_id=run.data["vm_id"], disk=disk, size_bytes=size_bytes)
            info = await self._holding.call(
                run, c.DOMAIN_RESIZE_DISK, attached, code="volume.resize_failed"
            )
        else:
            params = ResizeParams(volume=disk.volume, size_bytes=size_bytes)
            info = await self._holding.call(
                run, c.VOLUME_RESIZE, params, code="volume.resize_failed"
            )
        run.data["used_bytes"] = info.used_bytes

    async def _look(self, run: JobRun) -> None:
        """Find out how large it is after an attempt that came to nothing: it never shrinks."""
        if not await self._holding.is_held(run):
            return
        info: VolumeInfo = await self._holding.call(run, c.VOLUME_INFO, _disk(run).volume)
        run.data["back"] = run.data["back"] | {"size_bytes": info.size_bytes}

    async def _limit(self, run: JobRun) -> None:
        """Let the machine read and write as much as the new limits say."""
        await self._limit_to(run, DiskLimits(**run.data["limits"]))

    async def _limit_as_before(self, run: JobRun) -> None:
        await self._limit_to(run, _disk(run).limits)

    async def _limit_to(self, run: JobRun, limits: DiskLimits) -> None:
        disk = msgspec.structs.replace(_disk(run), limits=limits)
        params = DiskParams(vm_id=run.data["vm_id"], disk=disk)
        await self._holding.call(run, c.DOMAIN_SET_DISK_LIMITS, params, code="volume.limits_failed")

    # Endings

    def _grown(self, tx: Transaction, run: JobRun) -> None:
        used = {"used_bytes": run.data["used_bytes"]} if "used_bytes" in run.data else {}
        release(tx, run, VolumeStatus(run.data["back"]["status"]), **used)

    def _limited(self, tx: Transaction, run: JobRun) -> None:
        release(tx, run, VolumeStatus(run.data["back"]["status"]), **run.data["limits"])


def _disk(run: JobRun) -> DiskSpec:
    return msgspec.convert(run.data["disk"], DiskSpec)


def _machine_of(tx: Transaction, row: VolumeRow, verb: str) -> Standing | None:
    """The volume's machine if it has one; raises Conflict if its state does not allow `verb`."""
    if row.vm_id is None:
        return None
    vm = load_standing(tx, row.vm_id)
    check_state(vm, verb)
    return vm
