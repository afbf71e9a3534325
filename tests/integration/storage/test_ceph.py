"""The Ceph driver on a real cluster: images, clones, growth, what is in use, and what is secret."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest
import pytest_asyncio

from appliance.protocol.ids import new_id
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.moves import TransferParams
from hostagent.protocol.storage import StorageRef, StorageSpec, VolumeRef
from hostagent.storage import ceph, specs
from hostagent.storage.ceph import CephDriver
from hostagent.storage.drivers import driver_for
from hostagent.storage.transferring import Transfers
from tests.lab.ceph import POOL, USER, CephCluster, ceph_cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")
MiB = 1024**2


def silent(done: int, total: int, unit: str) -> None:
    """Nobody is told."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CephCluster]:
    with ceph_cluster(tmp_path_factory.mktemp("ceph") / "cluster") as cluster:
        yield cluster


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def driver(cluster: CephCluster) -> AsyncIterator[CephDriver]:
    storage = StorageRef(storage_id=new_id(), kind="ceph", source=POOL)
    spec = StorageSpec(storage=storage, monitors=[cluster.monitor], user=USER, key=cluster.key)
    ceph.learn(spec)
    driver = CephDriver(storage)
    await driver.check(is_new=True)
    yield driver
    await driver.release()
    assert not specs.folder_of(storage).exists()


def volume(driver: CephDriver) -> VolumeRef:
    return VolumeRef(volume_id=new_id(), storage=driver.storage)


def source(driver: CephDriver, ref: VolumeRef) -> str:
    conf = specs.folder_of(driver.storage) / "ceph.conf"
    return f"rbd:{driver.path_of(ref)}:conf={conf}:id={USER}"


def qemu_io(target: str, command: str, *options: str) -> str:
    done = subprocess.run(
        ["qemu-io", *options, "-f", "raw", "-c", command, target],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


async def test_the_pool_is_known_again(driver: CephDriver) -> None:
    sizes = await driver.check()
    assert 0 < sizes.available_bytes <= sizes.total_bytes == 4 * 1024**3
    stranger = StorageRef(storage_id=new_id(), kind="ceph", source=POOL)
    ceph.learn(msgspec.structs.replace(specs.spec_of(driver.storage), storage=stranger))
    with pytest.raises(CommandFailed) as caught:
        await CephDriver(stranger).check(is_new=True)
    assert caught.value.code == "storage.other"
    await CephDriver(stranger).release(is_gone=True)
    await driver.check()


async def test_disks_are_clones_of_the_cached_image(driver: CephDriver, tmp_path: Path) -> None:
    image_id, file = new_id(), tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(file), "8M"], check=True)
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 0 1M", str(file)], check=True)
    with pytest.raises(CommandFailed):
        await driver.create_overlay(volume(driver), image_id, 16 * MiB)
    await driver.cache_image(image_id, file, silent)
    assert await driver.has_image(image_id)
    disk = volume(driver)
    for _ in range(2):
        info = await driver.create_overlay(disk, image_id, 16 * MiB)
        assert info.size_bytes == 16 * MiB
    assert "Pattern verification failed" not in qemu_io(source(driver, disk), "read -P 7 0 1M")
    assert "wrote" in qemu_io(source(driver, disk), "write -P 9 0 64k")
    other = volume(driver)
    await driver.create_overlay(other, image_id, 8 * MiB)
    assert "Pattern verification failed" not in qemu_io(source(driver, other), "read -P 7 0 1M")
    with pytest.raises(CommandFailed):
        await driver.drop_image(image_id)
    own = volume(driver)
    for _ in range(2):
        assert (await driver.copy_image(own, image_id, 16 * MiB, silent)).size_bytes == 16 * MiB
    for one in (disk, other):
        await driver.delete(one)
        await driver.delete(one)
    disc_id, disc = new_id(), tmp_path / "disc.iso"
    disc.write_bytes(bytes([5]) * 2 * MiB)
    with pytest.raises(CommandFailed):
        await driver.disc_of(disc_id)
    await driver.cache_image(disc_id, disc, silent)
    assert await driver.has_image(disc_id, is_iso=True)
    found = await driver.disc_of(disc_id)
    assert (found.format, found.network is not None) == ("raw", True)
    name = driver._for_qemu(found.path)  # as QEMU opens it for a drive, read-only
    assert "Pattern verification failed" not in qemu_io(name, "read -P 5 0 2M", "-r")
    await driver.drop_image(disc_id)
    assert not await driver.has_image(disc_id, is_iso=True)
    await driver.drop_image(image_id)  # a copy does not need it
    assert not await driver.has_image(image_id)
    await driver.drop_image(image_id)
    assert "Pattern verification failed" not in qemu_io(source(driver, own), "read -P 7 0 1M")
    await driver.delete(own)


async def test_empty_disks_grow_and_never_shrink(driver: CephDriver) -> None:
    disk = volume(driver)
    for _ in range(2):
        assert (await driver.create_empty(disk, 4 * MiB)).size_bytes == 4 * MiB
    assert (await driver.resize(disk, 12 * MiB)).size_bytes == 12 * MiB
    with pytest.raises(CommandFailed) as caught:
        await driver.resize(disk, 4 * MiB)
    assert caught.value.code == "volume.would_shrink"
    found = await driver.source_of(disk)
    assert (found.format, found.network is not None) == ("raw", True)
    await driver.delete(disk)
    with pytest.raises(CommandFailed) as caught:
        await driver.source_of(disk)
    assert caught.value.code == "volume.missing"


async def test_what_is_open_is_neither_opened_nor_deleted_nor_grown(
    driver: CephDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = volume(driver)
    await driver.create_empty(disk, 4 * MiB)
    holder = await asyncio.create_subprocess_exec(
        "qemu-io",
        "-f",
        "raw",
        source(driver, disk),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"write 0 64k\n")
        await asyncio.wait_for(holder.stdout.readline(), 30)
        monkeypatch.setattr(ceph, "GIVEN_UP_WITHIN_S", 0.5)
        attempts = (
            driver.delete(disk),
            driver.resize(disk, 8 * MiB),
            driver.await_closed(disk),  # so no machine starts with it
        )
        for attempt in attempts:
            with pytest.raises(CommandFailed) as caught:
                await attempt
            assert caught.value.code == "volume.in_use"
    finally:
        holder.kill()
        await holder.wait()


async def test_the_key_is_on_no_command_line(driver: CephDriver, cluster: CephCluster) -> None:
    seen: list[bytes] = []

    async def watch() -> None:
        while True:
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.append(entry.read_bytes())
                except (FileNotFoundError, ProcessLookupError):
                    continue
            await asyncio.sleep(0.01)

    task = asyncio.create_task(watch())
    disk = volume(driver)
    await driver.create_empty(disk, 4 * MiB)
    await driver.delete(disk)
    task.cancel()
    mine = [line for line in seen if str(specs.folder_of(driver.storage)).encode() in line]
    assert mine
    assert not any(cluster.key.encode() in line for line in seen)
    files = list(specs.folder_of(driver.storage).iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


class Context:
    """Nobody is told of the progress."""

    progress = staticmethod(silent)


async def test_a_volume_moves_to_the_pool_and_back(driver: CephDriver, tmp_path: Path) -> None:
    """From files to RBD images and back: the same content, and no more than it takes."""
    size, context = 32 * MiB, cast("CallContext", Context())
    folders = [StorageRef(storage_id=new_id(), path=str(tmp_path / name)) for name in "ab"]
    ref = new_id()
    first, pool, last = (
        VolumeRef(volume_id=ref, storage=one) for one in (folders[0], driver.storage, folders[1])
    )
    files = driver_for(folders[0])
    await files.create_empty(first, size)
    words = ["qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 3M 1M", files.path_of(first)]
    await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
    for here, there in ((first, pool), (pool, last)):
        params = TransferParams(source=here, target=there, size_bytes=size)
        await Transfers().transfer(params, context)
    assert "verification failed" not in qemu_io(source(driver, pool), "read -P 0x5a 3M 1M")
    assert "verification failed" not in qemu_io(source(driver, pool), "read -P 0 4M 28M")
    assert (await driver.info(pool)).used_bytes < 16 * MiB
    words = ["qemu-img", "compare", files.path_of(first), driver_for(folders[1]).path_of(last)]
    await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
    await driver.delete(pool)


async def test_a_volume_loses_its_name(driver: CephDriver) -> None:
    """What a machine has left while it ran is opened by nobody any more."""
    ref = volume(driver)
    with pytest.raises(CommandFailed, match="does not exist"):
        await driver.is_retired(ref)
    await driver.create_empty(ref, 8 * MiB)
    assert not await driver.is_retired(ref)
    for _ in range(2):
        await driver.retire(ref)
        assert await driver.is_retired(ref)
    with pytest.raises(CommandFailed, match="does not exist"):
        await driver.source_of(ref)
    await driver.delete(ref)
    with pytest.raises(CommandFailed, match="does not exist"):
        await driver.is_retired(ref)


async def test_a_cluster_that_is_gone_is_told_in_time(
    driver: CephDriver, cluster: CephCluster
) -> None:
    cluster.kill("osd")
    with pytest.raises(CommandFailed) as caught:
        await driver.check()
    assert caught.value.code == "storage.hangs"
    cluster.start("osd", "0")  # what was in its memory is lost, with the pool's objects
    cluster.await_osd()
