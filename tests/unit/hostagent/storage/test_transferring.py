"""Volumes copied to another directory by real qemu-img: whole, alone, and never over themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.protocol.ids import new_id
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.moves import TransferParams
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage import qemu_img
from hostagent.storage.drivers import driver_for
from hostagent.storage.transferring import Transfers

MiB = 1024**2
SIZE_BYTES = 16 * MiB


class Context:
    """Notes the progress."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, str]] = []

    def progress(self, *numbers: Any) -> None:
        """So much of so much."""
        self.told.append(cast("tuple[int, int, str]", numbers))


def volume_in(folder: Path) -> VolumeRef:
    storage = StorageRef(storage_id=new_id(), path=str(folder))
    return VolumeRef(volume_id=new_id(), storage=storage)


def params_for(source: VolumeRef, folder: Path) -> TransferParams:
    storage = StorageRef(storage_id=new_id(), path=str(folder))
    target = VolumeRef(volume_id=source.volume_id, storage=storage)
    return TransferParams(source=source, target=target, size_bytes=SIZE_BYTES)


def io(path: str, command: str) -> str:
    done = subprocess.run(
        ["qemu-io", "-f", "qcow2", "-c", command, path], capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


def path_of(volume: VolumeRef) -> str:
    return driver_for(volume.storage).path_of(volume)


async def transfer(params: TransferParams) -> Context:
    context: Any = Context()
    await Transfers().transfer(params, context)
    return context


async def test_a_volume_on_an_image_becomes_a_whole_one(tmp_path: Path) -> None:
    source = volume_in(tmp_path / "a")
    image_id = new_id()
    cache = tmp_path / "a" / "cache"
    cache.mkdir(parents=True)
    base = str(cache / f"{image_id}.qcow2")
    create = ["create", "-q", "-f", "qcow2", base, str(SIZE_BYTES // 2)]
    await qemu_img.run(create, timeout_s=60)
    io(base, "write -P 0x11 0 1M")
    driver = driver_for(source.storage)
    await driver.create_overlay(source, image_id, SIZE_BYTES)
    io(path_of(source), "write -P 0x22 4M 1M")
    params = params_for(source, tmp_path / "b")
    context = await transfer(params)
    made = path_of(params.target)
    found = await qemu_img.info(made)
    assert (found.virtual_size, found.backing_filename) == (SIZE_BYTES, None)
    for part in ("read -P 0x11 0 1M", "read -P 0x22 4M 1M", "read -P 0 8M 8M"):
        assert "verification failed" not in io(made, part), part
    assert found.actual_size < 4 * MiB, "it takes what it holds"
    assert context.told[-1] == (200, 200, "percent")


async def test_what_an_attempt_before_has_left_is_made_anew(tmp_path: Path) -> None:
    source = volume_in(tmp_path / "a")
    await driver_for(source.storage).create_empty(source, SIZE_BYTES)
    io(path_of(source), "write -P 0x33 0 1M")
    params = params_for(source, tmp_path / "b")
    await driver_for(params.target.storage).create_empty(params.target, 2 * SIZE_BYTES)
    io(path_of(params.target), "write -P 0x44 8M 1M")
    await transfer(params)
    assert "verification failed" not in io(path_of(params.target), "read -P 0x33 0 1M")
    assert "verification failed" not in io(path_of(params.target), "read -P 0 8M 1M")
    assert (await qemu_img.info(path_of(params.target))).virtual_size == SIZE_BYTES


async def test_a_volume_that_is_open_is_not_copied(tmp_path: Path) -> None:
    source = volume_in(tmp_path / "a")
    await driver_for(source.storage).create_empty(source, SIZE_BYTES)
    words = ["qemu-io", "-f", "qcow2", path_of(source)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        assert user.stdin is not None
        user.stdin.write(b"write 0 4k\n")
        user.stdin.flush()
        assert b"wrote" in user.stdout.readline()
        with pytest.raises(CommandFailed, match="lock"):
            await transfer(params_for(source, tmp_path / "b"))


async def test_nothing_is_copied_onto_itself(tmp_path: Path) -> None:
    source = volume_in(tmp_path / "a")
    await driver_for(source.storage).create_empty(source, SIZE_BYTES)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    params = params_for(source, tmp_path / "b")
    with pytest.raises(CommandFailed, match="lies where"):
        await transfer(params)
    same = TransferParams(source=source, target=source, size_bytes=SIZE_BYTES)
    with pytest.raises(CommandFailed, match="lies where"):
        await transfer(same)
    assert Path(path_of(source)).exists()


async def test_a_source_that_is_missing_leaves_nothing(tmp_path: Path) -> None:
    source = volume_in(tmp_path / "a")
    params = params_for(source, tmp_path / "b")
    with pytest.raises(CommandFailed, match="does not exist"):
        await transfer(params)
    assert not Path(path_of(params.target)).exists()


async def test_a_file_loses_its_name(tmp_path: Path) -> None:
    """What a machine has left while it ran is opened by nobody; an empty folder says nothing."""
    ref = volume_in(tmp_path / "a")
    driver = driver_for(ref.storage)
    with pytest.raises(CommandFailed, match="does not exist"):
        await driver.is_retired(ref)
    await driver.create_empty(ref, SIZE_BYTES)
    assert not await driver.is_retired(ref)
    for _ in range(2):
        await driver.retire(ref)
        assert await driver.is_retired(ref)
    with pytest.raises(CommandFailed, match="does not exist"):
        await driver.source_of(ref)
    await driver.delete(ref)
    assert list((tmp_path / "a" / "volumes").iterdir()) == []
