"""A disk that fills up while an image is written: the room is back and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hostagent.images.finish import finish
from hostagent.images.service import KEEP_FREE_BYTES, ensure_cached, write_incoming
from hostagent.protocol.link import CallContext, CommandFailed, Peer
from hostagent.protocol.storage import EnsureCachedParams, FinishParams, ImagePlace, StorageRef
from hostagent.storage import transfer
from hostagent.storage.paths import cache_path, free_bytes, image_path, incoming_path

MiB = 1024**2
IMAGE = "01a206dc-e382-7311-a163-2d756d9b5f5d"
ROOM_BYTES = KEEP_FREE_BYTES + 8 * MiB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    place = tmp_path / "disk"
    place.mkdir()
    options = f"size={ROOM_BYTES + MiB}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


class Watch:
    """Collects progress, and plays the link of a command."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, str]] = []

    def __call__(self, done: int, total: int, unit: str) -> None:
        self.told.append((done, total, unit))

    @contextlib.asynccontextmanager
    async def context(self) -> AsyncIterator[CallContext]:
        """The context of a command, over a link to nobody."""
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*address)
        peer = Peer(reader, writer, is_service=False, software="test")
        try:
            yield CallContext(peer=peer, progress=self)
        finally:
            peer.close()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            server.close()


def files(disk: Path) -> list[Path]:
    return [path for path in disk.rglob("*") if path.is_file()]


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(MiB)


async def test_more_than_anybody_said_beforehand(disk: Path) -> None:
    watch, place = Watch(), ImagePlace(image_id=IMAGE, store_path=str(disk))
    before = free_bytes(disk)
    with pytest.raises(CommandFailed) as caught:
        await write_incoming(place, pieces(ROOM_BYTES // MiB + 8), 0, watch)
    assert watch.told, "the check beforehand refused it already"
    assert caught.value.code == "storage.no_space"
    params = caught.value.params
    assert params["path"] == str(incoming_path(place).parent)
    assert params["needed_bytes"] > params["available_bytes"] > 0
    assert (files(disk), free_bytes(disk)) == ([], before)


async def test_somebody_else_takes_the_room_meanwhile(disk: Path) -> None:
    watch, place = Watch(), ImagePlace(image_id=IMAGE, store_path=str(disk))
    size_bytes = 4 * MiB

    async def chunks() -> AsyncIterator[bytes]:
        yield bytes(MiB)
        (disk / "other").write_bytes(bytes(free_bytes(disk)))
        yield bytes(3 * MiB)

    with pytest.raises(CommandFailed) as caught:
        await write_incoming(place, chunks(), size_bytes, watch)
    assert watch.told == [(MiB, size_bytes, "bytes")]
    assert caught.value.code == "storage.no_space"
    assert caught.value.params["needed_bytes"] == size_bytes + KEEP_FREE_BYTES
    assert files(disk) == [disk / "other"]


async def test_a_disk_that_is_too_full_beforehand_is_not_even_tried(disk: Path) -> None:
    watch, place = Watch(), ImagePlace(image_id=IMAGE, store_path=str(disk))
    with pytest.raises(CommandFailed) as caught:
        await write_incoming(place, pieces(1), ROOM_BYTES, watch)
    assert (watch.told, files(disk)) == ([], [])
    params = caught.value.params
    assert params["needed_bytes"] == ROOM_BYTES + KEEP_FREE_BYTES > params["available_bytes"]


async def test_converting_runs_out_of_room(disk: Path) -> None:
    place = ImagePlace(image_id=IMAGE, store_path=str(disk))
    incoming = incoming_path(place)
    incoming.parent.mkdir()
    source = os.urandom(MiB - 512)
    with incoming.open("wb") as file:
        file.write(bytes(510) + b"\x55\xaa" + source)
        for _ in range(ROOM_BYTES // MiB // 2 + 4):
            file.write(os.urandom(MiB))
    async with Watch().context() as context:
        with pytest.raises(CommandFailed) as caught:
            await finish(FinishParams(place=place), context)
    assert caught.value.code == "storage.no_space"
    assert files(disk) == [incoming]  # the service has it deleted when the job is undone


async def test_a_copy_for_the_cache_runs_out_of_room(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ImagePlace(image_id=IMAGE, store_path=str(tmp_path / "store"))
    source = image_path(place)
    source.parent.mkdir(parents=True)
    source.write_bytes(os.urandom(12 * MiB))
    storage = StorageRef(storage_id="s", path=str(disk))
    params = EnsureCachedParams(image_id=IMAGE, store_path=place.store_path, storage=storage)
    monkeypatch.setattr(transfer, "KEEP_FREE_BYTES", -64 * MiB)
    (disk / "other").write_bytes(bytes(free_bytes(disk) - 4 * MiB))
    async with Watch().context() as context:
        with pytest.raises(CommandFailed) as caught:
            await ensure_cached(params, context)
    assert caught.value.code == "storage.no_space"
    assert not cache_path(storage, IMAGE).exists()
    assert files(disk) == [disk / "other"]
