"""Volumes as files: whole or not at all, larger and never smaller, and never two writers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.protocol.ids import new_id
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CopyImageParams,
    CreateEmptyParams,
    ResizeParams,
    StorageRef,
    VolumeRef,
)
from hostagent.storage import files, volumes
from hostagent.storage.paths import cache_path, volume_path

MiB, GiB = 1024**2, 1024**3


@pytest.fixture
def volume(tmp_path: Path) -> VolumeRef:
    return VolumeRef(volume_id=new_id(), storage=StorageRef(storage_id="s", path=str(tmp_path)))


async def make(volume: VolumeRef, size_bytes: int = 10 * GiB) -> None:
    made = await volumes.create_empty(CreateEmptyParams(volume=volume, size_bytes=size_bytes))
    assert made.size_bytes == size_bytes


async def resize(volume: VolumeRef, size_bytes: int) -> int:
    return (await volumes.resize(ResizeParams(volume=volume, size_bytes=size_bytes))).size_bytes


@contextmanager
def opened(volume: VolumeRef) -> Iterator[None]:
    """A QEMU that writes to the volume."""
    command = ["qemu-io", "-f", "qcow2", str(volume_path(volume))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"write 0 64k\n")
        process.stdin.flush()
        assert b"wrote" in process.stdout.readline()
        try:
            yield
        finally:
            process.communicate(b"quit\n", timeout=10)


async def test_it_is_thin_and_made_once(volume: VolumeRef) -> None:
    await make(volume)
    found = await volumes.info(volume)
    assert found.used_bytes < MiB
    before = volume_path(volume).stat().st_ino
    await volumes.create_empty(CreateEmptyParams(volume=volume, size_bytes=10 * GiB))
    assert volume_path(volume).stat().st_ino == before


async def test_it_only_grows(volume: VolumeRef) -> None:
    await make(volume)
    assert await resize(volume, 12 * GiB) == 12 * GiB
    assert await resize(volume, 12 * GiB) == 12 * GiB
    with pytest.raises(CommandFailed) as caught:
        await resize(volume, 11 * GiB)
    assert caught.value.code == "volume.would_shrink"
    assert (await volumes.info(volume)).size_bytes == 12 * GiB


async def test_while_it_is_open_it_is_looked_at_and_not_written(volume: VolumeRef) -> None:
    await make(volume)
    with opened(volume):
        assert (await volumes.info(volume)).size_bytes == 10 * GiB
        with pytest.raises(CommandFailed) as caught:
            await resize(volume, 12 * GiB)
        assert "lock" in str(caught.value)
    assert await resize(volume, 12 * GiB) == 12 * GiB


async def test_of_one_that_cannot_be_made_nothing_is_left(
    volume: VolumeRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALLEST_FREE_BYTES", 2**62)
    with pytest.raises(CommandFailed) as caught:
        await make(volume)
    assert caught.value.code == "storage.no_space"
    assert caught.value.params["needed_bytes"] > caught.value.params["available_bytes"]
    assert list(volume_path(volume).parent.iterdir()) == []


async def test_one_that_is_missing_is_said_and_deleting_it_does_nothing(volume: VolumeRef) -> None:
    with pytest.raises(CommandFailed) as caught:
        await volumes.info(volume)
    assert caught.value.code == "volume.missing"
    await volumes.delete(volume)
    await make(volume)
    await volumes.delete(volume)
    await volumes.delete(volume)
    assert list(volume_path(volume).parent.iterdir()) == []


async def test_a_copy_of_an_image_has_its_content_and_stands_on_nothing(volume: VolumeRef) -> None:
    image_id = new_id()
    image = cache_path(volume.storage, image_id)
    image.parent.mkdir(parents=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "4M"], check=True)
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 1M", str(image)], check=True)
    asked = CopyImageParams(volume=volume, image_id=image_id, size_bytes=8 * MiB)
    context: Any = SimpleNamespace(progress=lambda *_: None)
    for _ in range(2):
        assert (await volumes.copy_image(asked, context)).size_bytes == 8 * MiB
    image.unlink()
    check = ["qemu-io", "-f", "qcow2", "-c", "read -P 7 0 1M", str(volume_path(volume))]
    assert b"failed" not in subprocess.run(check, check=True, capture_output=True).stdout
    assert [path.name for path in volume_path(volume).parent.iterdir()] == [
        volume_path(volume).name
    ]
    await volumes.delete(volume)
    with pytest.raises(CommandFailed) as caught:
        await volumes.copy_image(asked, context)
    assert caught.value.code == "image.not_cached"
