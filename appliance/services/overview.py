"""The figures of the start page."""

from __future__ import annotations

from typing import Any

import peewee

from appliance.engine import ledger
from appliance.engine.calls import Call, Caller
from appliance.engine.visibility import visible_to
from appliance.protocol import requests as q
from appliance.protocol.resources import Overview
from appliance.services.compute.models import VmRow
from appliance.services.images.models import ImageRow
from appliance.services.infrastructure.models import ClusterRow, HostRow, ZoneRow
from appliance.services.networks.models import NetworkRow
from appliance.services.parts import Parts
from appliance.services.storage.models import PrimaryStorageRow
from appliance.services.tenancy.quotas import quotas_of
from appliance.store import feed
from appliance.store.fields import tuples
from appliance.store.kinds import Kinds

COUNTED: dict[str, Any] = {
    "zone": ZoneRow,
    "cluster": ClusterRow,
    "host": HostRow,
    "primary_storage": PrimaryStorageRow,
    "image": ImageRow,
    "network": NetworkRow,
    "vm": VmRow,
}


OWN_COUNTED = ("vm", "volume", "image", "network")


def install(parts: Parts) -> None:
    """Bind `overview.get`."""

    async def get(call: Call, _: q.Empty) -> Overview:
        if call.caller.is_admin:
            return await parts.store.read(_figures)
        return await parts.store.read(lambda: _own_figures(parts.store.kinds, call.caller))

    parts.registry.bind("overview.get", get)


def _own_figures(kinds: Kinds, caller: Caller) -> Overview:
    """What a tenant has and sees; its limits stand for what the cloud has (−1: no limit)."""
    scope = visible_to(caller)
    assert scope is not None, "administrators see the whole cloud"
    counts = {}
    for name in OWN_COUNTED:
        kind = kinds.by_name[name]
        counts[name] = kind.model.select().where(scope(kind)).count()
    states = VmRow.select(VmRow.state, peewee.fn.COUNT(VmRow.id))
    states = states.where(VmRow.owner_id == caller.account_id).group_by(VmRow.state)
    quotas = {item.name: item for item in quotas_of(caller.account_id).items}
    disks = quotas["volume_bytes"]
    return Overview(
        counts=counts,
        vms_by_state=dict(tuples(states)),
        cpu_total=quotas["cpu"].limit,
        cpu_claimed=quotas["cpu"].used,
        memory_total_bytes=quotas["memory"].limit,
        memory_claimed_bytes=quotas["memory"].used,
        storage_total_bytes=disks.limit,
        storage_available_bytes=disks.limit if disks.limit < 0 else disks.limit - disks.used,
        feed_seq=feed.bounds()[1],
    )


def _figures() -> Overview:
    cpu, memory = ledger.total("cpu"), ledger.total("memory")
    storages = list(PrimaryStorageRow.select())
    states = VmRow.select(VmRow.state, peewee.fn.COUNT(VmRow.id)).group_by(VmRow.state)
    return Overview(
        counts={name: model.select().count() for name, model in COUNTED.items()},
        vms_by_state=dict(tuples(states)),
        cpu_total=cpu.capacity,
        cpu_claimed=cpu.claimed,
        memory_total_bytes=memory.capacity,
        memory_claimed_bytes=memory.claimed,
        storage_total_bytes=sum(storage.total_bytes for storage in storages),
        storage_available_bytes=sum(storage.available_bytes for storage in storages),
        feed_seq=feed.bounds()[1],
    )
