"""Operations that move machines between hosts."""

from __future__ import annotations

from typing import Any

from msgspec import structs, to_builtins

from appliance.engine.calls import Call, Caller
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CleanupRow
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError
from appliance.protocol.migration import MigrationCandidates, VmMigrate
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import VmState
from appliance.services.compute.endings import move
from appliance.services.compute.relay import ImageCaching
from appliance.services.compute.standing import Standing, check_state, load_standing, read_standing
from appliance.services.compute.sync import StateSync
from appliance.services.guests.busy import refuse_if_reimaging
from appliance.services.hardware.keeping import is_seen_by_all, keeps, only_keeper
from appliance.services.migration.candidates import Disk, candidates, choose, disks_that_move
from appliance.services.migration.models import VmMigrationRow, VolumeCopyRow
from appliance.services.migration.slots import Slots
from appliance.services.migration.steps import MigrationSteps, release, switch_rows
from appliance.services.networks.documents import Documents
from appliance.services.parts import Parts
from appliance.services.settings import MIGRATION_PARALLEL
from appliance.store.database import Transaction
from appliance.store.fields import database


class Migration:
    """Live migration."""

    def __init__(
        self, parts: Parts, documents: Documents, sync: StateSync, caching: ImageCaching
    ) -> None:
        self._store = parts.store
        self._runner = parts.runner
        self._links = parts.hosts
        self._documents = documents
        self._sync = sync
        slots = Slots(lambda: parts.settings.get(MIGRATION_PARALLEL))
        steps = MigrationSteps(parts.store, parts.hosts, documents, parts.settings, slots, caching)
        parts.hosts.on_event("migration.progress", steps.progressed)
        s = steps
        self._job = parts.runner.define(
            JobDefinition(
                operation="vm.migrate",
                steps=(
                    Step("hold_place", s.hold, s.release),
                    Step("cache_image", s.cache_image),
                    Step("create_disks", s.create_disks, s.delete_disks),
                    Step("configure_network", s.configure_network),
                    Step("migrate", s.migrate, s.stay),
                    Step("carry_firmware", s.carry_firmware, s.forget_firmware),
                    Step("copy_disks", s.copy_disks, s.stay_off),
                    Step("switch_host", s.switch, forward_only=True),
                    Step("leave_source", s.leave_source, forward_only=True),
                    Step("delete_old_disks", s.delete_old_disks, forward_only=True),
                ),
                steps_for=_steps_for,
                done=self._moved,
                failed=self._not_moved,
            )
        )
        parts.registry.bind("vm.migrate", self._migrate)
        parts.registry.bind("vm.migration_candidates", self._candidates)

    async def _migrate(self, call: Call, request: VmMigrate) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            return self.accept(tx, call.caller, call.target, request)

        return await self._store.write(accept)

    async def _candidates(self, call: Call, _: q.Empty) -> MigrationCandidates:
        return await self._store.read(lambda: candidates(read_standing(call.target)))

    def accept(self, tx: Transaction, caller: Caller, vm_id: str, request: VmMigrate) -> Accepted:
        """Accept the migration of a machine; within a write.

        Raises Conflict if it cannot be moved or not to this host, and NoResources if there is no
        host for it.
        """
        vm = load_standing(tx, vm_id)
        check_state(vm, "migrate")
        refuse_if_reimaging(tx, vm)
        there = choose(vm, request.host_id)
        disks = disks_that_move(vm_id)
        data = _job_data(vm, there, disks, request)
        new = NewJob(
            definition=self._job,
            queue=f"vm:{vm.id}",
            resource_kind="vm",
            resource_id=vm.id,
            resource_name=vm.name,
            data=data,
        )
        accepted = self._runner.accept(tx, caller, new)
        _claim(tx, vm, there, disks, accepted.jobs[0].id)
        move(tx, vm.id, VmState.MIGRATING)
        tx.touch("host", there)
        return accepted

    # Endings

    def _moved(self, tx: Transaction, run: JobRun) -> None:
        self._enter(tx, run)
        result = run.data.get("result")
        if result is not None:
            names = {
                "host": self._links.name_of(run.data["destination"]),
                "downtime_ms": result["downtime_ms"],
                "size_bytes": result["bytes"],
            }
            tx.on_commit(lambda: run.note("migration.done", **names))

    def _not_moved(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """It is where it was, unless it was too late to stop it."""
        if run.data.get("where") == "destination":
            names = {"host": self._links.name_of(run.data["destination"])}
            tx.on_commit(lambda: run.note("migration.too_late", level="warning", **names))
        self._enter(tx, run)
        if CleanupRow.get_or_none(CleanupRow.job_id == run.id) is None:
            release(tx, run)  # else it is the last thing that is cleaned up

    def _enter(self, tx: Transaction, run: JobRun) -> None:
        is_there = run.data.get("where") == "destination"
        if is_there:
            switch_rows(tx, run)
        state = VmState(run.data.get("state", run.data["before"]))
        host_id = run.data["destination"] if is_there else run.data["host_id"]
        if state != VmState.STOPPED and not self._links.is_connected(host_id):
            state = VmState.UNKNOWN
        move(tx, run.resource_id, state)
        for ref in (run.data["host_id"], run.data["destination"]):
            if tx.execute("SELECT 1 FROM host WHERE id = ?", ref).fetchone():
                tx.touch("host", ref)
            tx.on_commit(lambda ref=ref: self._documents.soon(ref))
        tx.on_commit(lambda: self._sync.job_ended(run.resource_id, state))


def _steps_for(data: dict[str, Any]) -> tuple[str, ...]:
    if data["before"] == VmState.STOPPED:
        make, copy = (("create_disks",), ("copy_disks",)) if data["disks"] else ((), ())
        carry = ("carry_firmware",) if data.get("firmware") else ()
        return ("hold_place", *make, *carry, *copy, "switch_host", "delete_old_disks")
    cache = ("cache_image",) if data["image"] is not None else ()
    make, delete = (("create_disks",), ("delete_old_disks",)) if data["disks"] else ((), ())
    before = ("hold_place", *cache, *make, "configure_network", "migrate")
    return (*before, "switch_host", "leave_source", *delete)


def _job_data(vm: Standing, there: str, disks: list[Disk], request: VmMigrate) -> dict[str, Any]:
    local = [disk for disk in disks if not disk.is_shared]
    # Of a machine that is off the disks are copied whole.
    image = None if vm.state == VmState.STOPPED else _image_of(local)
    return {
        "host_id": vm.work_host_id,
        "destination": there,
        "before": vm.state,
        "resumes": vm.state == VmState.RUNNING,
        "is_emulated": vm.accelerator == "tcg",
        "image": image,
        "disks": [
            {
                "volume": to_builtins(disk.volume),
                "size_bytes": disk.size_bytes,
                "on_image": image is not None and disk.kind == "root",
            }
            for disk in local
        ],
        "is_shared": len(local) < len(disks),
        "firmware": _firmware_of(vm),
        "options": {
            name: value
            for name, value in structs.asdict(request).items()
            if name in ("auto_converge", "post_copy", "bandwidth_bytes_s")
        },
    }


def _firmware_of(vm: Standing) -> dict[str, Any] | None:
    """Which host has for itself what the machine's firmware and TPM have kept; None if none has."""
    if is_seen_by_all(vm.storage) or not keeps(vm.id):
        return None
    host_id = only_keeper(vm.id, vm.storage, vm.last_host_id) or vm.work_host_id
    return {"host_id": host_id, "volume": to_builtins(vm.volume)}


def _image_of(disks: list[Disk]) -> dict[str, Any] | None:
    """What the root disk stands on, if the destination can get that: then only what the disk has
    beyond it is copied; else the disk is copied whole.
    """
    root = next((disk for disk in disks if disk.kind == "root"), None)
    if root is None:
        return None
    row = database.execute_sql(
        "SELECT i.id, s.path FROM image i JOIN image_store s ON s.id = i.image_store_id "
        "WHERE i.id = ? AND i.status = 'ready'",
        (root.image_id,),
    ).fetchone()
    if row is None:
        return None
    return {"id": row[0], "store_path": row[1], "storage": to_builtins(root.storage)}


def _claim(tx: Transaction, vm: Standing, there: str, disks: list[Disk], job_id: str) -> None:
    """While it moves, a machine claims a place on both hosts."""
    runs = vm.state != VmState.STOPPED
    VmMigrationRow.create(
        vm_id=vm.id,
        host_id=there,
        cpu_count=vm.cpu_count if runs else 0,
        memory_bytes=vm.memory_bytes if runs else 0,
        job_id=job_id,
    )
    for disk in disks:
        if not disk.is_shared:
            VolumeCopyRow.create(
                volume_id=disk.volume_id,
                primary_storage_id=disk.storage.storage_id,
                host_id=there,
                size_bytes=disk.size_bytes,
                job_id=job_id,
            )
