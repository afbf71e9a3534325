"""Where a machine could go, and why not elsewhere; plain SQL over the hosts of its cluster."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.protocol.errors import ApiError, Conflict, NoResources
from appliance.protocol.migration import (
    MigrationCandidate,
    MigrationCandidates,
    MigrationReason,
)
from appliance.protocol.resources import VmState
from appliance.services.common import find
from appliance.services.compute.affinity import affinity_of
from appliance.services.compute.placement import (
    FREE_SPACE_KEPT_BYTES,
    Wish,
    judge,
    special_networks_of,
)
from appliance.services.compute.standing import Standing
from appliance.services.hardware.keeping import only_keeper
from appliance.services.hardware.moving import Carrying
from appliance.services.infrastructure.models import HostRow
from appliance.services.storage.reach import to_be_reached
from appliance.services.storage.refs import REF_COLUMNS, REF_COUNT, make_ref
from appliance.store.fields import database
from hostagent.protocol.storage import StorageRef, VolumeRef

# What a machine that runs needs besides what a new one needs.
_RUNS = (VmState.RUNNING, VmState.PAUSED, VmState.MIGRATING)


@dataclass(frozen=True)
class Disk:
    """A disk that goes along; `image_id` is what it stands on, "" for nothing."""

    volume_id: str
    kind: str
    status: str
    size_bytes: int
    used_bytes: int
    image_id: str
    head: str
    fallback: str | None
    storage: StorageRef

    @property
    def is_shared(self) -> bool:
        """Whether it is the same on all hosts of its storage, so that nothing is copied."""
        return self.storage.kind != "local"

    @property
    def volume(self) -> VolumeRef:
        """How hosts find it."""
        return VolumeRef(
            volume_id=self.volume_id, storage=self.storage, head=self.head, fallback=self.fallback
        )


_DISKS = f"""
    SELECT d.id, d.kind, d.status, d.size_bytes, COALESCE(d.used_bytes, d.size_bytes),
           d.image_id, d.head, d.fallback_head, {REF_COLUMNS}
    FROM volume d JOIN primary_storage s ON s.id = d.primary_storage_id
    WHERE d.vm_id = ? ORDER BY d.position
"""  # noqa: S608 fixed names


def disks_that_move(vm_id: str) -> list[Disk]:
    """The disks of a machine, what it boots from first; within a read or write."""
    return [
        Disk(*row[:-REF_COUNT], storage=make_ref(*row[-REF_COUNT:]))
        for row in database.execute_sql(_DISKS, (vm_id,)).fetchall()
    ]


def candidates(vm: Standing) -> MigrationCandidates:
    """All other hosts of its cluster, the best first; within a read or write."""
    disks = disks_that_move(vm.id)
    here = vm.work_host_id
    found = []
    runs = vm.state in _RUNS
    carrying = Carrying(vm.id, vm.cluster_id, vm.accelerator, here, runs=runs)
    for host in judge(_wish(vm, disks, here)):
        if host.id == here:
            continue
        reasons = [MigrationReason(code=name) for name in host.failed]
        reasons += carrying.against(host.id)
        if runs and host.accelerator != vm.accelerator:
            params = {"here": vm.accelerator, "there": host.accelerator}
            reasons.append(MigrationReason(code="accelerator", params=params))
        found.append(
            MigrationCandidate(
                host_id=host.id,
                host_name=host.name,
                reasons=reasons,
                cpu_free=host.cpu_free,
                memory_free_bytes=host.memory_free_bytes,
                disk_free_bytes=host.disk_free_bytes,
            )
        )
    return MigrationCandidates(
        items=sorted(found, key=lambda item: (bool(item.reasons), -item.memory_free_bytes)),
        reasons=_against(vm, disks, here),
        disk_bytes=sum(disk.size_bytes for disk in disks if not disk.is_shared),
    )


def choose(vm: Standing, wanted: str | None) -> str:
    """The host that a machine moves to: the one that is wanted, or the best.

    Raises NotFound, Conflict if the machine cannot be moved, or not there, and NoResources if no
    host can take it.
    """
    if wanted is not None:
        find(HostRow, wanted, "host", field="host_id")
    found = candidates(vm)
    if found.reasons:
        raise _refusal(vm, found.reasons)
    if wanted is None:
        if not found.items or found.items[0].reasons:
            codes = sorted({_code(reason) for item in found.items for reason in item.reasons})
            raise NoResources("migration.no_host", name=vm.name, why=", ".join(codes))
        return found.items[0].host_id
    for item in found.items:
        if item.host_id == wanted:
            if item.reasons:
                codes = ", ".join(map(_code, item.reasons))
                raise Conflict(
                    "migration.not_there", field="host_id", name=vm.name, host=item.host_name,
                    why=codes,
                )  # fmt: skip
            return wanted
    if wanted == vm.work_host_id:
        raise Conflict("migration.is_there", field="host_id", name=vm.name)
    raise Conflict("migration.other_cluster", field="host_id", name=vm.name)


def _against(vm: Standing, disks: list[Disk], here: str) -> list[MigrationReason]:
    """What speaks against moving the machine anywhere."""
    busy = [disk for disk in disks if disk.status != "ready"]
    reasons = [MigrationReason(code="disk_busy", params={"count": len(busy)})] if busy else []
    (snapshots,) = database.execute_sql(
        "SELECT COUNT(*) FROM snapshot n JOIN volume d ON d.id = n.volume_id "
        "JOIN primary_storage s ON s.id = d.primary_storage_id "
        "WHERE d.vm_id = ? AND s.kind = 'local'",
        (vm.id,),
    ).fetchone()
    if snapshots:
        reasons.append(MigrationReason(code="snapshots", params={"count": snapshots}))
    left = database.execute_sql(
        "SELECT 1 FROM vm_migration WHERE vm_id = :vm UNION "
        "SELECT 1 FROM volume_copy c JOIN volume d ON d.id = c.volume_id WHERE d.vm_id = :vm",
        {"vm": vm.id},
    ).fetchone()
    if left is not None and vm.state != VmState.MIGRATING:
        reasons.append(MigrationReason(code="unfinished"))
    connected = database.execute_sql("SELECT connected FROM host WHERE id = ?", (here,)).fetchone()
    if connected is None or not connected[0]:
        reasons.append(MigrationReason(code="source_away"))
    keeper = only_keeper(vm.id, vm.storage, vm.last_host_id)
    if keeper not in (None, here):
        name, is_connected = database.execute_sql(
            "SELECT name, connected FROM host WHERE id = ?", (keeper,)
        ).fetchone()
        if not is_connected:
            reasons.append(MigrationReason(code="firmware_away", params={"host": name}))
    return reasons


def _code(reason: MigrationReason) -> str:
    """A reason among others in one sentence, without what it names."""
    return "hardware" if reason.code == "lacks" else reason.code


def _refusal(vm: Standing, reasons: list[MigrationReason]) -> ApiError:
    first = reasons[0]
    return Conflict(f"migration.{first.code}", name=vm.name, **first.params)


def _wish(vm: Standing, disks: list[Disk], here: str) -> Wish:
    local = [disk for disk in disks if not disk.is_shared]
    claims: dict[str, int] = {}
    for disk in local:
        ref = disk.storage.storage_id
        claims[ref] = claims.get(ref, 0) + disk.size_bytes
    used_bytes = sum(disk.used_bytes for disk in local)
    runs = vm.state in _RUNS
    return Wish(
        cluster_id=vm.cluster_id,
        cpu_count=vm.cpu_count if runs else 0,
        memory_bytes=vm.memory_bytes if runs else 0,
        storage_id=vm.storage.storage_id,
        disk_bytes=claims.pop(vm.storage.storage_id, 0),
        image_bytes=used_bytes + FREE_SPACE_KEPT_BYTES if local else 0,
        affinity=affinity_of(vm.id),
        networks=special_networks_of(vm.id),
        storages=to_be_reached([disk.storage.storage_id for disk in disks]),
        others=tuple(claims.items()),
    )
