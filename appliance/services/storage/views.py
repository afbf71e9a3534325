"""How image stores and primary storages look to clients."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from appliance.engine.ledger import Usage
from appliance.hosts.links import HostLinks
from appliance.protocol.resources import ImageStore, PrimaryStorage, State, Status
from appliance.protocol.storages import StorageHost
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow
from appliance.services.storage.places import claims_of
from appliance.store.fields import database, when


class StorageViews:
    """Renders storages; they are connected when a host that serves them is."""

    def __init__(self, links: HostLinks) -> None:
        self._links = links

    def image_stores(self, rows: Sequence[ImageStoreRow]) -> list[ImageStore]:
        """Image store rows as clients see them."""
        return [
            ImageStore(
                id=row.id,
                name=row.name,
                description=row.description,
                zone_id=row.zone_id,
                host_id=row.host_id,
                kind=row.kind,
                path=row.path,
                state=State(row.state),
                status=_status(self._links.is_connected(row.host_id)),
                total_bytes=row.total_bytes,
                available_bytes=row.available_bytes,
                created_at=when(row.created_at),
            )
            for row in rows
        ]

    def primary_storages(self, rows: Sequence[PrimaryStorageRow]) -> list[PrimaryStorage]:
        """Primary storage rows as clients see them, with what the disks on them may grow to."""
        ids = [row.id for row in rows]
        usage, clusters, hosts = claims_of(ids), _clusters(ids), self._hosts(ids)
        return [
            _primary(row, usage.get(row.id, Usage()), clusters[row.id], hosts[row.id])
            for row in rows
        ]

    def _hosts(self, ids: Sequence[str]) -> dict[str, list[StorageHost]]:
        """How the hosts of storages reach them, by storage."""
        found: dict[str, list[StorageHost]] = defaultdict(list)
        for ref, host_id, name, status, code, reason, changed in _rows(_HOSTS, ids):
            if status is None or not self._links.is_connected(host_id):
                unknown = StorageHost(host_id=host_id, host_name=name, status="unknown")
                found[ref].append(unknown)
                continue
            found[ref].append(
                StorageHost(
                    host_id=host_id,
                    host_name=name,
                    status=status,
                    code=code,
                    reason=reason,
                    changed_at=when(changed),
                )
            )
        return found


_HOSTS = """
    SELECT c.primary_storage_id, h.id, h.name, x.status, x.code, x.reason, x.changed_at
    FROM primary_storage_cluster c JOIN host h ON h.cluster_id = c.cluster_id
    LEFT JOIN storage_host x
        ON x.primary_storage_id = c.primary_storage_id AND x.host_id = h.id
    WHERE c.primary_storage_id IN (SELECT value FROM json_each(?)) ORDER BY h.name, h.id
"""
_CLUSTERS = """
    SELECT c.primary_storage_id, c.cluster_id FROM primary_storage_cluster c
    JOIN primary_storage s ON s.id = c.primary_storage_id
    WHERE s.id IN (SELECT value FROM json_each(?))
    ORDER BY c.cluster_id <> s.cluster_id, c.cluster_id
"""


def _clusters(ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for ref, cluster_id in _rows(_CLUSTERS, ids):
        found[ref].append(cluster_id)
    return found


def _rows(sql: str, ids: Sequence[str]) -> list[Any]:
    return database.execute_sql(sql, (json.dumps(list(ids)),)).fetchall()


def _primary(
    row: PrimaryStorageRow, usage: Usage, cluster_ids: list[str], hosts: list[StorageHost]
) -> PrimaryStorage:
    return PrimaryStorage(
        id=row.id,
        name=row.name,
        description=row.description,
        zone_id=row.cluster.zone_id,
        cluster_id=row.cluster_id,
        cluster_ids=cluster_ids,
        kind=row.kind,
        is_shared=row.is_shared,
        path=row.path,
        source=row.source,
        options=row.options,
        monitors=row.monitors,
        user=row.user,
        state=State(row.state),
        status=_status(any(host.status == "connected" for host in hosts)),
        hosts=hosts,
        total_bytes=row.total_bytes,
        available_bytes=row.available_bytes,
        ratio=row.ratio,
        reserved_bytes=row.reserved_bytes,
        threshold=row.threshold,
        capacity_bytes=usage.capacity,
        claimed_bytes=usage.claimed,
        created_at=when(row.created_at),
    )


def _status(is_connected: bool) -> Status:
    return Status.CONNECTED if is_connected else Status.DISCONNECTED
