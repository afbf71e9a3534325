"""Images on their way from host to host, through real links: whole, checked, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.services.compute.relay import relay_image
from hostagent.images import relay
from hostagent.images.send import send
from hostagent.protocol import commands as c
from hostagent.protocol.link import CallContext, Peer
from hostagent.protocol.storage import EnsureCachedParams, ImagePlace, StorageRef, StoredImage
from hostagent.storage.paths import cache_path, image_path

MiB = 1024**2


class Run:
    """What of a job the relay uses."""

    def __init__(self) -> None:
        self.data = {"host_id": "target"}
        self.told: list[int] = []

    def report(self, done: int, total: int, unit: str) -> None:
        self.told.append(done)


def _nothing(work: Any) -> Any:
    async def handler(params: Any, context: CallContext) -> c.Nothing:
        await work(params, context)
        return c.Nothing()

    return handler


@contextlib.asynccontextmanager
async def linked(names: tuple[str, ...]) -> AsyncIterator[tuple[HostLinks, dict[str, Peer]]]:
    """The service's links with agents that send and take images."""
    links, agents, tasks = HostLinks(), {}, []
    for name in names:
        left, right = socket.socketpair()
        at_service = Peer(*await asyncio.open_connection(sock=left), is_service=True)
        agent = Peer(*await asyncio.open_connection(sock=right), is_service=False)
        agent.handle(c.IMAGE_DESCRIBE, lambda place, _: relay.describe(place))
        agent.handle(c.IMAGE_SEND, _nothing(send))
        agent.handle(c.IMAGE_CACHE_FROM, _nothing(relay.cache_from))
        tasks += [asyncio.create_task(peer.run()) for peer in (at_service, agent)]
        await links.attach(name, name, at_service)
        agents[name] = agent
    try:
        yield links, agents
    finally:
        links.close_all()
        for agent in agents.values():
            agent.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnsureCachedParams:
    monkeypatch.setattr(relay, "SPOOL", tmp_path / "spool")
    place = ImagePlace(image_id=new_id(), store_path=str(tmp_path / "store"))
    file = image_path(place)
    file.parent.mkdir(parents=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(file), "16M"], check=True)
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 5 0 5M", str(file)], check=True)
    return EnsureCachedParams(
        image_id=place.image_id,
        store_path=place.store_path,
        storage=StorageRef(storage_id=new_id(), path=str(tmp_path / "disks")),
    )


def places(wanted: EnsureCachedParams) -> tuple[Path, Path]:
    place = ImagePlace(image_id=wanted.image_id, store_path=wanted.store_path)
    return image_path(place), cache_path(wanted.storage, wanted.image_id)


async def test_an_image_arrives_as_it_was(wanted: EnsureCachedParams) -> None:
    source, target = places(wanted)
    run: Any = Run()
    async with linked(("store", "target")) as (links, _):
        await relay_image(links, run, "store", "target", wanted)
    assert target.read_bytes() == source.read_bytes()
    assert run.told[-1] == source.stat().st_size > 5 * MiB
    assert not list(relay.SPOOL.glob("*"))


async def test_nothing_is_kept_of_one_that_changed(
    wanted: EnsureCachedParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, target = places(wanted)

    async def describe(_: ImagePlace) -> StoredImage:
        return StoredImage(size_bytes=places(wanted)[0].stat().st_size, sha256="0" * 64)

    monkeypatch.setattr(relay, "describe", describe)
    async with linked(("store", "target")) as (links, _):
        with pytest.raises(ApiError) as caught:
            await asyncio.wait_for(relay_image(links, Run(), "store", "target", wanted), 20)  # type: ignore[arg-type]
    assert caught.value.code == "image.checksum"
    assert not target.exists()
    assert not list(relay.SPOOL.glob("*"))


async def test_a_full_receiver_says_so_and_the_sender_ends(
    wanted: EnsureCachedParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "KEEP_FREE_BYTES", 2**60)
    async with linked(("store", "target")) as (links, _):
        with pytest.raises(ApiError) as caught:
            await asyncio.wait_for(relay_image(links, Run(), "store", "target", wanted), 20)  # type: ignore[arg-type]
    assert caught.value.code == "storage.no_space"


async def test_a_sender_that_is_lost_leaves_nothing(
    wanted: EnsureCachedParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, target = places(wanted)
    async with linked(("store", "target")) as (links, agents):

        async def vanish(*_: object) -> None:
            agents["store"].close()
            await asyncio.sleep(60)

        agents["store"].handle(c.IMAGE_SEND, _nothing(vanish))
        with pytest.raises(ApiError):
            await asyncio.wait_for(relay_image(links, Run(), "store", "target", wanted), 20)  # type: ignore[arg-type]
    assert not target.exists()
    assert not list(relay.SPOOL.glob("*"))
