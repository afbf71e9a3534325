"""How the making of an image ends; within a write."""

from __future__ import annotations

from typing import Any

from appliance.protocol.resources import ImageStatus
from appliance.services.images import hints
from appliance.services.images.machine import IMAGE_MACHINE
from appliance.services.images.models import ImageRow
from appliance.services.tenancy import quotas
from appliance.store.database import Transaction
from hostagent.protocol.storage import ImageInfo


def move(tx: Transaction, image_id: str, status: ImageStatus, **columns: Any) -> None:
    """Put an image into `status`; raises UndefinedTransition for what cannot be."""
    (before,) = tx.execute("SELECT status FROM image WHERE id = ?", image_id).fetchone()
    IMAGE_MACHINE.check(ImageStatus(before), status)
    ImageRow.update(status=status, **columns).where(ImageRow.id == image_id).execute()
    tx.touch("image", image_id)


def ready(tx: Transaction, image_id: str, info: ImageInfo) -> None:
    """The image is in place, and this is what it is."""
    move(
        tx,
        image_id,
        ImageStatus.READY,
        format=info.format,
        size_bytes=info.size_bytes,
        virtual_size_bytes=info.virtual_size_bytes,
        sha256=info.sha256,
        stored_sha256=info.stored_sha256,
        **hints.found(ImageRow.get_by_id(image_id), info),
    )


def claim_size(image_id: str, size_bytes: int) -> None:
    """The image's true size counts from now on; raises NoResources if the quota forbids it."""
    row = ImageRow.get_by_id(image_id)
    quotas.check(
        row.owner_id, {"image_bytes": size_bytes - (row.size_bytes or row.expected_size_bytes)}
    )
    row.size_bytes = size_bytes
    row.save()


def forget(tx: Transaction, image_id: str) -> None:
    """There is no such image any more."""
    ImageRow.delete().where(ImageRow.id == image_id).execute()
    tx.touch("image", image_id)
