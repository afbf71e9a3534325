"""The NFS driver on a real server; run by `test_nfs.py` in a guest whose kernel has one.

Server and two clients, as two hosts would be, are on one machine: each mount is a client of its
own (`nosharecache`).
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.protocol.ids import new_id
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    StorageDocument,
    StorageRef,
    StorageSpec,
    StorageStatus,
    VolumeRef,
)
from hostagent.storage import layers, manager, nodes, specs
from hostagent.storage.driver import Driver
from hostagent.storage.drivers import driver_for
from hostagent.storage.nfs import mounted_at

pytestmark = pytest.mark.asyncio(loop_scope="module")
MiB = 1024**2
TOP = Path("/run/exports")  # what clients see as /
EXPORT = TOP / "vms"
SERVER = "/guest/nfs/usr/sbin"
THREADS = "4"
# Waits for a server that is gone are what guests bear well; here they are short.
OPTIONS = "vers=4.2,timeo=10,retrans=1"


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def serve(threads: str) -> None:
    run(f"{SERVER}/rpc.nfsd", "--no-nfs-version", "3", "--no-udp", threads)


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    for path in (TOP, EXPORT):
        path.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=256M", "export", str(path))
    run("modprobe", "nfsd")
    run("mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd")
    for folder in ("/var/lib/nfs/v4recovery", "/run/rpc_pipefs", "/run/nfs"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for file in ("etab", "rmtab"):
        Path("/var/lib/nfs", file).touch()
    options = "no_root_squash,no_subtree_check,insecure"
    Path("/etc/exports").write_text(
        f"{TOP} 127.0.0.1(ro,fsid=0,{options})\n{EXPORT} 127.0.0.1(rw,fsid=1,{options})\n"
    )
    run(f"{SERVER}/exportfs", "-a")
    mountd = subprocess.Popen(
        [f"{SERVER}/rpc.mountd", "--foreground", "--no-nfs-version", "3"],
        stdin=subprocess.DEVNULL,
    )
    # The server takes both mounts for one client: what it had delegated to one, it would not take
    # back for the other.
    Path("/proc/sys/fs/leases-enable").write_text("0")
    # As short as may be: so long clients wait for others to come back.
    Path("/proc/fs/nfsd/nfsv4gracetime").write_text("10")
    Path("/proc/fs/nfsd/nfsv4leasetime").write_text("10")
    serve(THREADS)
    yield
    run(f"{SERVER}/rpc.nfsd", "0")
    mountd.kill()
    mountd.wait()


def spec(storage_id: str, host: str) -> StorageSpec:
    path = f"/run/{host}/{storage_id}"
    storage = StorageRef(storage_id=storage_id, kind="nfs", source="127.0.0.1:/vms", path=path)
    return StorageSpec(storage=storage, options=OPTIONS)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hosts(server: None) -> AsyncIterator[tuple[Driver, Driver]]:
    """The same storage as two hosts have it; the first has marked it."""
    storage_id = new_id()
    found = []
    for number, host in enumerate(("one", "two")):
        known = spec(storage_id, host)
        specs.keep_spec(known)
        driver = driver_for(known.storage)
        await driver.check(is_new=number == 0)
        found.append(driver)
    yield found[0], found[1]
    await found[1].release()
    await released(found[0])
    assert mounted_at(found[0].storage.path) is None
    assert list(EXPORT.iterdir()) == []


async def learn(known: StorageSpec) -> None:
    """There are no secrets in it."""
    specs.keep_spec(known)


def on(driver: Driver, volume_id: str, head: str = "") -> VolumeRef:
    return VolumeRef(volume_id=volume_id, storage=driver.storage, head=head)


def qemu_io(driver: Driver, volume: VolumeRef, *commands: str) -> subprocess.CompletedProcess[str]:
    words = [word for command in commands for word in ("-c", command)]
    path = driver.path_of(volume)
    return subprocess.run(
        ["qemu-io", "-f", "qcow2", "-t", "none", *words, path],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


async def test_both_hosts_see_the_same_disks(hosts: tuple[Driver, Driver]) -> None:
    one, two = hosts
    assert mounted_at(one.storage.path) == ("nfs4", one.storage.source)
    ref = new_id()
    with pytest.raises(CommandFailed) as caught:
        await two.info(on(two, ref))
    assert caught.value.code == "volume.missing"
    await one.create_empty(on(one, ref), 8 * MiB)
    assert (await two.info(on(two, ref))).size_bytes == 8 * MiB
    assert qemu_io(one, on(one, ref), "write -P 0x42 0 1M", "flush").returncode == 0
    said = qemu_io(two, on(two, ref), "read -P 0x42 0 1M")
    assert "verification failed" not in said.stdout, said.stdout
    # What one has frozen, the other sees at once, and merges.
    await layers.make_overlay(on(one, ref), "new", "")
    await two.see_anew()
    assert set(nodes.nodes_of(on(two, ref))) == {"", "new"}
    assert qemu_io(two, on(two, ref, "new"), "write -P 0x43 0 1M", "flush").returncode == 0
    said = qemu_io(one, on(one, ref, "new"), "read -P 0x43 0 1M", "read -P 0 1M 1M")
    assert "verification failed" not in said.stdout, said.stdout
    await two.delete(on(two, ref))
    await one.see_anew()
    assert nodes.files_of(on(one, ref)) == []


async def test_a_disk_has_one_writer_on_all_hosts(hosts: tuple[Driver, Driver]) -> None:
    one, two = hosts
    ref = new_id()
    await one.create_empty(on(one, ref), 8 * MiB)
    writer = subprocess.Popen(
        ["qemu-io", "-f", "qcow2", one.path_of(on(one, ref))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write(b"write -P 1 0 64k\n")
        writer.stdin.flush()
        await asyncio.to_thread(writer.stdout.readline)
        second = await asyncio.to_thread(qemu_io, two, on(two, ref), "write -P 2 0 64k")
        assert second.returncode != 0
        assert "lock" in second.stderr, second.stderr
        with pytest.raises(CommandFailed):
            await two.resize(on(two, ref), 16 * MiB)
    finally:
        writer.communicate(b"quit\n", timeout=30)
    assert qemu_io(two, on(two, ref), "read -P 1 0 64k").returncode == 0
    await two.delete(on(two, ref))


async def test_the_server_goes_and_comes_back(
    hosts: tuple[Driver, Driver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = hosts
    ref = new_id()
    await one.create_empty(on(one, ref), 8 * MiB)
    assert qemu_io(one, on(one, ref), "write -P 0x51 0 1M", "flush").returncode == 0
    monkeypatch.setattr(manager, "LOOK_EVERY_S", 0.5)
    told: list[StorageStatus] = []
    storages = manager.Storages(tmp_path, told.append, learn)
    known = spec(one.storage.storage_id, "one")
    report = await storages.apply(StorageDocument(storages=[known]))
    assert [status.is_connected for status in report.storages] == [True]
    try:
        serve("0")
        await until(lambda: bool(told))
        assert not told[0].is_connected
        lost = await asyncio.to_thread(qemu_io, one, on(one, ref), "write -P 0x52 1M 1M", "flush")
        assert lost.returncode != 0  # it ends, with an error
        serve(THREADS)
        await until(lambda: told[-1].is_connected)
    finally:
        serve(THREADS)
        await storages.stop()
    said = await asyncio.to_thread(qemu_io, one, on(one, ref), "read -P 0x51 0 1M")
    assert "verification failed" not in said.stdout, said.stdout
    assert qemu_io(one, on(one, ref), "write -P 0x53 1M 1M", "flush").returncode == 0
    await one.delete(on(one, ref))


async def released(driver: Driver) -> None:
    """Give the storage back; the last look at it may be under way still."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await driver.release(is_gone=True)
            except CommandFailed as error:
                if error.code != "storage.not_unmounted":
                    raise
                await asyncio.sleep(0.5)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not is_so():
            await asyncio.sleep(0.1)
