"""Downloads: the file of an image on its way from its store to a client."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.engine.calls import Call
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.resources import ImageStatus
from appliance.protocol.uploads import Download
from appliance.services.common import find
from appliance.services.images.models import ImageRow
from appliance.store.database import Store
from hostagent.protocol import commands as c
from hostagent.protocol.storage import ImagePlace, SendParams


class Downloads:
    """Brings images from hosts to whoever asks, as fast as they take them."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links

    async def open(self, call: Call, image_id: str, offset: int) -> Download:
        """The file of an image from `offset` on; raises ApiError before the first byte."""
        row = await self._store.read(lambda: _load(image_id))
        if row.status != ImageStatus.READY:
            raise Conflict("image.not_ready", name=row.name, status=row.status)
        if offset > row.size_bytes:
            raise InvalidInput(
                "image.too_long",
                field="Range",
                received_bytes=offset,
                expected_bytes=row.size_bytes,
            )
        pieces = self._pieces(row, offset)
        first = await anext(pieces, b"")
        return Download(
            name=f"{row.name}.{'iso' if row.kind == 'iso' else 'qcow2'}",
            size_bytes=row.size_bytes,
            offset=offset,
            sha256=row.stored_sha256,
            content=_with_first(first, pieces),
        )

    async def _pieces(self, row: ImageRow, offset: int) -> AsyncIterator[bytes]:
        place = ImagePlace(
            image_id=row.id, store_path=row.image_store.path, is_iso=row.kind == "iso"
        )
        async with self._links.stream_call(
            row.image_store.host_id,
            c.IMAGE_SEND,
            lambda stream_id: SendParams(place=place, stream_id=stream_id, offset_bytes=offset),
        ) as stream:
            while data := await stream.read():
                yield data


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece


def _load(image_id: str) -> ImageRow:
    row = find(ImageRow, image_id, "image")
    _ = row.image_store.path  # fetched now, while the snapshot is open
    return row
