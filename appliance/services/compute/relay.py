"""Images on their way from the host of their store to the ones that need them, and back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks, HostStream
from appliance.protocol.errors import ApiError
from appliance.services.common import link_wait_s
from appliance.services.storage.caches import Caches, copy_on
from appliance.store.database import Store
from appliance.store.fields import database
from hostagent.protocol import commands as c
from hostagent.protocol.storage import (
    CacheFromParams,
    EnsureCachedParams,
    FinishParams,
    ImageInfo,
    ImagePlace,
    ReceiveParams,
    SendParams,
    StorageRef,
    StoredImage,
)
from hostagent.protocol.streams import StreamBroken


@dataclass(frozen=True)
class HostPlace:
    """An image in a store, and the host that has it."""

    host_id: str
    place: ImagePlace


class ImageCaching:
    """Has images in the caches of storages, wherever their stores are.

    Jobs that want the same copy share one copying.
    """

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links
        self._caches = Caches(store, links)
        self._copying: dict[tuple[str, ...], asyncio.Lock] = {}

    async def ensure(
        self,
        run: JobRun,
        host_id: str,
        image_id: str,
        store_path: str,
        storage: StorageRef,
        *,
        is_iso: bool = False,
    ) -> None:
        """Have an image in the cache of a storage, as `host_id` sees it; raises ApiError."""
        copy = copy_on(image_id, host_id, storage)
        wanted = EnsureCachedParams(
            image_id=image_id, store_path=store_path, storage=storage, is_iso=is_iso
        )
        async with self._copying.setdefault(copy.key, asyncio.Lock()):
            await self._caches.note(copy)
            try:
                await self._links.call(
                    host_id, c.IMAGE_ENSURE_CACHED, wanted,
                    on_wait=run.wait, report=run.report, wait_s=link_wait_s(run),
                )  # fmt: skip
            except ApiError as error:
                store_host = await self._store.read(partial(store_host_of, image_id))
                if error.code != "image.missing" or store_host in (None, host_id):
                    raise
                await relay_image(self._links, run, store_host, host_id, wanted)


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
    image: StoredImage = await links.call(store_host_id, c.IMAGE_DESCRIBE, place)

    def taking(stream_id: int) -> CacheFromParams:
        return CacheFromParams(
            image_id=wanted.image_id,
            storage=wanted.storage,
            is_iso=wanted.is_iso,
            size_bytes=image.size_bytes,
            sha256=image.sha256,
            stream_id=stream_id,
        )

    async with links.stream_call(host_id, c.IMAGE_CACHE_FROM, taking) as sink:
        await _send_into(links, run, sink, store_host_id, place, image.size_bytes)


async def relay_to_store(
    links: HostLinks, run: JobRun, host_id: str, exported: ImagePlace, store: HostPlace
) -> ImageInfo:
    """Have an image that lies on `host_id` in a store on another host; raises ApiError.

    It gets its place there only if its SHA-256 is what the sender has.
    """
    image: StoredImage = await links.call(host_id, c.IMAGE_DESCRIBE, exported)

    def taking(stream_id: int) -> ReceiveParams:
        return ReceiveParams(
            place=store.place,
            size_bytes=image.size_bytes,
            left_bytes=image.size_bytes,
            stream_id=stream_id,
        )

    async with links.stream_call(store.host_id, c.IMAGE_RECEIVE, taking) as sink:
        await _send_into(links, run, sink, host_id, exported, image.size_bytes)
    finish = FinishParams(place=store.place, sha256=image.sha256, kind=run.data["kind"])
    return await links.call(store.host_id, c.IMAGE_FINISH, finish, report=run.report)


async def _send_into(
    links: HostLinks,
    run: JobRun,
    sink: HostStream,
    host_id: str,
    place: ImagePlace,
    size_bytes: int,
) -> None:
    """Let a host send an image, and pass on what it sends."""

    def sending(stream_id: int) -> SendParams:
        return SendParams(place=place, stream_id=stream_id)

    is_refused = False
    try:
        async with links.stream_call(host_id, c.IMAGE_SEND, sending) as source:
            is_refused = not await _pass_on(run, source, sink, size_bytes)
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
