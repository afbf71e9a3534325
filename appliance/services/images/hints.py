"""What machines of an image need: said by somebody, or guessed from the image."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict
from appliance.services.images.models import ImageRow
from appliance.store.database import Transaction
from hostagent.protocol.storage import ImageInfo

UNTOLD = {"platform": "linux", "firmware": "bios"}  # until the content is there to guess from
AUTO = "auto"


def asked(request: q.ImageCreate | q.VolumeCreateImage) -> dict[str, str]:
    """The columns of a new image: what is left open is a guess from the beginning."""
    told = {"platform": request.platform, "firmware": request.firmware}
    return {
        "kind": "root" if request.kind == AUTO else request.kind,
        "guessed": ",".join(name for name, value in told.items() if value == AUTO),
    } | {name: UNTOLD[name] if value == AUTO else value for name, value in told.items()}


def found(row: ImageRow, info: ImageInfo) -> dict[str, Any]:
    """The columns after a look at the content; what somebody has said stays."""
    guesses = {"platform": info.platform, "firmware": info.firmware}
    open_ones = row.guessed.split(",")
    return {"kind": info.kind} | {
        name: value for name, value in guesses.items() if value and name in open_ones
    }


def change(tx: Transaction, row: ImageRow, request: q.ImageUpdate) -> None:
    """Somebody says it: it is no guess any longer. Raises Conflict for what cannot be."""
    if request.kind is not UNSET and request.kind != row.kind:
        if row.kind == "iso":
            raise Conflict("image.is_iso", field="kind", name=row.name)
        row.kind = request.kind
    told = {"platform": request.platform, "firmware": request.firmware}
    for name, value in told.items():
        if value is not UNSET:
            setattr(row, name, value)
    row.guessed = ",".join(name for name in row.guessed.split(",") if name and told[name] is UNSET)
