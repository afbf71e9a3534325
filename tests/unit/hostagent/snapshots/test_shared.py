"""Files on storages that hosts share: nothing is taken for merged that is only not seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.protocol.ids import new_id
from hostagent.libvirt.snapshots import Snapshots
from hostagent.protocol import snapshots as s
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage import nodes
from hostagent.storage.drivers import driver_for
from hostagent.storage.mark import MARK
from hostagent.storage.paths import node_path
from tests.unit.hostagent.snapshots.disks import SIZE_BYTES, context, read, taken, write


@pytest.fixture
async def volume(tmp_path: Path) -> VolumeRef:
    """An empty volume on a storage that has its mark."""
    place = tmp_path / "shared"
    place.mkdir()
    ref = VolumeRef(
        volume_id=new_id(),
        storage=StorageRef(storage_id=new_id(), kind="shared", path=str(place)),
    )
    driver = driver_for(ref.storage)
    await driver.check(is_new=True)
    await driver.create_empty(ref, SIZE_BYTES)
    return ref


def all_of(snapshots: Snapshots, volume: VolumeRef) -> list[Coroutine[Any, Any, Any]]:
    """Everything that hosts do with the snapshots of a volume with the head `b`."""
    head = replace(volume, head="b")
    merge = s.MergeParams(volume=replace(head, fallback=""), lower="", upper="b", above=[])
    target = replace(volume, volume_id=new_id())
    return [
        snapshots.take(taken(head, "c")),
        snapshots.take_back(taken(volume, "b")),
        snapshots.revert(s.RevertParams(volume=replace(volume, head="d"), node="")),
        snapshots.drop(s.DropParams(volume=volume, node="b")),
        snapshots.merge(merge, context()),
        snapshots.settle(s.SettleParams(volume=replace(head, fallback=""))),
        snapshots.copy(s.CopyParams(source=volume, target=target, size_bytes=1), context()),
        snapshots.chain(s.ChainParams(volume=head, nodes=[s.NodeSpec(node="b", parent="")])),
    ]


async def test_a_directory_that_is_not_mounted_has_no_say(
    snapshots: Snapshots, volume: VolumeRef, tmp_path: Path
) -> None:
    await snapshots.take(taken(volume, "b"))
    there = Path(volume.storage.path)
    there.rename(tmp_path / "away")
    (there / "volumes").mkdir(parents=True)  # what is below the mount
    for work in all_of(snapshots, volume):
        with pytest.raises(CommandFailed) as caught:
            await work
        assert caught.value.code == "storage.not_shared"
    assert list((there / "volumes").iterdir()) == []
    (there / "volumes").rmdir()
    there.rmdir()
    (tmp_path / "away").rename(there)
    assert nodes.nodes_of(volume) == ["", "b"]


async def test_another_storage_has_no_say(snapshots: Snapshots, volume: VolumeRef) -> None:
    await snapshots.take(taken(volume, "b"))
    (Path(volume.storage.path) / MARK).write_text(new_id())
    for work in all_of(snapshots, volume):
        with pytest.raises(CommandFailed) as caught:
            await work
        assert caught.value.code == "storage.other"


async def test_nothing_is_left_of_looking(
    snapshots: Snapshots, volume: VolumeRef, tmp_path: Path
) -> None:
    await write(volume, {0: 1})
    await snapshots.take(taken(volume, "b"))
    taking = taken(volume, "b").volumes[0]
    found = await driver_for(volume.storage).source_of(taking)
    assert found.path == str(node_path(volume, "b"))
    assert len(list(node_path(volume, "").parent.iterdir())) == 2
    assert await read(volume, "b", tmp_path) == {0: 1}


@asynccontextmanager
async def writer(path: Path) -> AsyncIterator[None]:
    """A QEMU that has a file open for writing, as one on another host would."""
    process = await asyncio.create_subprocess_exec(
        *("qemu-io", "-f", "qcow2", str(path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b"write 0 64k\n")
        await process.stdin.drain()
        await asyncio.wait_for(process.stdout.readline(), 10)
        yield
    finally:
        process.stdin.close()
        await process.wait()


async def test_what_a_machine_of_another_host_writes_to_stays(
    snapshots: Snapshots, volume: VolumeRef
) -> None:
    await snapshots.take(taken(volume, "b"))
    head = replace(volume, head="b")
    merge = s.MergeParams(volume=replace(head, fallback=""), lower="", upper="b", above=[])
    async with writer(node_path(volume, "b")):
        for work in (
            snapshots.revert(s.RevertParams(volume=replace(volume, head="d"), node="")),
            snapshots.drop(s.DropParams(volume=volume, node="b")),
        ):
            with pytest.raises(CommandFailed) as caught:
                await work
            assert caught.value.code == "volume.in_use"
        with pytest.raises(CommandFailed, match="lock"):
            await snapshots.merge(merge, context())
        # A frozen file is read meanwhile.
        target = replace(volume, volume_id=new_id())
        params = s.CopyParams(source=volume, target=target, size_bytes=SIZE_BYTES)
        await snapshots.copy(params, context())
    assert nodes.nodes_of(volume) == ["", "b"]
    await snapshots.merge(merge, context())
    assert nodes.nodes_of(volume) == [""]
