"""A data disk in one option: `db=20G:virtio_scsi,storage=nas,image=records`."""

from __future__ import annotations

from typing import Any

from appliance.protocol.sizes import parse_size

_OPTIONS = {"storage": "primary_storage_id", "image": "image_id"}


def parse_disk(text: str) -> dict[str, Any]:
    """A size, with the disk's name before it, and behind it what else is said of it."""
    first, *options = text.split(",")
    name, _, rest = first.rpartition("=")
    size, colon, bus = rest.partition(":")
    disk = {"name": name.strip(), "size_bytes": parse_size(size.strip())}
    for option in options:
        key, _, value = (part.strip() for part in option.partition("="))
        if key not in _OPTIONS or not value:
            raise ValueError(f"{option!r} is neither storage=… nor image=…")
        disk[_OPTIONS[key]] = value
    return disk | {"bus": bus.strip()} if colon else disk
