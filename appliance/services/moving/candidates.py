"""Where a volume could go, and why not elsewhere. All within a read or write."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.engine import ledger
from appliance.protocol.base import State
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.migration import MigrationReason
from appliance.protocol.moves import MoveCandidate, MoveCandidates, VolumeMove
from appliance.services.common import find
from appliance.services.compute.bonds import doubtful_host
from appliance.services.compute.machine import ALLOWED
from appliance.services.compute.standing import Standing
from appliance.services.infrastructure.models import HostRow
from appliance.services.migration.models import VolumeCopyRow
from appliance.services.storage.models import (
    PrimaryStorageRow,
    StoragePlaceRow,
    VolumeRow,
    place_id,
)
from appliance.services.storage.reach import clusters_of, hosts_of_storage, reaches
from appliance.services.volumes.machine import RESTING
from appliance.store.fields import database


@dataclass(frozen=True)
class Spot:
    """A place for a volume: a storage, and the host whose part of it that is ("" if shared)."""

    storage: PrimaryStorageRow
    host_id: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells places apart."""
        return self.storage.id, self.host_id


@dataclass(frozen=True)
class Route:
    """Which hosts carry a volume: one that reaches both places, or one at each end."""

    host_id: str
    there: str


def candidates(volume: VolumeRow, vm: Standing | None) -> MoveCandidates:
    """All other places of the volume's zone."""
    reasons = _against(volume, vm)
    if volume.primary_storage is None:
        return MoveCandidates(items=[], reasons=reasons)
    here = spot_of(volume)
    found = [
        _candidate(volume, vm, here, spot)
        for spot in _spots(volume.primary_storage.cluster.zone_id)
        if spot.key != here.key
    ]
    found.sort(key=lambda item: (bool(item.reasons), -item.free_bytes, item.host_name))
    return MoveCandidates(items=found, reasons=reasons)


def choose(volume: VolumeRow, vm: Standing | None, request: VolumeMove) -> Spot:
    """The place that a volume is asked to move to; raises NotFound, InvalidInput or Conflict if
    it cannot be moved, or not there.
    """
    storage = find(
        PrimaryStorageRow, request.primary_storage_id, "primary_storage", field="primary_storage_id"
    )
    reasons = _against(volume, vm)
    if reasons:
        raise Conflict(f"move.{reasons[0].code}", name=volume.name, **reasons[0].params)
    here = spot_of(volume)
    host_id = request.host_id or here.host_id or (vm.host_id if vm else None) or ""
    if storage.is_shared:
        host_id = ""
    elif not host_id:
        raise InvalidInput("volume.host_needed", field="host_id", name=storage.name)
    elif host_id not in hosts_of_storage(storage.id):
        host = find(HostRow, host_id, "host", field="host_id")
        raise Conflict("move.no_such_place", field="host_id", name=storage.name, host=host.name)
    spot = Spot(storage, host_id)
    if spot.key == here.key:
        raise Conflict("move.is_there", field="primary_storage_id", name=volume.name)
    item = _candidate(volume, vm, here, spot)
    if item.reasons:
        raise Conflict(
            "move.not_there",
            field="primary_storage_id",
            name=volume.name,
            place=place_words(spot),
            why=", ".join(reason.code for reason in item.reasons),
        )
    return spot


def spot_of(volume: VolumeRow) -> Spot:
    """Where a volume that is made lies."""
    assert volume.primary_storage is not None
    return Spot(volume.primary_storage, volume.host_id or "")


def route(here: Spot, there: Spot, vm: Standing | None) -> Route | None:
    """Which hosts carry a volume from one place to the other; None if none can.

    What a machine has open only its own host touches.
    """
    if vm is not None and vm.host_id is not None:
        only = Route(vm.host_id, vm.host_id)
        return only if _carries(vm.host_id, here, there) else None
    preferred = vm.last_host_id if vm else None
    if here.host_id and there.host_id and here.host_id != there.host_id:
        ends = here.host_id, there.host_id
        return Route(*ends) if all(_is_connected(ref) for ref in ends) else None
    bound = here.host_id or there.host_id
    possible = [bound] if bound else hosts_of_storage(here.storage.id)
    for host_id in sorted(possible, key=lambda ref: (ref != preferred, ref)):
        if _carries(host_id, here, there):
            return Route(host_id, host_id)
    return None


def _carries(host_id: str, *ends: Spot) -> bool:
    """Whether a host reaches all of these places."""
    return _is_connected(host_id) and all(
        spot.host_id in ("", host_id) and reaches(host_id, spot.storage.id) for spot in ends
    )


def place_words(spot: Spot) -> str:
    """A place as people call it."""
    host = HostRow.get_or_none(HostRow.id == spot.host_id)
    return spot.storage.name if host is None else f"{spot.storage.name} ({host.name})"


def _candidate(volume: VolumeRow, vm: Standing | None, here: Spot, there: Spot) -> MoveCandidate:
    host = HostRow.get_or_none(HostRow.id == there.host_id)
    free_bytes, codes = _room(volume, there)
    if there.storage.state != State.ENABLED:
        codes.insert(0, "enabled")
    if vm is not None:
        codes += _of_machine(volume, vm, there)
    if route(here, there, vm) is None and not codes:
        codes.append("no_way")
    return MoveCandidate(
        primary_storage_id=there.storage.id,
        primary_storage_name=there.storage.name,
        kind=there.storage.kind,
        host_id=there.host_id or None,
        host_name=host.name if host else "",
        reasons=[MigrationReason(code=code) for code in codes],
        free_bytes=free_bytes,
    )


def _room(volume: VolumeRow, there: Spot) -> tuple[int, list[str]]:
    """What may be claimed at a place, and what is too little for the volume."""
    ref = place_id(there.storage, there.host_id)
    place = StoragePlaceRow.get_or_none(StoragePlaceRow.id == ref)
    usage = ledger.usage_or_none("disk", ref) or ledger.Usage()
    free_bytes = max(0, usage.free) if place is not None else 0
    codes = []
    if free_bytes < volume.size_bytes:
        codes.append("room")
    if place is not None:
        is_full = place.total_bytes - place.available_bytes > (
            there.storage.threshold * place.total_bytes
        )
        codes += ["full"] if is_full else []
    return free_bytes, codes


def _of_machine(volume: VolumeRow, vm: Standing, there: Spot) -> list[str]:
    """What the volume's machine has against a place: its host must reach all its disks."""
    if vm.cluster_id not in clusters_of(there.storage.id):
        return ["cluster"]
    if not there.host_id:
        return []
    host = HostRow.get_or_none(HostRow.id == there.host_id)
    if host is None or host.cluster_id != vm.cluster_id:
        return ["cluster"]
    if vm.host_id not in (None, there.host_id):
        return ["runs_elsewhere"]
    others = database.execute_sql(
        "SELECT 1 FROM volume WHERE vm_id = ? AND id <> ? AND host_id IS NOT NULL AND host_id <> ?",
        (vm.id, volume.id, there.host_id),
    ).fetchone()
    return ["other_disks"] if others else []


def _against(volume: VolumeRow, vm: Standing | None) -> list[MigrationReason]:
    """What speaks against moving the volume anywhere."""
    reasons = []
    if volume.primary_storage_id is None:
        reasons.append(MigrationReason(code="not_made"))
    elif volume.status not in RESTING:
        reasons.append(MigrationReason(code="busy"))
    (snapshots,) = database.execute_sql(
        "SELECT COUNT(*) FROM snapshot WHERE volume_id = ?", (volume.id,)
    ).fetchone()
    if snapshots:
        reasons.append(MigrationReason(code="snapshots", params={"count": snapshots}))
    if VolumeCopyRow.get_or_none(VolumeCopyRow.volume_id == volume.id) is not None:
        reasons.append(MigrationReason(code="unfinished"))
    if vm is not None:
        if vm.state not in ALLOWED["move_volume"]:
            params = {"vm": vm.name, "state": vm.state}
            reasons.append(MigrationReason(code="machine_state", params=params))
        elif doubtful_host(vm.id) is not None:
            reasons.append(MigrationReason(code="unfinished"))
    return reasons


def _is_connected(host_id: str) -> bool:
    row = HostRow.get_or_none(HostRow.id == host_id)
    return row is not None and bool(row.connected)


def _spots(zone_id: str) -> list[Spot]:
    """All places of a zone."""
    rows = PrimaryStorageRow.raw(
        "SELECT s.* FROM primary_storage s JOIN cluster c ON c.id = s.cluster_id "
        "WHERE c.zone_id = ? ORDER BY s.created_at, s.id",
        zone_id,
    )
    return [
        Spot(storage, host_id)
        for storage in rows
        for host_id in ([""] if storage.is_shared else hosts_of_storage(storage.id))
    ]
