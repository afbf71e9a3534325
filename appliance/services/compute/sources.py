"""What a new machine starts from: an image, or a CD or DVD beside an empty root disk."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.protocol.errors import InvalidInput
from appliance.protocol.requests import VmCreate
from appliance.services.images.choosing import chosen_image
from appliance.services.images.models import ImageRow

DISK_UNIT_BYTES = 1024**2  # what hosts make is a multiple of this


@dataclass(frozen=True)
class Source:
    """What the root disk is made from, if from anything; and the disc in the first drive."""

    image: ImageRow | None
    iso: ImageRow | None
    disk_bytes: int

    @property
    def image_id(self) -> str:
        """The image that it starts from; empty if its root disk is."""
        return self.image.id if self.image is not None else ""

    @property
    def firmware(self) -> str:
        """What it starts by, if that is known of the image or of the disc."""
        one = self.image or self.iso
        return one.firmware if one is not None else ""

    @property
    def cached_bytes(self) -> int:
        """What of it has to be on the machine's host."""
        return sum(one.size_bytes for one in (self.image, self.iso) if one is not None)


def chosen_source(request: VmCreate) -> Source:
    """What a request asks for; raises NotFound, Conflict or InvalidInput naming the field."""
    iso = chosen_image(request.iso_id, "iso_id", "iso") if request.iso_id is not None else None
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
    if disk_bytes < image.virtual_size_bytes:
        raise InvalidInput(
            "volume.too_small",
            field=field,
            asked_bytes=disk_bytes,
            needed_bytes=image.virtual_size_bytes,
        )
