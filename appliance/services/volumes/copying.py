"""Volumes that are made of a snapshot, on its host and storage, or of an image: copies all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.volumes import VolumeCreate
from appliance.services.compute.sources import refuse_too_small
from appliance.services.images.choosing import chosen_image
from appliance.services.images.models import ImageRow
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.snapshots.sources import SnapshotSource, snapshot_source
from appliance.services.storage.models import VolumeRow


@dataclass(frozen=True)
class ImageSource:
    """An image that is to be copied; its store may be on any host."""

    image: ImageRow

    @property
    def data(self) -> dict[str, Any]:
        """What the job that copies it works with."""
        store_path = self.image.image_store.path
        return {"image": {"id": self.image.id, "store_path": store_path}}


def image_of(request: VolumeCreate) -> ImageSource | None:
    """The image that a request names, if it does; within a write.

    Raises NotFound, Conflict if it is not ready or no image of data, InvalidInput if a snapshot is
    named as well.
    """
    if request.image_id is None:
        return None
    if request.snapshot_id is not None:
        raise InvalidInput("volume.two_sources", field="image_id")
    return ImageSource(chosen_image(request.image_id, "image_id", "data"))


def source_of(request: VolumeCreate) -> SnapshotSource | None:
    """The snapshot that a request names, if it does; within a write.

    Raises NotFound, or Conflict if it cannot be copied now.
    """
    if request.snapshot_id is None:
        return None
    source = snapshot_source(request.snapshot_id)
    if source.bound_host_id and request.host_id not in (None, source.bound_host_id):
        raise Conflict("snapshot.elsewhere", field="host_id", name=source.snapshot.name)
    return source


def size_for(request: VolumeCreate, needed_bytes: int | None) -> int:
    """How large the new volume is; raises InvalidInput if that is not said, or less than what its
    source has.
    """
    if needed_bytes is None:
        if request.size_bytes is None:
            raise InvalidInput("volume.size_needed", field="size_bytes")
        return request.size_bytes
    size_bytes = request.size_bytes or needed_bytes
    refuse_too_small(size_bytes, needed_bytes, "size_bytes")
    return size_bytes


def refuse_copied(volume: VolumeRow) -> None:
    """Raises Conflict while another volume is being made of one of its snapshots: its files must
    stay as they are; within a write.
    """
    mine = SnapshotRow.select(SnapshotRow.id).where(SnapshotRow.volume == volume.id)
    copy = VolumeRow.get_or_none(VolumeRow.source_snapshot_id.in_(mine))
    if copy is not None:
        raise Conflict("snapshot.being_copied", name=volume.name, volume=copy.name)
