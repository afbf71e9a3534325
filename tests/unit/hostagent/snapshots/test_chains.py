"""Files that stand on each other: what is damaged is named, and nothing is built on it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostagent.libvirt.snapshots import Snapshots
from hostagent.protocol import snapshots as s
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage import layers, nodes
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import node_path, volume_path
from tests.unit.hostagent.snapshots.disks import SIZE_BYTES, context, read, taken, write

MiB = 1024**2


async def grown(snapshots: Snapshots, volume: VolumeRef, *heads: str) -> VolumeRef:
    """The volume with a snapshot below each of these heads, and something written to each."""
    await write(volume, {0: 1})
    for number, head in enumerate(heads, 2):
        await snapshots.take(taken(volume, head))
        volume = replace(volume, head=head)
        await write(volume, {number: number})
    return volume


async def test_which_file_is_the_newest_is_told_by_what_is_there(
    snapshots: Snapshots, volume: VolumeRef
) -> None:
    taking = taken(volume, "b").volumes[0]
    assert volume_path(taking) == node_path(volume, "")
    await snapshots.take(taken(volume, "b"))
    assert volume_path(taking) == node_path(volume, "b")
    merging = s.MergeParams(volume=taking, lower="", upper="b", above=[])
    await snapshots.merge(merging, context())
    assert volume_path(taking) == node_path(volume, "")


async def test_everything_may_be_repeated(
    snapshots: Snapshots, volume: VolumeRef, tmp_path: Path
) -> None:
    first = await snapshots.take(taken(volume, "b"))
    found = await snapshots.take(taken(volume, "b"))
    assert first == found
    assert found.frozen[0].size_bytes == SIZE_BYTES
    head = replace(volume, head="b")
    await write(head, {1: 7})
    for _ in range(2):
        await snapshots.take_back(taken(volume, "b"))
    assert await read(volume, "", tmp_path) == {1: 7}
    assert nodes.nodes_of(volume) == [""]
    head = await grown(snapshots, volume, "b", "c")
    merge = s.MergeParams(volume=head, lower="", upper="b", above=["c"])
    told: list[tuple[int, int, str]] = []
    for _ in range(2):
        await snapshots.merge(merge, context(told))
    assert told[-1] == (100, 100, "percent")
    assert nodes.nodes_of(volume) == ["", "c"]
    for _ in range(2):
        await snapshots.revert(s.RevertParams(volume=replace(volume, head="d"), node=""))
        await snapshots.drop(s.DropParams(volume=replace(volume, head="d"), node="c"))
    assert await read(volume, "d", tmp_path) == {0: 1, 1: 7, 2: 2}


async def test_a_merge_that_was_interrupted_anywhere_goes_on(
    snapshots: Snapshots, volume: VolumeRef, tmp_path: Path
) -> None:
    head = await grown(snapshots, volume, "b", "c")
    await snapshots.revert(s.RevertParams(volume=replace(volume, head="d"), node="b"))
    merge = s.MergeParams(volume=head, lower="", upper="b", above=["c", "d"])
    await layers.commit(merge, lambda *_: None)
    # All are as they were, and so after the first of them stands on the other file.
    for node, content in (("c", {0: 1, 2: 2, 3: 3}), ("d", {0: 1, 2: 2}), ("b", {0: 1, 2: 2})):
        assert await read(volume, node, tmp_path) == content
    await layers._relink(node_path(volume, "c"), node_path(volume, ""))
    await snapshots.merge(merge, context())
    assert nodes.nodes_of(volume) == ["", "c", "d"]
    for node, content in (("c", {0: 1, 2: 2, 3: 3}), ("d", {0: 1, 2: 2})):
        assert await read(volume, node, tmp_path) == content


async def test_nothing_is_merged_or_dropped_under_others(
    snapshots: Snapshots, volume: VolumeRef
) -> None:
    head = await grown(snapshots, volume, "b")
    await snapshots.revert(s.RevertParams(volume=replace(volume, head="c"), node=""))
    before = node_path(volume, "").read_bytes()
    merging = s.MergeParams(volume=head, lower="", upper="b", above=[])
    dropping = s.DropParams(volume=head, node="")
    for work in (snapshots.merge(merging, context()), snapshots.drop(dropping)):
        with pytest.raises(CommandFailed) as caught:
            await work
        assert caught.value.code == "volume.chain_damaged"
        assert caught.value.params["path"] in {str(node_path(volume, one)) for one in "bc"}
    with pytest.raises(CommandFailed):
        await snapshots.drop(s.DropParams(volume=head, node="b"))
    assert node_path(volume, "").read_bytes() == before
    assert nodes.nodes_of(volume) == ["", "b", "c"]


async def test_a_chain_damaged_by_hand_is_found_and_named(
    snapshots: Snapshots, volume: VolumeRef
) -> None:
    head = await grown(snapshots, volume, "b", "c")
    specs = [
        s.NodeSpec(node="c", parent="b"),
        s.NodeSpec(node="b", parent=""),
        s.NodeSpec(node=""),
    ]
    params = s.ChainParams(volume=head, nodes=specs)

    async def problems() -> dict[str, str]:
        report = await snapshots.chain(params)
        return {one.node: one.problem for one in report.nodes if one.problem}

    assert await problems() == {}
    first, middle, last = (node_path(volume, node) for node in ("", "b", "c"))
    stranger = node_path(volume, "z")
    stranger.write_bytes(middle.read_bytes())
    assert (await snapshots.chain(params)).strangers == [str(stranger)]
    stranger.unlink()

    kept = middle.read_bytes()
    for content, problem in (
        (None, "missing"),
        (b"", "damaged"),
        (bytes(65536), "damaged"),
        (kept[:60], "damaged"),
        (last.read_bytes(), "wrong_link"),
        (kept[:72] + (2).to_bytes(8, "big") + kept[80:], "damaged"),  # QEMU's mark: corrupt
    ):
        if content is None:
            middle.unlink()
        else:
            middle.write_bytes(content)
        assert (await problems()).get("b") == problem
        before = {path: path.read_bytes() for path in (first, last)}
        works = (
            snapshots.take(taken(head, "d")),
            snapshots.merge(s.MergeParams(volume=head, lower="b", upper="c", above=[]), context()),
            snapshots.revert(s.RevertParams(volume=replace(volume, head="e"), node="b")),
            snapshots.copy(
                s.CopyParams(
                    source=replace(volume, head="b"),
                    target=replace(volume, volume_id="01a206dc-e382-7311-a163-2d756d9b5f5d"),
                    size_bytes=SIZE_BYTES,
                ),
                context(),
            ),
            driver_for(volume.storage).source_of(head),  # a machine that is to start
        )
        for work in works:
            with pytest.raises(CommandFailed) as caught:
                await work
            assert caught.value.code == "volume.chain_damaged", caught.value
        assert {path: path.read_bytes() for path in (first, last)} == before
        assert set(nodes.nodes_of(volume)) <= {"", "b", "c"}
        middle.write_bytes(kept)
    assert await problems() == {}
    await snapshots.take(taken(head, "d"))


async def test_a_missing_image_is_named_as_what_it_is(tmp_path: Path) -> None:
    storage = StorageRef(storage_id="s", path=str(tmp_path))
    ref = "01a206dc-e382-7311-a163-2d756d9b5f5d"
    volume = VolumeRef(volume_id=ref, storage=storage)
    driver = driver_for(storage)
    image = tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "4M"], check=True)
    await driver.cache_image(ref, image, lambda *_: None)
    await driver.create_overlay(volume, ref, 4 * MiB)
    params = s.ChainParams(volume=volume, nodes=[s.NodeSpec(node="")])
    assert nodes.check(params).nodes[0].problem == ""
    await driver.drop_image(ref)
    assert nodes.check(params).nodes[0].problem == "base_missing"
    with pytest.raises(CommandFailed) as caught:
        await driver.source_of(volume)
    assert caught.value.params["needed_by"] == str(volume_path(volume))


async def test_it_goes_with_all_its_files(snapshots: Snapshots, volume: VolumeRef) -> None:
    head = await grown(snapshots, volume, "b", "c")
    node_path(volume, "d").with_suffix(".new").write_bytes(b"half")
    await driver_for(volume.storage).delete(head)
    assert list(volume_path(volume).parent.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


async def test_a_disk_that_fills_up_changes_nothing(
    snapshots: Snapshots, small_disk: Path, tmp_path: Path
) -> None:
    storage = StorageRef(storage_id="s", path=str(small_disk))
    volume = VolumeRef(volume_id="01a206dc-e382-7311-a163-2d756d9b5f5d", storage=storage)
    await driver_for(storage).create_empty(volume, SIZE_BYTES)
    await write(volume, {1: 1})
    await snapshots.take(taken(volume, "b"))
    head = replace(volume, head="b")
    await write(head, dict.fromkeys(range(8, 32), 2))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096 - 300 * 1024))
    expected = await read(head, "b", tmp_path)
    merge = s.MergeParams(volume=head, lower="", upper="b", above=[])
    copy = s.CopyParams(
        source=volume,
        target=replace(volume, volume_id="01a206dc-e382-7311-a163-2d756d9b5f5e"),
        size_bytes=SIZE_BYTES,
    )
    for work in (
        snapshots.take(taken(head, "c")),
        snapshots.merge(merge, context()),
        snapshots.copy(copy, context()),
    ):
        with pytest.raises(CommandFailed) as caught:
            await work
        assert caught.value.code == "storage.no_space"
        assert caught.value.params["available_bytes"] < MiB
    assert nodes.nodes_of(volume) == ["", "b"]
    assert len(list((small_disk / "volumes").iterdir())) == 2
    assert await read(head, "b", tmp_path) == expected
    ballast.unlink()
    await snapshots.merge(merge, context())
    assert await read(volume, "", tmp_path) == expected
