"""What a new machine starts from: an image, a snapshot of another machine's root disk, or a CD or
DVD beside an empty one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.requests import VmCreate
from appliance.services.hardware.models import hardware_of
from appliance.services.images.choosing import chosen_image
from appliance.services.images.models import ImageRow
from appliance.services.snapshots.sources import SnapshotSource, snapshot_source
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow

DISK_UNIT_BYTES = 1024**2  # what hosts make is a multiple of this


@dataclass(frozen=True)
class Source:
    """What the root disk is made from, if from anything; and the disc in the first drive."""

    image: ImageRow | None
    iso: ImageRow | None
    disk_bytes: int
    snapshot: SnapshotSource | None = None

    @property
    def image_id(self) -> str:
        """The image that it starts from; empty if its root disk is."""
        return self.image.id if self.image is not None else ""

    @property
    def firmware(self) -> str:
        """What it starts by, if that is known of the image or of the disc."""
        if self.snapshot is not None:
            return _firmware_of(self.snapshot.volume)
        one = self.image or self.iso
        return one.firmware if one is not None else ""

    @property
    def bound_host_id(self) -> str | None:
        """The host that it has to start on: what is copied lies there."""
        return self.snapshot.bound_host_id if self.snapshot is not None else None

    @property
    def bound_storage(self) -> PrimaryStorageRow | None:
        """The storage that its root disk has to be on."""
        return self.snapshot.storage if self.snapshot is not None else None

    @property
    def job_data(self) -> dict[str, Any]:
        """What the job that makes the root disk works with besides."""
        return self.snapshot.data if self.snapshot is not None else {}

    @property
    def cached_bytes(self) -> int:
        """What of it has to be on the machine's host."""
        return sum(one.size_bytes for one in (self.image, self.iso) if one is not None)


def chosen_source(request: VmCreate) -> Source:
    """What a request asks for; raises NotFound, Conflict or InvalidInput naming the field."""
    iso = chosen_image(request.iso_id, "iso_id", "iso") if request.iso_id is not None else None
    named = {"image_id": request.image_id, "snapshot_id": request.snapshot_id}
    if None not in named.values():
        raise InvalidInput("vm.two_sources", field="snapshot_id")
    if request.snapshot_id is not None:
        snapshot = _root_snapshot(request.snapshot_id)
        disk_bytes = request.root_disk_bytes or snapshot.snapshot.size_bytes
        refuse_too_small(disk_bytes, snapshot.snapshot.size_bytes, "root_disk_bytes")
        return Source(None, iso, disk_bytes, snapshot)
    if request.image_id is not None:
        image = chosen_image(request.image_id, "image_id", "root")
        disk_bytes = request.root_disk_bytes or image.virtual_size_bytes
        check_fits(image, disk_bytes)
        return Source(image, iso, disk_bytes)
    if iso is None:
        raise InvalidInput("vm.source_needed", field="image_id")
    if not request.root_disk_bytes or request.root_disk_bytes % DISK_UNIT_BYTES:
        raise InvalidInput("vm.disk_size_needed", field="root_disk_bytes")
    return Source(None, iso, request.root_disk_bytes)


def check_fits(image: ImageRow, disk_bytes: int, field: str = "root_disk_bytes") -> None:
    """Raises InvalidInput if a disk would be smaller than its image."""
    refuse_too_small(disk_bytes, image.virtual_size_bytes, field)


def refuse_too_small(asked_bytes: int, needed_bytes: int, field: str) -> None:
    """Raises InvalidInput if a disk would be smaller than what it is made of."""
    if asked_bytes < needed_bytes:
        raise InvalidInput(
            "volume.too_small", field=field, asked_bytes=asked_bytes, needed_bytes=needed_bytes
        )


def _root_snapshot(snapshot_id: str) -> SnapshotSource:
    source = snapshot_source(snapshot_id)
    if source.volume.kind != "root":
        raise Conflict(
            "snapshot.no_root",
            field="snapshot_id",
            name=source.snapshot.name,
            volume=source.volume.name,
        )
    return source


def _firmware_of(volume: VolumeRow) -> str:
    """The firmware of the machine that has a root disk."""
    return hardware_of(volume.vm_id).firmware if volume.vm_id is not None else ""
