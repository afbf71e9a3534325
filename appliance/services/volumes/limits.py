"""How often and how much a volume may be read and written in a second."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from appliance.protocol.errors import InvalidInput
from appliance.protocol.volumes import LOWEST_BYTES_S

LIMITS = ("read_iops", "write_iops", "read_bytes_s", "write_bytes_s")


def checked_limits(request: Any) -> dict[str, int]:
    """The limits that a request gives.

    Raises InvalidInput for so little that a guest would take its disk for broken.
    """
    given = {name: getattr(request, name) for name in LIMITS}
    found = {name: value for name, value in given.items() if value is not UNSET}
    for name in ("read_bytes_s", "write_bytes_s"):
        if 0 < found.get(name, 0) < LOWEST_BYTES_S:
            raise InvalidInput(
                "volume.limit_too_low",
                field=name,
                asked_bytes=found[name],
                lowest_bytes=LOWEST_BYTES_S,
            )
    return found
