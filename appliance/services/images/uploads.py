"""Uploads: the content of an image on its way from a client to the image store's host.

The job waits; requests bring the content, each a part of it from an offset on. How much has come is
what the host has on its disk. That nothing follows is written down before the job goes on, so an
upload outlives everything between the client's file and that disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from appliance.engine.calls import Call
from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import ImageStatus, ImageUpload, Waiting
from appliance.protocol.uploads import Part
from appliance.services.common import accepted_before, find
from appliance.services.images.machine import IMAGE_MACHINE
from appliance.services.images.models import ImageRow
from appliance.store.database import Store, Transaction
from hostagent.protocol import commands as c
from hostagent.protocol.storage import ImagePlace, Received, ReceiveParams

SILENCE_S = 24 * 3600.0
JOB_WITHIN_S = 5.0


class _Waiting:
    """A job that waits for the content of its image."""

    def __init__(self, run: JobRun) -> None:
        self.run = run
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.carrying: asyncio.Task[None] | None = None
        self.heard = asyncio.Event()

    @property
    def is_carrying(self) -> bool:
        """Whether a request brings content now."""
        return self.carrying is not None and not self.carrying.done()

    def succeed(self) -> None:
        """Let the job go on."""
        if not self.finished.done():
            self.finished.set_result(None)

    async def end_carrying(self) -> None:
        """Nothing of the request that is carried now arrives on the host after this."""
        if self.carrying is not None and self.is_carrying:
            self.carrying.cancel()
            await asyncio.gather(self.carrying, return_exceptions=True)


class Uploads:
    """Brings together the job that waits and the requests that carry the bytes."""

    def __init__(self, store: Store, links: HostLinks) -> None:
        self._store = store
        self._links = links
        self._waiting: dict[str, _Waiting] = {}
        self._arrival = asyncio.Condition()

    async def wait(self, image_id: str, run: JobRun) -> None:
        """Let all content of `image_id` arrive; raises Conflict if nothing comes for a day."""
        row = await self._store.read(lambda: _load(image_id))
        if row.status != ImageStatus.UPLOADING:
            return  # it had all come before this job began anew
        waiting = self._waiting[image_id] = _Waiting(run)
        async with self._arrival:
            self._arrival.notify_all()
        try:
            await self._until_finished(row, waiting)
        finally:
            del self._waiting[image_id]
            await waiting.end_carrying()

    async def _until_finished(self, row: ImageRow, waiting: _Waiting) -> None:
        expected = row.expected_size_bytes
        while not waiting.finished.done():
            waiting.heard.clear()
            if not waiting.is_carrying:
                waiting.run.wait(Waiting(code="wait.upload"))
            hearing = asyncio.create_task(waiting.heard.wait())
            done, _ = await asyncio.wait(
                {hearing, waiting.finished},
                timeout=SILENCE_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            hearing.cancel()
            if not done and not waiting.is_carrying:
                received = await self._received(row)
                raise Conflict(
                    "image.upload_abandoned", received_bytes=received, expected_bytes=expected
                )
        waiting.run.wait(None)

    async def status(self, call: Call, _: q.Empty) -> ImageUpload:
        """How far an upload is; raises NotFound, or Unavailable if the host is away."""
        row = await self._store.read(lambda: _load(call.target))
        expected = row.expected_size_bytes
        if row.status != ImageStatus.UPLOADING:
            return ImageUpload(received_bytes=expected, size_bytes=expected, is_waiting=False)
        received = await self._received(row)
        return ImageUpload(received_bytes=received, size_bytes=expected, is_waiting=True)

    async def receive(
        self, call: Call, image_id: str, part: Part, body: AsyncIterator[bytes]
    ) -> Accepted:
        """Carry the body of a request to the host; returns the job that waits for it.

        Raises Conflict if the image does not wait for content, or not for this part of it. A body
        that ends early is kept as far as it came.
        """
        row = await self._store.read(lambda: _load(image_id))
        waiting = await self._job_of(image_id)
        if row.status != ImageStatus.UPLOADING or waiting is None:
            raise Conflict("image.not_uploading", name=row.name, status=row.status)
        _refuse_misfit(row, part)
        await waiting.end_carrying()  # the client has come back: its former connection is dead
        if part.length:
            await self._bring(row, waiting, part, body)
        elif part.offset != (received := await self._received(row)):
            raise Conflict("image.wrong_offset", received_bytes=received)
        await self._complete(row, waiting, part)
        return await self._store.read(lambda: accepted_before(image_id))

    async def _bring(
        self, row: ImageRow, waiting: _Waiting, part: Part, body: AsyncIterator[bytes]
    ) -> None:
        task = waiting.carrying = asyncio.create_task(self._carry(row, waiting, part, body))
        waiting.run.wait(None)
        waiting.heard.set()
        try:
            await asyncio.wait([task])
            if task.cancelled():
                status = ImageStatus.UPLOADING
                raise Conflict("image.not_uploading", name=row.name, status=status)
            await task
        finally:
            if not task.done():  # who asked has been cancelled
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            waiting.heard.set()

    async def _complete(self, row: ImageRow, waiting: _Waiting, part: Part) -> None:
        end, expected = part.offset + part.length, row.expected_size_bytes
        if part.is_last is False or (part.is_last is None and end < expected):
            return
        if end != expected:
            raise Conflict("image.truncated", received_bytes=end, expected_bytes=expected)
        await self._store.write(lambda tx: _note_all_is_there(tx, row.id, part.sha256))
        waiting.succeed()

    async def _received(self, row: ImageRow) -> int:
        host_id, place = row.image_store.host_id, _place(row)
        found: Received = await self._links.call(host_id, c.IMAGE_RECEIVED, place)
        return found.size_bytes

    async def _job_of(self, image_id: str) -> _Waiting | None:
        """The job that waits; it may be a moment behind the client."""
        async with self._arrival:
            try:
                async with asyncio.timeout(JOB_WITHIN_S):
                    await self._arrival.wait_for(lambda: image_id in self._waiting)
            except TimeoutError:
                return None
        return self._waiting.get(image_id)

    async def _carry(
        self, row: ImageRow, waiting: _Waiting, part: Part, body: AsyncIterator[bytes]
    ) -> None:
        expected, came = row.expected_size_bytes, 0
        async with self._links.stream_call(
            row.image_store.host_id,
            c.IMAGE_RECEIVE,
            lambda stream_id: ReceiveParams(
                place=_place(row),
                offset_bytes=part.offset,
                size_bytes=part.length,
                left_bytes=expected - part.offset,
                stream_id=stream_id,
            ),
        ) as stream:
            async for chunk in body:
                came += len(chunk)
                if came > part.length:
                    break
                await stream.write(chunk)
                waiting.run.report(part.offset + came, expected, "bytes")
            if came != part.length:
                raise Conflict("image.truncated", received_bytes=came, expected_bytes=part.length)


def _refuse_misfit(row: ImageRow, part: Part) -> None:
    expected = row.expected_size_bytes
    if part.offset + part.length > expected:
        raise InvalidInput(
            "image.too_long",
            field="size_bytes",
            received_bytes=part.offset + part.length,
            expected_bytes=expected,
        )
    if part.sha256 and row.expected_sha256 not in ("", part.sha256):
        raise Conflict(
            "image.checksum", field="sha256", expected=row.expected_sha256, found=part.sha256
        )


def _note_all_is_there(tx: Transaction, image_id: str, sha256: str) -> None:
    """From now on the image is being made, whoever dies; raises Conflict if it is given up."""
    row = find(ImageRow, image_id, "image")
    if row.status != ImageStatus.UPLOADING:
        raise Conflict("image.not_uploading", name=row.name, status=row.status)
    IMAGE_MACHINE.check(ImageStatus(row.status), ImageStatus.CREATING)
    row.status = ImageStatus.CREATING
    row.expected_sha256 = sha256 or row.expected_sha256
    row.save()
    tx.touch("image", image_id)


def _place(row: ImageRow) -> ImagePlace:
    return ImagePlace(image_id=row.id, store_path=row.image_store.path)


def _load(image_id: str) -> ImageRow:
    row = find(ImageRow, image_id, "image")
    _ = row.image_store.path  # fetched now, while the snapshot is open
    return row
