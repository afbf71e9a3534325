"""How images and instance offerings look to clients."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.protocol.resources import Image, ImageStatus, InstanceOffering, State
from appliance.services.images.models import ImageRow, InstanceOfferingRow
from appliance.store.fields import when, when_or_none


def render_images(rows: Sequence[ImageRow]) -> list[Image]:
    """Image rows as clients see them."""
    return [
        Image(
            id=row.id,
            name=row.name,
            description=row.description,
            image_store_id=row.image_store_id,
            kind=row.kind,
            source=row.source,
            url=row.url,
            platform=row.platform,
            firmware=row.firmware,
            guessed=[name for name in row.guessed.split(",") if name],
            format=row.format,
            status=ImageStatus(row.status),
            state=State(row.state),
            size_bytes=row.size_bytes,
            virtual_size_bytes=row.virtual_size_bytes,
            sha256=row.sha256,
            stored_sha256=row.stored_sha256,
            owner_id=row.owner_id,
            created_at=when(row.created_at),
            deleted_at=when_or_none(row.deleted_at),
        )
        for row in rows
    ]


def render_offerings(rows: Sequence[InstanceOfferingRow]) -> list[InstanceOffering]:
    """Offering rows as clients see them."""
    return [
        InstanceOffering(
            id=row.id,
            name=row.name,
            description=row.description,
            cpu_count=row.cpu_count,
            memory_bytes=row.memory_bytes,
            owner_id=row.owner_id,
            state=State(row.state),
            created_at=when(row.created_at),
        )
        for row in rows
    ]
