"""Images that are none, break off, or do not fit: told at their field, and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from appliance.client import JobFailed, wait
from appliance.protocol.errors import ErrorBody, to_body
from appliance.protocol.resources import ImageStatus
from tests.contract.services.bench import JOB_WITHIN_S, Bench, told
from tests.integration.network.conftest import run

DISK = bytes(510) + b"\x55\xaa" + bytes(1024**2 - 512)
MiB = 1024**2


@contextlib.asynccontextmanager
async def web_server(body: bytes, *, says: int | None = None) -> AsyncIterator[str]:
    """Answers every request with `body`, with the length that it `says`; none if negative."""
    length = len(body) if says is None else says
    head = f"Content-Length: {length}\r\n" if length >= 0 else ""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n".encode() + body)
        with contextlib.suppress(OSError):  # the host may have seen enough
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/disk.img"
    finally:
        server.close()


async def nothing_left(cloud: Bench) -> bool:
    return (cloud.image_files(), await cloud.all("image")) == ([], [])


async def refused(cloud: Bench, **fields: Any) -> ErrorBody:
    error = await cloud.refused("image.create", **cloud.image_request(**fields))
    assert await nothing_left(cloud)
    return error


NO_ADDRESSES = (
    *("", "disk.img", "ftp://host/disk.img", "file:///etc/passwd", "http://", "http://["),
    *("http://host:99999/x", "http://host/a b", "http://host/a\r\nX: y", "http://host/\0"),
)


async def test_addresses_that_are_none(cloud: Bench) -> None:
    for url in NO_ADDRESSES:
        error = await refused(cloud, url=url)
        assert (error.code, error.field, error.params["url"]) == ("image.bad_url", "url", url)
        checked = await cloud.do("host.check_url", cloud.machine, url=url)
        assert [(item.code, item.field) for item in checked.problems] == [("image.bad_url", "url")]


async def test_an_address_where_nobody_answers(cloud: Bench) -> None:
    async with web_server(DISK) as url:
        good = await cloud.do("host.check_url", cloud.machine, url=url)
        assert (good.problems, good.facts) == ([], {"size_bytes": len(DISK)})
    checked = await cloud.do("host.check_url", cloud.machine, url=url)
    (problem,) = (told(item) for item in checked.problems)
    assert (problem.code, problem.field) == ("image.url_failed", "url")
    error = await refused(cloud, url=url)
    assert (error.code, error.field, error.params["url"]) == ("image.url_failed", "url", url)


async def test_a_server_that_ends_a_download_early(cloud: Bench) -> None:
    async with web_server(DISK, says=2 * len(DISK)) as url:
        error = await refused(cloud, url=url)
    assert error.code in ("image.url_failed", "image.truncated")
    assert error.field == "url"


async def test_what_is_no_image_or_another_one(cloud: Bench, tmp_path: Path) -> None:
    async with web_server(b"<html>not here</html>" * 100) as url:
        error = await refused(cloud, url=url)
        assert (error.code, error.field) == ("image.not_an_image", "url")
    async with web_server(DISK) as url:
        error = await refused(cloud, url=url, sha256="0" * 64)
        assert (error.code, error.field) == ("image.checksum", "sha256")
        error = await refused(cloud, url=url, sha256="12")
        assert (error.code, error.field) == ("request.bad_value", "sha256")
    chained = tmp_path / "chained.qcow2"
    options = ["-f", "qcow2", "-u", "-b", "/etc/passwd", "-F", "raw", str(chained), "1M"]
    subprocess.run(["qemu-img", "create", "-q", *options], check=True)
    async with web_server(chained.read_bytes()) as url:
        error = await refused(cloud, url=url)
        assert (error.code, error.field) == ("image.hostile", "url")
        assert "/etc/passwd" in error.message


async def send(cloud: Bench, image_id: str, says: int, body: bytes) -> None:
    """A PUT that says how much will come, sends `body`, and hangs up when nobody answers."""
    url = urlsplit(cloud.client.url)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=tls)
    head = f"PUT /v1/images/{image_id}/content HTTP/1.1\r\nHost: x\r\nContent-Length: {says}\r\n"
    writer.write(f"{head}Authorization: Bearer {cloud.client.token}\r\n\r\n".encode() + body)
    with contextlib.suppress(OSError):
        await writer.drain()
        if len(body) >= says:
            await reader.readline()
        writer.close()
        await writer.wait_closed()


async def upload(cloud: Bench, body: bytes, *, size_bytes: int) -> ErrorBody | None:
    """An upload of `body` where `size_bytes` were announced; how its job ended."""
    request = cloud.image_request(source="upload", size_bytes=size_bytes)
    accepted = await cloud.client.call("image.create", **request)
    await send(cloud, accepted.resource_ids[0], size_bytes, body)
    try:
        await wait(cloud.client, accepted, timeout_s=JOB_WITHIN_S)
    except JobFailed as failed:
        return told(to_body(failed.error))
    return None


@pytest.mark.parametrize("sent", [0, 1, len(DISK) - 1])
async def test_an_upload_that_ends_early(cloud: Bench, sent: int) -> None:
    """It waits for the rest; whoever does not want to send it cancels the job."""
    request = cloud.image_request(source="upload", size_bytes=len(DISK))
    accepted = await cloud.client.call("image.create", **request)
    (image_id,) = accepted.resource_ids
    await send(cloud, image_id, len(DISK), DISK[:sent])
    found = await cloud.client.call("image.upload_status", id=image_id)
    assert found.is_waiting
    assert found.received_bytes <= sent
    await cloud.client.call("job.cancel", id=accepted.jobs[0].id)
    with pytest.raises(JobFailed) as caught:
        await wait(cloud.client, accepted, timeout_s=JOB_WITHIN_S)
    assert caught.value.error.code == "job.cancelled"
    assert await nothing_left(cloud)


async def test_an_upload_of_what_is_no_image(cloud: Bench) -> None:
    error = await upload(cloud, bytes(4096), size_bytes=4096)
    assert error is not None
    assert (error.code, error.field) == ("image.not_an_image", "file")
    assert await nothing_left(cloud)


async def test_uploads_and_starters_that_cannot_begin(cloud: Bench) -> None:
    error = await refused(cloud, source="upload")
    assert (error.code, error.field) == ("image.size_needed", "size_bytes")
    error = await refused(cloud, source="starter")
    assert (error.code, error.field) == ("image.no_starter", "source")


async def test_names_may_be_used_twice(cloud: Bench) -> None:
    made = [await upload(cloud, DISK, size_bytes=len(DISK)) for _ in range(2)]
    assert made == [None, None]
    images = await cloud.all("image")
    assert [(item.name, item.status) for item in images] == [("i", ImageStatus.READY)] * 2
    assert len([name for name in cloud.image_files() if name.endswith(".qcow2")]) == 2


async def test_an_image_that_still_arrives_cannot_be_used(cloud: Bench) -> None:
    network = (await cloud.do("network.create", **cloud.network_request()))[0]
    request = cloud.image_request(source="upload", size_bytes=len(DISK))
    image_id = (await cloud.client.call("image.create", **request)).resource_ids[0]
    for operation, target, fields, field in (
        ("vm.create", "", cloud.vm_request(image_id, network), "image_id"),
        ("image.delete", image_id, {}, None),
    ):
        error = await cloud.refused(operation, target, **fields)
        assert (error.code, error.field) == ("image.not_ready", field)
        assert error.params == {"name": "i", "status": ImageStatus.UPLOADING}
    assert await cloud.all("vm") == []


async def test_a_disk_that_fills_up_while_an_image_arrives(cloud: Bench) -> None:
    incoming = cloud.folder / "images" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "size=66m", "tmpfs", str(incoming))
    # Nobody says how much will come, so only the writing itself can find out.
    async with web_server(bytes(80 * MiB), says=-1) as url:
        error = await refused(cloud, url=url)
    assert error.code == "storage.no_space"
    assert error.params["path"] == str(incoming)
