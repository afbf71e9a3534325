"""Images that a request names, to make something of them."""

from __future__ import annotations

from appliance.protocol.errors import Conflict
from appliance.protocol.resources import ImageStatus
from appliance.services.common import find
from appliance.services.images.models import ImageRow

# What to say of an image that is of another kind than the one that is needed.
_OTHER_KIND = {"root": "image.wrong_kind", "data": "image.no_data", "iso": "image.no_iso"}


def chosen_image(image_id: str, field: str, kind: str) -> ImageRow:
    """An image of this kind that is ready; raises NotFound or Conflict naming the field."""
    image = find(ImageRow, image_id, "image", field=field)
    if image.status != ImageStatus.READY:
        raise Conflict("image.not_ready", field=field, name=image.name, status=image.status)
    if image.kind != kind:
        raise Conflict(_OTHER_KIND[kind], field=field, name=image.name, image_kind=image.kind)
    return image
