"""How image stores and primary storages look to clients."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.engine.ledger import Usage
from appliance.hosts.links import HostLinks
from appliance.protocol.resources import ImageStore, PrimaryStorage, State, Status
from appliance.services.infrastructure.models import HostRow
from appliance.services.storage.models import ImageStoreRow, PrimaryStorageRow
from appliance.services.storage.places import claims_of
from appliance.store.fields import tuples, when


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
        usage = claims_of([row.id for row in rows])
        return [self._primary(row, usage.get(row.id, Usage())) for row in rows]

    def _primary(self, row: PrimaryStorageRow, usage: Usage) -> PrimaryStorage:
        hosts = tuples(HostRow.select(HostRow.id).where(HostRow.cluster == row.cluster_id))
        return PrimaryStorage(
            id=row.id,
            name=row.name,
            description=row.description,
            zone_id=row.cluster.zone_id,
            cluster_id=row.cluster_id,
            kind=row.kind,
            path=row.path,
            state=State(row.state),
            status=_status(any(self._links.is_connected(host_id) for (host_id,) in hosts)),
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
