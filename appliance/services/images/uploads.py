"""Uploads: the content of an image on its way from a client to the image store's host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from appliance.engine.calls import Call
from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageStatus
from appliance.services.common import accepted_before, find
from appliance.services.images.models import ImageRow
from appliance.store.database import Store
from hostagent.protocol import commands as c
from hostagent.protocol.storage import ImagePlace, ReceiveParams

START_WITHIN_S = 600.0
JOB_WITHIN_S = 5.0


class _Waiting:
    """A job that waits for the content of its image."""

    def __init__(self, run: JobRun) -> None:
        self.run = run
        self.started = asyncio.Event()
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.carrying: asyncio.Task[None] | None = None
        self.is_given_up = False
        self.received_bytes = 0

    def fail(self, error: ApiError) -> None:
        """Let the job fail, unless it has been given up meanwhile."""
        if not self.finished.done():
            self.finished.set_exception(error)

    def succeed(self) -> None:
        """Let the job go on."""
        if not self.finished.done():
            self.finished.set_result(None)

    async def end(self) -> None:
        """The job waits no more: nothing arrives on the host after this."""
        if self.carrying is not None and not self.carrying.done():
            self.is_given_up = True
            self.carrying.cancel()
            await asyncio.gather(self.carrying, return_exceptions=True)


class Uploads:
    """Brings together the job that waits and the request that carries the bytes."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links
        self._waiting: dict[str, _Waiting] = {}
        self._arrival = asyncio.Condition()

    async def wait(self, image_id: str, run: JobRun) -> None:
        """Let the content of `image_id` arrive; raises what went wrong with it."""
        waiting = self._waiting[image_id] = _Waiting(run)
        async with self._arrival:
            self._arrival.notify_all()
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await waiting.started.wait()
            await waiting.finished
        except TimeoutError:
            row = await self._store.read(lambda: find(ImageRow, image_id, "image"))
            raise Conflict(
                "image.truncated", received_bytes=0, expected_bytes=row.expected_size_bytes
            ) from None
        finally:
            del self._waiting[image_id]
            await waiting.end()

    async def receive(
        self, call: Call, image_id: str, length: int, body: AsyncIterator[bytes]
    ) -> Accepted:
        """Carry the body of a request to the host; returns the job that goes on with it.

        Raises Conflict if the image does not wait for content or the body ends early.
        """
        row = await self._store.read(lambda: _load(image_id))
        waiting = await self._job_of(image_id)
        if row.status != ImageStatus.UPLOADING or waiting is None or waiting.started.is_set():
            raise Conflict("image.not_uploading", name=row.name, status=row.status)
        if length != row.expected_size_bytes:
            raise InvalidInput(
                "image.truncated",
                field="size_bytes",
                received_bytes=length,
                expected_bytes=row.expected_size_bytes,
            )
        waiting.started.set()
        waiting.carrying = asyncio.create_task(self._carry(row, waiting, body))
        try:
            await waiting.carrying
        except ApiError as error:
            waiting.fail(error)
            raise
        except BaseException:
            if waiting.is_given_up:
                name, status = row.name, ImageStatus.DELETING
                raise Conflict("image.not_uploading", name=name, status=status) from None
            received = waiting.received_bytes
            waiting.fail(
                Conflict("image.truncated", received_bytes=received, expected_bytes=length)
            )
            raise
        waiting.succeed()
        return await self._store.read(lambda: accepted_before(image_id))

    async def _job_of(self, image_id: str) -> _Waiting | None:
        """The job that waits; it may be a moment behind the client."""
        async with self._arrival:
            try:
                async with asyncio.timeout(JOB_WITHIN_S):
                    await self._arrival.wait_for(lambda: image_id in self._waiting)
            except TimeoutError:
                return None
        return self._waiting.get(image_id)

    async def _carry(self, row: ImageRow, waiting: _Waiting, body: AsyncIterator[bytes]) -> None:
        expected = row.expected_size_bytes
        async with self._links.stream_call(
            row.image_store.host_id,
            c.IMAGE_RECEIVE,
            lambda stream_id: ReceiveParams(
                place=ImagePlace(image_id=row.id, store_path=row.image_store.path),
                size_bytes=expected,
                stream_id=stream_id,
            ),
        ) as stream:
            async for chunk in body:
                waiting.received_bytes += len(chunk)
                if waiting.received_bytes > expected:
                    break
                await stream.write(chunk)
                waiting.run.report(waiting.received_bytes, expected, "bytes")
            received = waiting.received_bytes
            if received != expected:
                raise Conflict("image.truncated", received_bytes=received, expected_bytes=expected)


def _load(image_id: str) -> ImageRow:
    row = find(ImageRow, image_id, "image")
    _ = row.image_store.path  # fetched now, while the snapshot is open
    return row
