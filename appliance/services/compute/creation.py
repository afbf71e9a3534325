"""Accepting `vm.create`: everything is checked and claimed in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from appliance.engine.calls import Caller
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.protocol.hardware import Hardware
from appliance.protocol.ids import new_id
from appliance.protocol.resources import State, VmState
from appliance.protocol.results import PlacementReport
from appliance.services.common import clean_name, find
from appliance.services.compute.affinity import affinity_to, chosen_group
from appliance.services.compute.data_disks import (
    add_data_disks,
    bytes_elsewhere,
    check_images,
    data_bytes,
    quota_of_disks,
)
from appliance.services.compute.models import AffinityGroupRow, VmRow
from appliance.services.compute.placement import (
    FREE_SPACE_KEPT_BYTES,
    Choice,
    Wish,
    choose_host,
    explain,
    special_networks,
)
from appliance.services.compute.sources import Source, chosen_source
from appliance.services.compute.wiring import Wire, shared_clusters, wires_for
from appliance.services.guests.discs import put_in
from appliance.services.guests.settings import check_start_data, keep_settings
from appliance.services.guests.start_data import checked_keys
from appliance.services.hardware.models import USUAL, hardware_for, keep_hardware
from appliance.services.hardware.processor import check_host, needs
from appliance.services.hardware.rules import check_hardware
from appliance.services.images.models import InstanceOfferingRow
from appliance.services.infrastructure.models import HostRow
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow, place_host
from appliance.services.storage.reach import clusters_of, storages_of, to_be_reached
from appliance.services.tenancy import quotas
from appliance.services.tenancy.belonging import owner_for
from appliance.store.database import Transaction
from appliance.store.fields import now_ms
from appliance.store.rows import insert


@dataclass(frozen=True)
class Place:
    """A cluster where the machine could be, and the storage for its disks there."""

    cluster_id: str
    storage: PrimaryStorageRow


@dataclass(frozen=True)
class Ingredients:
    """What a new machine is made from, found and checked; of `wires` the first is the default
    NIC.
    """

    source: Source
    wires: list[Wire]
    places: tuple[Place, ...]
    cpu_count: int
    memory_bytes: int
    owner_id: str
    group: AffinityGroupRow | None
    hardware: Hardware = USUAL

    @property
    def security_group_ids(self) -> set[str]:
        """The groups of all its NICs."""
        return {ref for wire in self.wires for ref in wire.security_group_ids}


def check_request(request: q.VmCreate) -> None:
    """What can be said without looking at anything; raises InvalidInput."""
    clean_name(request.name)
    check_start_data(request)
    fixed = {
        f"{place}{field}": getattr(asked, field)
        for place, asked in (
            ("", request),
            *((f"more_nics[{number}].", nic) for number, nic in enumerate(request.more_nics)),
        )
        for field in ("address", "ipv6_address")
    }
    for field, address in fixed.items():
        if request.count > 1 and address is not None:
            raise InvalidInput("vm.address_with_count", field=field)
    if request.count > 1 and request.id is not None:
        raise InvalidInput("vm.id_with_count", field="id")
    if request.offering_id is None and None in (request.cpu_count, request.memory_bytes):
        raise InvalidInput("vm.size_needed", field="offering_id")


def names_of(request: q.VmCreate) -> list[str]:
    """The names of the machines: numbered when there are several."""
    name = clean_name(request.name)
    if request.count == 1:
        return [name]
    return [f"{name}-{number}" for number in range(1, request.count + 1)]


def gather(caller: Caller, request: q.VmCreate, *, is_filtered: bool = False) -> Ingredients:
    """Find what the request names; within a write.

    `is_filtered` puts machines into their account's default group if the request says nothing.
    Raises NotFound, Conflict or InvalidInput naming the field at fault.
    """
    source = chosen_source(request)
    owner_id = owner_for(caller, request.owner_id, field="owner_id")
    wires = wires_for(request, owner_id, is_filtered=is_filtered)
    cpu_count, memory_bytes = _size(request)
    hardware = hardware_for(request.hardware, source.firmware)
    check_hardware(hardware, cpu_count, memory_bytes, prefix="hardware.")
    check_images(request)
    places = _places(shared_clusters(wires), request, source)
    group = request.affinity_group_id and chosen_group(request.affinity_group_id, owner_id)
    return Ingredients(
        source,
        wires,
        places,
        cpu_count,
        memory_bytes,
        owner_id,
        group or None,
        hardware,
    )


def _places(clusters: list[str], request: q.VmCreate, source: Source) -> tuple[Place, ...]:
    """The clusters of its networks with the storages that they have, or the chosen one; that of a
    chosen host alone. Raises NotFound, Conflict or NoResources if there are none.
    """
    host_id = _bound_host(request, source)
    if host_id is not None and len(clusters) > 1:
        host = find(HostRow, host_id, "host", field="host_id")
        clusters = [host.cluster_id] if host.cluster_id in clusters else clusters
    places = tuple(
        Place(cluster_id, storage) for cluster_id in clusters for storage in storages_of(cluster_id)
    )
    storage = source.bound_storage
    storage_id = request.primary_storage_id or (storage.id if storage else None)
    if storage is not None and storage_id != storage.id:
        raise _elsewhere(source, "primary_storage_id")
    if storage_id is not None:
        chosen = chosen_storage(storage_id)
        places = tuple(place for place in places if place.storage.id == chosen.id)
        if not places:
            raise Conflict("storage.not_reached", field="primary_storage_id", name=chosen.name)
    places = tuple(place for place in places if place.storage.state == State.ENABLED)
    if not places:
        raise NoResources("storage.none")
    for number, disk in enumerate(request.data_disks):
        if disk.primary_storage_id is not None:
            field = f"data_disks[{number}].primary_storage_id"
            places = _places_with(places, disk.primary_storage_id, field)
    return places


def _bound_host(request: q.VmCreate, source: Source) -> str | None:
    """The host that was chosen or that the source lies on; raises Conflict if these differ."""
    bound = source.bound_host_id
    if bound is not None and request.host_id not in (None, bound):
        raise _elsewhere(source, "host_id")
    return request.host_id or bound


def _elsewhere(source: Source, field: str) -> Conflict:
    assert source.snapshot is not None
    return Conflict("snapshot.elsewhere", field=field, name=source.snapshot.snapshot.name)


def _places_with(places: tuple[Place, ...], storage_id: str, field: str) -> tuple[Place, ...]:
    """Those whose cluster has the storage of a data disk; raises NotFound or Conflict."""
    chosen = chosen_storage(storage_id, field)
    clusters = clusters_of(chosen.id)
    found = tuple(place for place in places if place.cluster_id in clusters)
    if not found:
        raise Conflict("storage.not_reached", field=field, name=chosen.name)
    return found


def chosen_storage(storage_id: str, field: str = "primary_storage_id") -> PrimaryStorageRow:
    """A storage that a request names; raises NotFound, or Conflict if it gets nothing new."""
    storage = find(PrimaryStorageRow, storage_id, "primary_storage", field=field)
    if storage.state != State.ENABLED:
        raise Conflict("resource.disabled", field=field, name=storage.name)
    return storage


def _choose(request: q.VmCreate, parts: Ingredients) -> tuple[Place, Choice]:
    """The best host of the first cluster and storage that have one.

    Raises NoResources with the reason of the first of them.
    """
    refusals = []
    for place in parts.places:
        try:
            return place, choose_host(wish_for(request, parts, place))
        except NoResources as error:
            refusals.append(error)
    raise refusals[0]


def explain_creation(request: q.VmCreate, parts: Ingredients) -> PlacementReport:
    """Where a machine of the request would be placed, and why not elsewhere; within a read."""
    reports = [explain(wish_for(request, parts, place)) for place in parts.places]
    return next((report for report in reports if report.candidates), reports[0])


def wish_for(request: q.VmCreate, parts: Ingredients, place: Place) -> Wish:
    """What the placement must find for one machine of the request."""
    others = bytes_elsewhere(request, place.storage.id)
    return Wish(
        cluster_id=place.cluster_id,
        cpu_count=parts.cpu_count,
        memory_bytes=parts.memory_bytes,
        storage_id=place.storage.id,
        disk_bytes=parts.source.disk_bytes + data_bytes(request, place.storage.id),
        image_bytes=parts.source.cached_bytes + FREE_SPACE_KEPT_BYTES,
        host_id=request.host_id or parts.source.bound_host_id,
        strategy=request.strategy,
        affinity=affinity_to(parts.group) if parts.group else None,
        networks=special_networks([wire.network.id for wire in parts.wires]),
        needs=needs(parts.hardware, place.cluster_id),
        storages=to_be_reached([place.storage.id, *others]),
        others=tuple(others.items()),
    )


def create_rows(
    tx: Transaction,
    request: q.VmCreate,
    name: str,
    parts: Ingredients,
) -> VmRow:
    """Claim a place, addresses and disks for one machine, and write it down."""
    quotas.check(parts.owner_id, _wanted(parts) | quota_of_disks(request, parts.source.disk_bytes))
    place, host = _choose(request, parts)
    check_host(parts.hardware, host.host_id)
    vm = VmRow(
        id=request.id or new_id(),
        name=name,
        description=request.description,
        cluster=place.cluster_id,
        host_id=host.host_id,
        last_host_id=host.host_id,
        image_id=parts.source.image_id,
        offering_id=request.offering_id,
        affinity_group_id=request.affinity_group_id,
        cpu_count=parts.cpu_count,
        memory_bytes=parts.memory_bytes,
        state=VmState.STARTING if request.start else VmState.CREATED,
        state_reason="",
        ssh_public_key=checked_keys(request.ssh_public_key),
        user_data=request.user_data,
        owner_id=parts.owner_id,
        request_sha256=digest(request),
        accelerator=host.accelerator,
        created_at=now_ms(),
    )
    insert(tx, vm)
    keep_settings(tx, vm.id, request)
    if request.on_host_boot != "restart":
        tx.execute("INSERT INTO vm_recovery VALUES (?, ?)", vm.id, request.on_host_boot)
    if parts.source.iso is not None:
        put_in(tx, vm.id, parts.source.iso.id)
    if parts.hardware != USUAL:
        keep_hardware(tx, vm.id, parts.hardware, runs=False)
    for position, wire in enumerate(parts.wires):
        wire.claim(tx, vm.id, position)
    volume = VolumeRow(
        id=new_id(),
        name=name,
        vm_id=vm.id,
        kind="root",
        image_id=parts.source.image_id,
        primary_storage=place.storage,
        host_id=place_host(place.storage, host.host_id) or None,
        size_bytes=parts.source.disk_bytes,
        bus=request.root_bus,
        source_snapshot_id=request.snapshot_id,
        owner_id=parts.owner_id,
        status="creating",
        created_at=now_ms(),
    )
    insert(tx, volume)
    add_data_disks(tx, request, volume, host.host_id)
    tx.touch("vm", vm.id)
    tx.touch("host", host.host_id)
    if parts.group:
        tx.touch("affinity_group", parts.group.id)
    return vm


def _wanted(parts: Ingredients) -> dict[str, int]:
    """What one machine takes of its owner's quotas; it holds CPU and memory from the start."""
    return {
        "vm": 1,
        "vm_running": 1,
        "cpu": parts.cpu_count,
        "memory": parts.memory_bytes,
        "volume_bytes": parts.source.disk_bytes,
    }


def digest(request: q.VmCreate) -> str:
    """What tells one request from another, whatever its form."""
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()


def _size(request: q.VmCreate) -> tuple[int, int]:
    cpu_count, memory_bytes = request.cpu_count, request.memory_bytes
    if request.offering_id is not None:
        offering = find(
            InstanceOfferingRow, request.offering_id, "instance_offering", field="offering_id"
        )
        if offering.state != State.ENABLED:
            raise Conflict("resource.disabled", field="offering_id", name=offering.name)
        cpu_count = cpu_count or offering.cpu_count
        memory_bytes = memory_bytes or offering.memory_bytes
    if cpu_count is None or memory_bytes is None:
        raise InvalidInput("vm.size_needed", field="offering_id")
    return cpu_count, memory_bytes
