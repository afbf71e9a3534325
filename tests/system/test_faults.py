"""Faults of the world around: each is answered clearly, and nothing half-made is left."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.client import JobFailed, wait
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import ImageStatus, VmState
from hostagent.libvirt.connection import THREADS
from tests.system.conftest import Cloud

pytestmark = pytest.mark.timeout(300)


@contextlib.contextmanager
def web_server(address: str, folder: Path) -> Iterator[str]:
    """Serves a folder at the test host's outer address; gives its URL."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer((address, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{address}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def image_request(cloud: Cloud, **fields: Any) -> dict[str, Any]:
    """What `image.create` needs."""
    store = cloud.flow.step("image_store").request["id"]
    return {"name": "x", "image_store_id": store, "source": "url"} | fields


async def refused(cloud: Cloud, **fields: Any) -> ApiError:
    """The error with which adding an image ends; nothing of it may be left."""
    accepted = await cloud.client.call("image.create", **image_request(cloud, **fields))
    with pytest.raises(JobFailed) as caught:
        await wait(cloud.client, accepted, timeout_s=90)
    names = [image.name for image in (await cloud.client.call("image.list")).items]
    assert names == ["starter"]
    store = cloud.lab.state / "storage" / "image-store"
    left = [path.suffix for path in store.rglob("*") if path.is_file()]
    assert sorted(left) == [".json", ".qcow2"], "the starter image, and what is known of it"
    return caught.value.error


async def test_images_from_addresses(cloud: Cloud) -> None:
    with web_server(cloud.lab.host.outer_address, cloud.lab.starter) as url:
        missing = await refused(cloud, url=f"{url}/nothing.qcow2")
        assert (missing.code, "404" in missing.params["reason"]) == ("image.url_failed", True)
        wrong = await refused(cloud, url=f"{url}/starter.qcow2", sha256="0" * 64)
        assert wrong.code == "image.checksum"
        assert len(wrong.params["found"]) == 64
        nonsense = await refused(cloud, url=f"{url}/manifest.json")
        assert nonsense.code == "image.not_an_image"
        request = image_request(cloud, url=f"{url}/starter.qcow2", name="good")
        accepted = await cloud.client.call("image.create", **request)
        await wait(cloud.client, accepted, timeout_s=90)
        image = await cloud.client.call("image.get", id=accepted.resource_ids[0])
        assert image.status == ImageStatus.READY
        await wait(cloud.client, await cloud.client.call("image.delete", id=image.id))
        await wait(cloud.client, await cloud.client.call("image.expunge", id=image.id))
    dead = await refused(cloud, url=f"{url}/starter.qcow2")  # the server has gone
    assert dead.code == "image.url_failed"


async def test_a_full_disk_is_told_with_numbers(cloud: Cloud) -> None:
    folder = cloud.lab.state / "storage" / "image-store" / "incoming"
    cloud.lab.host.run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder))
    try:
        full = await refused(cloud, source="starter")
    finally:
        cloud.lab.host.run("umount", str(folder))
    assert full.code == "storage.no_space"
    assert full.params["needed_bytes"] > full.params["available_bytes"]


async def test_an_upload_that_breaks_off_and_is_given_up_leaves_nothing(
    cloud: Cloud, tmp_path: Path
) -> None:
    path = tmp_path / "large.qcow2"
    path.write_bytes(b"QFI\xfb" + bytes(8 * 1024**2))
    request = image_request(cloud, source="upload", size_bytes=path.stat().st_size)
    accepted = await cloud.client.call("image.create", **request)
    sending = asyncio.Event()
    upload = asyncio.create_task(
        cloud.client.upload_image(accepted.resource_ids[0], path, lambda *_: sending.set())
    )
    await asyncio.wait_for(sending.wait(), 30)
    upload.cancel()
    await asyncio.gather(upload, return_exceptions=True)
    with contextlib.suppress(ApiError):  # or it was through before it was broken off
        await cloud.client.call("job.cancel", id=accepted.jobs[0].id)
    with pytest.raises(JobFailed):
        await wait(cloud.client, accepted, timeout_s=60)
    assert (await cloud.client.call("image.list")).total == 1


async def test_libvirt_that_is_down_is_named_and_comes_back(cloud: Cloud) -> None:
    host = cloud.lab.host
    host.stop_libvirtd()
    accepted = await cloud.client.call("vm.create", **cloud.vm_request("later"))
    with pytest.raises(JobFailed) as caught:
        await wait(cloud.client, accepted, timeout_s=120)
    assert caught.value.error.code == "host.libvirt_down"
    host.start_libvirtd()
    vm = await cloud.create("now")
    assert vm.state == VmState.RUNNING
    async with asyncio.timeout(60):
        while "later" in host.run("virsh", "-q", "list", "--all", "--title"):
            await asyncio.sleep(0.5)


async def test_a_guest_that_does_not_listen_is_switched_off(cloud: Cloud) -> None:
    vm = await cloud.create("deaf")
    # It is in its firmware still, where nobody hears the power button.
    began = time.monotonic()
    await cloud.do("vm.stop", vm.id, timeout_s=1)
    assert time.monotonic() - began > 1
    assert (await cloud.vm(vm.id)).state == VmState.STOPPED
    assert vm.id not in cloud.lab.host.run("virsh", "-q", "list", "--all", "--uuid")
    await cloud.do("vm.destroy", vm.id)
    await cloud.do("vm.expunge", vm.id)


async def test_the_agent_goes_on_while_libvirt_hangs(cloud: Cloud) -> None:
    vm, seen = await cloud.create("held"), await cloud.create("seen")
    host_id = vm.host_id
    assert host_id is not None
    folder = str(cloud.lab.state / "storage" / "tried")
    with cloud.lab.host.frozen_libvirtd():
        accepted = await cloud.client.call("vm.pause", id=vm.id)
        # More calls than there are threads for libvirt: all of these threads hang.
        calls = [cloud.client.screenshot(seen.id) for _ in range(THREADS + 1)]
        pictures = [asyncio.create_task(call) for call in calls]
        took_s = []
        for _ in range(5):
            began = time.monotonic()
            async with asyncio.timeout(10):
                found = await cloud.client.call("host.check_path", id=host_id, path=folder)
            assert not found.problems
            took_s.append(time.monotonic() - began)
        assert min(took_s) < 1, took_s
        assert not any(picture.done() for picture in pictures)
        job = await cloud.client.call("job.get", id=accepted.jobs[0].id)
        assert job.finished_at is None
        assert (await cloud.client.call("host.get", id=host_id)).status == "connected"
    await wait(cloud.client, accepted, timeout_s=60)
    assert (await cloud.vm(vm.id)).state == VmState.PAUSED
    for picture in pictures:
        assert (await picture).startswith(b"\x89PNG")
    for one in (vm, seen):
        await cloud.do("vm.destroy", one.id)
        await cloud.do("vm.expunge", one.id)
