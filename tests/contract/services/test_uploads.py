"""Uploads in parts: they go on where they broke off, whichever part of the way had died."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.client import JobFailed, wait
from appliance.client.uploads import ImageUploader
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.resources import ImageStatus, ImageUpload
from appliance.protocol.uploads import CHECKSUM, COMPLETE, NO, OFFSET, YES
from tests.contract.services.bench import JOB_WITHIN_S, Bench
from tests.contract.services.test_images import nothing_left, send
from tests.integration.network.conftest import run

MiB = 1024**2
SIZE_BYTES = 12 * MiB


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(510) + b"\x55\xaa" + os.urandom(SIZE_BYTES - 512))
    return path


async def begin(cloud: Bench, **fields: Any) -> tuple[str, Any]:
    request = cloud.image_request(source="upload", size_bytes=SIZE_BYTES, **fields)
    accepted = await cloud.client.call("image.create", **request)
    return accepted.resource_ids[0], accepted


async def part(
    cloud: Bench, image_id: str, offset: int, body: bytes, complete: str = NO, **more: str
) -> Any:
    headers = {OFFSET: str(offset), COMPLETE: complete} | more
    return await cloud.client.put_content(image_id, headers, len(body), pieces(body))


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    for place in range(0, len(body), MiB):
        yield body[place : place + MiB]


async def so_far(cloud: Bench, image_id: str) -> int:
    found: ImageUpload = await cloud.client.call("image.upload_status", id=image_id)
    assert (found.size_bytes, found.is_waiting) == (SIZE_BYTES, True)
    return found.received_bytes


async def ended(cloud: Bench, accepted: Any) -> str:
    """The code with which a job failed."""
    with pytest.raises(JobFailed) as caught:
        await wait(cloud.client, accepted, timeout_s=JOB_WITHIN_S)
    return caught.value.error.code


async def refusal(work: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(ApiError) as caught:
        await work
    return caught.value.code, dict(caught.value.params)


async def test_parts_must_fit(cloud: Bench, disk: Path) -> None:
    content, (image_id, accepted) = disk.read_bytes(), await begin(cloud)
    assert await so_far(cloud, image_id) == 0
    await part(cloud, image_id, 0, content[:MiB])
    assert await so_far(cloud, image_id) == MiB
    code, params = await refusal(part(cloud, image_id, 2 * MiB, content[:MiB]))
    assert (code, params["received_bytes"]) == ("image.wrong_offset", MiB)
    code, _ = await refusal(part(cloud, image_id, SIZE_BYTES - 1, b"xx"))
    assert code == "image.too_long"
    code, params = await refusal(part(cloud, image_id, MiB, b"x", YES))
    assert (code, params["received_bytes"]) == ("image.truncated", MiB + 1)
    code, params = await refusal(part(cloud, image_id, 0, b"", NO, **{CHECKSUM: "12"}))
    assert (code, params["name"]) == ("request.bad_value", CHECKSUM)
    await part(cloud, image_id, MiB + 1, content[MiB + 1 :])
    found = await cloud.client.call("image.get", id=image_id)
    assert found.status == ImageStatus.UPLOADING  # nobody has said that this is all
    right = hashlib.sha256(b"another file").hexdigest()
    await part(cloud, image_id, SIZE_BYTES, b"", YES, **{CHECKSUM: right})
    assert await ended(cloud, accepted) == "image.checksum"
    assert await nothing_left(cloud)


async def test_a_body_that_breaks_off_is_kept_and_goes_on(cloud: Bench, disk: Path) -> None:
    image_id, accepted = await begin(cloud)
    await send(cloud, image_id, SIZE_BYTES, disk.read_bytes()[: 5 * MiB])
    for _ in range(100):
        if await so_far(cloud, image_id) >= 4 * MiB:
            break
        await asyncio.sleep(0.05)
    told: list[int] = []
    await ImageUploader(cloud.client, image_id, disk, lambda sent, _: told.append(sent)).run()
    assert told[0] >= 4 * MiB, "it began anew"
    assert told[-1] == SIZE_BYTES
    await wait(cloud.client, accepted, timeout_s=JOB_WITHIN_S)
    image = await cloud.client.call("image.get", id=image_id)
    assert image.sha256 == hashlib.sha256(disk.read_bytes()).hexdigest()
    assert await ImageUploader(cloud.client, image_id, disk).run() is None  # all is there


async def test_the_agent_goes_away_in_the_middle(cloud: Bench, disk: Path) -> None:
    image_id, accepted = await begin(cloud)
    is_cut = False

    def cut(sent: int, _: int) -> None:
        nonlocal is_cut
        if sent >= 4 * MiB and not is_cut:
            is_cut = True
            tasks.append(asyncio.create_task(away_and_back()))

    async def away_and_back() -> None:
        await cloud.unplug()
        await cloud.plug()

    tasks: list[asyncio.Task[None]] = []
    await ImageUploader(cloud.client, image_id, disk, cut).run()
    await asyncio.gather(*tasks)
    await wait(cloud.client, accepted, timeout_s=JOB_WITHIN_S)
    image = await cloud.client.call("image.get", id=image_id)
    assert (is_cut, image.status) == (True, ImageStatus.READY)
    assert image.sha256 == hashlib.sha256(disk.read_bytes()).hexdigest()


async def test_a_pause_and_another_client(cloud: Bench, disk: Path) -> None:
    image_id, accepted = await begin(cloud)
    reached = asyncio.Event()

    def watch(sent: int, _: int) -> None:
        if sent >= 3 * MiB:
            reached.set()

    sending = asyncio.create_task(ImageUploader(cloud.client, image_id, disk, watch).run())
    await reached.wait()
    sending.cancel()
    await asyncio.wait([sending])
    with disk.open("r+b") as file:  # somebody changes the file meanwhile
        file.seek(MiB)
        file.write(b"changed")
    await ImageUploader(cloud.client, image_id, disk).run()
    assert await ended(cloud, accepted) in ("image.checksum", "job.cancelled")
    assert await nothing_left(cloud)


async def test_a_file_that_changes_while_it_is_sent(cloud: Bench, disk: Path) -> None:
    image_id, _ = await begin(cloud)
    uploader = ImageUploader(cloud.client, image_id, disk)
    os.utime(disk, ns=(0, 0))
    with pytest.raises(Conflict) as caught:
        await uploader.run()
    assert caught.value.code == "client.file_changed"


async def test_cancelling_ends_an_upload_and_leaves_nothing(cloud: Bench, disk: Path) -> None:
    image_id, accepted = await begin(cloud)
    await part(cloud, image_id, 0, disk.read_bytes()[:MiB])
    await cloud.client.call("job.cancel", id=accepted.jobs[0].id)
    assert await ended(cloud, accepted) in ("image.checksum", "job.cancelled")
    assert await nothing_left(cloud)


async def test_a_host_that_refuses_is_not_waited_for(cloud: Bench, disk: Path) -> None:
    """More than a link holds at once is on its way when the host says no."""
    image_id, _ = await begin(cloud)
    content = disk.read_bytes()
    await part(cloud, image_id, 0, content[:MiB])
    async with asyncio.timeout(10):
        code, params = await refusal(part(cloud, image_id, 5, content[5:]))
    assert (code, params["received_bytes"]) == ("image.wrong_offset", MiB)
    assert await so_far(cloud, image_id) == MiB


async def test_a_disk_that_fills_up_in_the_middle(cloud: Bench, disk: Path) -> None:
    """It is told with its numbers, what has come is kept, and it goes on when there is room."""
    store = cloud.folder / "images"
    run("mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(store))
    image_id, accepted = await begin(cloud)
    others = store / "others"
    free = os.statvfs(store)

    def fill(sent: int, _: int) -> None:
        if sent >= 4 * MiB and not others.exists():
            others.write_bytes(bytes(free.f_bavail * free.f_frsize - 8 * MiB))

    async with asyncio.timeout(30):
        code, params = await refusal(ImageUploader(cloud.client, image_id, disk, fill).run())
    assert code == "storage.no_space"
    assert params["needed_bytes"] > params["available_bytes"]
    kept = await so_far(cloud, image_id)
    assert 4 * MiB <= kept < SIZE_BYTES
    others.unlink()
    told: list[int] = []
    await ImageUploader(cloud.client, image_id, disk, lambda sent, _: told.append(sent)).run()
    assert told[0] == kept
    await wait(cloud.client, accepted, timeout_s=JOB_WITHIN_S)
    image = await cloud.client.call("image.get", id=image_id)
    assert image.sha256 == hashlib.sha256(disk.read_bytes()).hexdigest()
