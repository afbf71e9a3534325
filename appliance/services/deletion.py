"""What depends on what when something is deleted, and the preview of it for clients."""

from __future__ import annotations

from typing import Literal

from appliance.engine.calls import Call
from appliance.engine.cascade import Edge, Effect, Finder
from appliance.protocol import requests as q
from appliance.protocol.results import (
    Consequences,
)
from appliance.services.firewall.membership import vms_of
from appliance.services.guests.discs import machines_with_disc
from appliance.services.networks.clusters import networks_in
from appliance.services.networks.elastic import elastic_ips_of_vm
from appliance.services.parts import Parts
from appliance.services.storage.reach import storages_of
from appliance.store.fields import database

Table = Literal[
    "cluster",
    "image_store",
    "vm",
    "network",
    "primary_storage",
    "host",
    "image",
    "volume",
    "security_rule",
    "elastic_ip",
    "vxlan_pool",
    "snapshot",
]


def _edge(parent: str, child: Table, alone: Effect, along: Effect, column: str) -> Edge:
    return Edge(parent=parent, child=child, alone=alone, along=along, find=_where(child, column))


def _where(table: Table, column: str) -> Finder:
    sql = f"SELECT id FROM {table} WHERE {column} = ?"  # noqa: S608 our own names
    return lambda ref: [row[0] for row in database.execute_sql(sql, (ref,)).fetchall()]


def _vms_in(network_id: str) -> list[str]:
    rows = database.execute_sql(
        "SELECT DISTINCT vm_id FROM nic WHERE network_id = ?", (network_id,)
    )
    return [row[0] for row in rows]


# First effect: the parent alone is deleted; second: it goes along with something greater.
EDGES = (
    _edge("zone", "cluster", "deleted", "deleted", "zone_id"),
    _edge("zone", "image_store", "deleted", "deleted", "zone_id"),
    _edge("cluster", "vm", "refuses", "deleted", "cluster_id"),
    Edge(parent="cluster", child="network", alone="refuses", along="deleted", find=networks_in),
    _edge("zone", "vxlan_pool", "deleted", "deleted", "zone_id"),
    _edge("vxlan_pool", "network", "refuses", "deleted", "vxlan_pool_id"),
    Edge(
        parent="cluster",
        child="primary_storage",
        alone="refuses",
        along="deleted",
        find=lambda ref: [row.id for row in storages_of(ref)],
    ),
    _edge("cluster", "host", "refuses", "deleted", "cluster_id"),
    _edge("host", "vm", "refuses", "deleted", "COALESCE(host_id, last_host_id)"),
    _edge("host", "image_store", "refuses", "deleted", "host_id"),
    _edge("image_store", "image", "refuses", "deleted", "image_store_id"),
    _edge("primary_storage", "volume", "refuses", "deleted", "primary_storage_id"),
    Edge(parent="network", child="vm", alone="refuses", along="deleted", find=_vms_in),
    _edge("network", "elastic_ip", "refuses", "deleted", "network_id"),
    Edge(
        parent="vm",
        child="elastic_ip",
        alone="detached",
        along="detached",
        find=elastic_ips_of_vm,
    ),
    _edge("vm", "volume", "deleted", "deleted", "kind = 'root' AND vm_id"),
    # Data disks outlive their machine, but not the storage that they lie on.
    _edge("vm", "volume", "detached", "deleted", "kind <> 'root' AND vm_id"),
    _edge("host", "volume", "refuses", "deleted", "kind <> 'root' AND host_id"),
    Edge(parent="image", child="vm", alone="refuses", along="detached", find=machines_with_disc),
    # A snapshot is a file of its volume.
    _edge("volume", "snapshot", "deleted", "deleted", "status <> 'hidden' AND volume_id"),
    # Machines keep their disks and their size when the template goes.
    _edge("image", "vm", "detached", "detached", "image_id"),
    _edge("affinity_group", "vm", "detached", "detached", "affinity_group_id"),
    Edge(parent="security_group", child="vm", alone="refuses", along="detached", find=vms_of),
    _edge("security_group", "security_rule", "deleted", "deleted", "security_group_id"),
    _edge("instance_offering", "vm", "detached", "detached", "offering_id"),
)


def install(parts: Parts) -> None:
    """Declare the edges and bind the preview."""
    parts.cascade.add(*EDGES)

    async def preview(call: Call, request: q.DeletionPreview) -> Consequences:
        return await parts.store.read(lambda: parts.cascade.consequences(request.kind, request.id))

    parts.registry.bind("deletion.preview", preview)
