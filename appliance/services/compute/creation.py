"""Accepting `vm.create`: everything is checked and claimed in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from appliance.engine.calls import Caller
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.protocol.ids import new_id
from appliance.protocol.resources import ImageStatus, State, VmState
from appliance.services.common import clean_name, find
from appliance.services.compute.affinity import affinity_to, chosen_group
from appliance.services.compute.models import AffinityGroupRow, VmRow
from appliance.services.compute.placement import FREE_SPACE_KEPT_BYTES, Wish, choose_host
from appliance.services.compute.wiring import Wire, wires_for
from appliance.services.images.models import ImageRow, InstanceOfferingRow
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow
from appliance.services.tenancy import quotas
from appliance.services.tenancy.belonging import owner_for
from appliance.store.database import Transaction
from appliance.store.fields import now_ms
from appliance.store.rows import insert


@dataclass(frozen=True)
class Ingredients:
    """What a new machine is made from, found and checked; of `wires` the first is the default
    NIC.
    """

    image: ImageRow
    wires: list[Wire]
    storage: PrimaryStorageRow
    cpu_count: int
    memory_bytes: int
    disk_bytes: int
    owner_id: str
    group: AffinityGroupRow | None

    @property
    def cluster_id(self) -> str:
        """Where it is to be made: where its networks are."""
        return self.wires[0].network.cluster_id

    @property
    def security_group_ids(self) -> set[str]:
        """The groups of all its NICs."""
        return {ref for wire in self.wires for ref in wire.security_group_ids}


def check_request(request: q.VmCreate) -> None:
    """What can be said without looking at anything; raises InvalidInput."""
    clean_name(request.name)
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
    image = find(ImageRow, request.image_id, "image", field="image_id")
    if image.status != ImageStatus.READY:
        raise Conflict("image.not_ready", field="image_id", name=image.name, status=image.status)
    owner_id = owner_for(caller, request.owner_id, field="owner_id")
    wires = wires_for(request, owner_id, is_filtered=is_filtered)
    cluster_id = wires[0].network.cluster_id
    cpu_count, memory_bytes = _size(request)
    disk_bytes = request.root_disk_bytes or image.virtual_size_bytes
    if disk_bytes < image.virtual_size_bytes:
        raise InvalidInput(
            "volume.too_small",
            field="root_disk_bytes",
            asked_bytes=disk_bytes,
            needed_bytes=image.virtual_size_bytes,
        )
    storage = PrimaryStorageRow.get_or_none(
        PrimaryStorageRow.cluster == cluster_id, PrimaryStorageRow.state == State.ENABLED
    )
    if storage is None:
        raise NoResources("storage.none")
    group = request.affinity_group_id and chosen_group(request.affinity_group_id, owner_id)
    return Ingredients(
        image,
        wires,
        storage,
        cpu_count,
        memory_bytes,
        disk_bytes,
        owner_id,
        group or None,
    )


def wish_for(request: q.VmCreate, parts: Ingredients) -> Wish:
    """What the placement must find for one machine of the request."""
    return Wish(
        cluster_id=parts.cluster_id,
        cpu_count=parts.cpu_count,
        memory_bytes=parts.memory_bytes,
        storage_id=parts.storage.id,
        disk_bytes=parts.disk_bytes,
        image_bytes=parts.image.size_bytes + FREE_SPACE_KEPT_BYTES,
        host_id=request.host_id,
        strategy=request.strategy,
        affinity=affinity_to(parts.group) if parts.group else None,
    )


def create_rows(
    tx: Transaction,
    request: q.VmCreate,
    name: str,
    parts: Ingredients,
) -> VmRow:
    """Claim a place, addresses and a disk for one machine, and write it down."""
    quotas.check(parts.owner_id, _wanted(parts))
    host = choose_host(wish_for(request, parts))
    vm = VmRow(
        id=request.id or new_id(),
        name=name,
        description=request.description,
        cluster=parts.cluster_id,
        host_id=host.host_id,
        last_host_id=host.host_id,
        image_id=parts.image.id,
        offering_id=request.offering_id,
        affinity_group_id=request.affinity_group_id,
        cpu_count=parts.cpu_count,
        memory_bytes=parts.memory_bytes,
        state=VmState.STARTING if request.start else VmState.CREATED,
        state_reason="",
        ssh_public_key=request.ssh_public_key.strip(),
        user_data=request.user_data,
        owner_id=parts.owner_id,
        request_sha256=digest(request),
        accelerator=host.accelerator,
        created_at=now_ms(),
    )
    insert(tx, vm)
    for position, wire in enumerate(parts.wires):
        wire.claim(tx, vm.id, position)
    volume = VolumeRow(
        id=new_id(),
        vm_id=vm.id,
        kind="root",
        image_id=parts.image.id,
        primary_storage=parts.storage,
        host_id=host.host_id,
        size_bytes=parts.disk_bytes,
        owner_id=parts.owner_id,
        status="creating",
        created_at=now_ms(),
    )
    insert(tx, volume)
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
        "volume_bytes": parts.disk_bytes,
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
