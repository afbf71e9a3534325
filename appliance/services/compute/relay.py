"""Images on their way from the host of their store to the one that makes a machine of them."""

from __future__ import annotations

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks, HostStream
from appliance.protocol.errors import ApiError
from appliance.store.fields import database
from hostagent.protocol import commands as c
from hostagent.protocol.storage import (
    CacheFromParams,
    EnsureCachedParams,
    ImagePlace,
    SendParams,
)
from hostagent.protocol.streams import StreamBroken


def store_host_of(image_id: str) -> str | None:
    """The host with the store of an image; within a read or write."""
    row = database.execute_sql(
        "SELECT s.host_id FROM image i JOIN image_store s ON s.id = i.image_store_id "
        "WHERE i.id = ?",
        (image_id,),
    ).fetchone()
    return None if row is None else row[0]


async def relay_image(
    links: HostLinks, run: JobRun, store_host_id: str, host_id: str, wanted: EnsureCachedParams
) -> None:
    """Have an image in the cache of `host_id`; raises ApiError.

    Both hosts have a link to the service, and perhaps none to each other. The receiver keeps
    nothing that is not, byte for byte, what the store's host has.
    """
    place = ImagePlace(image_id=wanted.image_id, store_path=wanted.store_path, is_iso=wanted.is_iso)
    image = await links.call(store_host_id, c.IMAGE_DESCRIBE, place)

    def taking(stream_id: int) -> CacheFromParams:
        return CacheFromParams(
            image_id=wanted.image_id,
            storage=wanted.storage,
            is_iso=wanted.is_iso,
            size_bytes=image.size_bytes,
            sha256=image.sha256,
            stream_id=stream_id,
        )

    def sending(stream_id: int) -> SendParams:
        return SendParams(place=place, stream_id=stream_id)

    is_refused = False
    async with links.stream_call(host_id, c.IMAGE_CACHE_FROM, taking) as sink:
        try:
            async with links.stream_call(store_host_id, c.IMAGE_SEND, sending) as source:
                is_refused = not await _pass_on(run, source, sink, image.size_bytes)
                if is_refused:
                    source.close("not wanted")  # or the sender would wait for ever
        except ApiError:
            if not is_refused:
                raise
        if is_refused:
            raise StreamBroken("the receiver has ended")  # its answer says why


async def _pass_on(run: JobRun, source: HostStream, sink: HostStream, size_bytes: int) -> bool:
    """Pass all bytes on; false if the receiver does not take them."""
    done = 0
    while data := await source.read():
        try:
            await sink.write(data)
        except StreamBroken:
            return False
        done += len(data)
        run.report(done, size_bytes, "bytes")
    return True
