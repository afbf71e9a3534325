"""A file system that hangs, as a dead server's does: writers wait and cannot be ended.

It is a file system in a file, frozen by the kernel: everything that would change it waits until it
is thawed.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.protocol.ids import new_id
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    StorageDocument,
    StorageRef,
    StorageSpec,
    StorageStatus,
    VolumeRef,
)
from hostagent.storage import guard, manager
from hostagent.storage.drivers import driver_for

MiB = 1024**2


class FileSystem:
    """A file system that can be frozen, mounted at `path`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "hangs"
        self.path.mkdir()
        image = folder / "image"
        run("truncate", "-s", "64M", str(image))
        run("mkfs.ext4", "-q", str(image))
        run("mount", "-o", "loop", str(image), str(self.path))
        self._is_frozen = False

    def freeze(self) -> None:
        run("fsfreeze", "--freeze", str(self.path))
        self._is_frozen = True

    def thaw(self) -> None:
        run("fsfreeze", "--unfreeze", str(self.path))
        self._is_frozen = False

    def remove(self) -> None:
        if self._is_frozen:
            self.thaw()
        run("umount", "--lazy", str(self.path))


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[FileSystem]:
    found = FileSystem(tmp_path)
    yield found
    found.remove()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines are what they are for people; here they come sooner."""
    monkeypatch.setattr(manager, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(manager, "LOOK_WITHIN_S", 0.5)
    monkeypatch.setattr(guard.guarded, "__kwdefaults__", {"within_s": 0.5})


async def nothing(_: StorageSpec) -> None:
    """There are no secrets."""


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.02)


async def test_what_hangs_is_told_and_nothing_else_waits_for_it(
    hanging: FileSystem, tmp_path: Path
) -> None:
    told: list[StorageStatus] = []
    bad, good = (
        StorageRef(storage_id=new_id(), kind="local", path=str(path))
        for path in (hanging.path, tmp_path / "well")
    )
    storages = manager.Storages(tmp_path, told.append, nothing)
    document = StorageDocument(storages=[StorageSpec(storage=one) for one in (bad, good)])
    report = await storages.apply(document)
    assert [one.is_connected for one in report.storages] == [True, True]

    hanging.freeze()
    await until(lambda: bool(told))
    assert [(one.storage_id, one.code) for one in told] == [(bad.storage_id, "storage.hangs")]
    # The other one works, and who asks for this one is told so, however often.
    await driver_for(good).create_empty(VolumeRef(volume_id=new_id(), storage=good), 4 * MiB)
    lost = VolumeRef(volume_id=new_id(), storage=bad)
    for _ in range(guard.MOST_HANGING + 2):
        with pytest.raises(CommandFailed) as caught:
            await driver_for(bad).create_empty(lost, 4 * MiB)
        assert caught.value.code == "storage.hangs"
    assert len(told) == 1

    # It is back by itself; what had hung has ended.
    hanging.thaw()
    await until(lambda: len(told) > 1)
    assert (told[-1].storage_id, told[-1].is_connected) == (bad.storage_id, True)
    await driver_for(bad).create_empty(lost, 4 * MiB)

    # Nor does the agent wait for it when it stops.
    hanging.freeze()
    await until(lambda: len(told) > 2)
    async with asyncio.timeout(10):
        await storages.stop()
