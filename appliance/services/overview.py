"""The figures of the start page."""

from __future__ import annotations

from typing import Any

import peewee

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.resources import Overview
from appliance.services.compute.models import VmRow
from appliance.services.images.models import ImageRow
from appliance.services.infrastructure.models import ClusterRow, HostRow, ZoneRow
from appliance.services.networks.models import NetworkRow
from appliance.services.parts import Parts
from appliance.services.storage.models import PrimaryStorageRow
from appliance.store import feed
from appliance.store.fields import tuples

COUNTED: dict[str, Any] = {
    "zone": ZoneRow,
    "cluster": ClusterRow,
    "host": HostRow,
    "primary_storage": PrimaryStorageRow,
    "image": ImageRow,
    "network": NetworkRow,
    "vm": VmRow,
}


def install(parts: Parts) -> None:
    """Bind `overview.get`."""

    async def get(call: Call, _: q.Empty) -> Overview:
        return await parts.store.read(_figures)

    parts.registry.bind("overview.get", get)


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
