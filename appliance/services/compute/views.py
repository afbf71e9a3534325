"""How virtual machines look to clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from appliance.protocol.resources import Nic, Vm, VmState
from appliance.services.compute.models import VmRow
from appliance.services.images.models import ImageRow
from appliance.services.infrastructure.models import ClusterRow, HostRow
from appliance.services.networks.addresses import text_of
from appliance.services.networks.models import NetworkRow, NicRow
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.views import render_volumes
from appliance.store.fields import tuples, when, when_or_none


def render_vms(rows: Sequence[VmRow]) -> list[Vm]:
    """VM rows as clients see them; what belongs to them is fetched in one query each."""
    ids = [row.id for row in rows]
    nics = _nics(ids)
    volumes: dict[str, list[VolumeRow]] = defaultdict(list)
    for volume in VolumeRow.select().where(VolumeRow.vm_id.in_(ids)):
        volumes[volume.vm_id].append(volume)
    images = _names(ImageRow, [row.image_id for row in rows])
    hosts = _names(HostRow, [row.host_id for row in rows if row.host_id])
    zones: dict[str, str] = dict(
        tuples(
            ClusterRow.select(ClusterRow.id, ClusterRow.zone).where(
                ClusterRow.id.in_([row.cluster_id for row in rows])
            )
        )
    )
    return [
        Vm(
            id=row.id,
            name=row.name,
            description=row.description,
            zone_id=zones[row.cluster_id],
            cluster_id=row.cluster_id,
            host_id=row.host_id,
            host_name=hosts.get(row.host_id or "", ""),
            last_host_id=row.last_host_id,
            image_id=row.image_id,
            image_name=images.get(row.image_id, ""),
            offering_id=row.offering_id,
            affinity_group_id=row.affinity_group_id,
            cpu_count=row.cpu_count,
            memory_bytes=row.memory_bytes,
            state=VmState(row.state),
            state_reason=row.state_reason,
            accelerator=row.accelerator,
            nics=nics[row.id],
            volumes=render_volumes(volumes[row.id]),
            ssh_public_key=row.ssh_public_key,
            has_user_data=bool(row.user_data),
            owner_id=row.owner_id,
            created_at=when(row.created_at),
            started_at=when_or_none(row.started_at),
            destroyed_at=when_or_none(row.destroyed_at),
        )
        for row in rows
    ]


def _nics(vm_ids: list[str]) -> dict[str, list[Nic]]:
    found: dict[str, list[Nic]] = defaultdict(list)
    query: Any = (
        NicRow.select(NicRow, NetworkRow.name.alias("network_name"))
        .join(NetworkRow)
        .where(NicRow.vm_id.in_(vm_ids))
        .order_by(NicRow.position)
        .objects()
    )
    for nic in query:
        found[nic.vm_id].append(
            Nic(
                id=nic.id,
                network_id=nic.network_id,
                network_name=nic.network_name,
                mac=nic.mac,
                address=text_of(nic.address),
            )
        )
    return found


def _names(model: Any, ids: list[str]) -> dict[str, str]:
    query = model.select(model.id, model.name).where(model.id.in_(list(set(ids))))
    return dict(tuples(query))
