"""What NFS storages ask mount(8) for, and that nothing is made where nothing is mounted."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.protocol.ids import new_id
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef, StorageSpec, VolumeRef
from hostagent.storage import nfs, specs
from hostagent.storage.nfs import NfsDriver
from hostagent.storage.tools import DidNotAnswer, Outcome

MiB = 1024**2
SOURCE = "nas.example.com:/export/vms"


class Mounts:
    """mount(8) and umount(8) as a host's kernel would carry them out, on a file like mountinfo."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[list[str]] = []
        self.answer = Outcome(0, b"", "")
        self.lines: dict[str, str] = {}
        path.write_text("")

    async def run(self, program: str, arguments: list[str], *, within_s: float) -> Outcome:
        self.asked.append([program, *arguments])
        if self.answer.status == 0:
            target = arguments[-1]
            if program == "mount":
                shown = target.replace(" ", "\\040")
                source = arguments[-2]
                self.lines[target] = f"36 35 0:30 / {shown} rw - nfs4 {source} rw,vers=4.2\n"
            else:
                del self.lines[target]
            self.path.write_text("".join(self.lines.values()))
        return self.answer


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mounts:
    mounts = Mounts(tmp_path / "mountinfo")
    monkeypatch.setattr(nfs, "MOUNTS", mounts.path)
    monkeypatch.setattr(nfs, "run", mounts.run)
    monkeypatch.setattr(specs, "FOLDER", tmp_path / "specs")
    return mounts


@pytest.fixture
def driver(tmp_path: Path, mounts: Mounts) -> NfsDriver:
    storage = StorageRef(
        storage_id=new_id(), kind="nfs", path=str(tmp_path / "mounts" / "a b"), source=SOURCE
    )
    specs.keep_spec(StorageSpec(storage=storage, options="vers=4.2"))
    return NfsDriver(storage)


async def test_it_is_mounted_once_and_unmounted(driver: NfsDriver, mounts: Mounts) -> None:
    await driver.check(is_new=True)
    await driver.check()
    ((program, *arguments),) = mounts.asked
    options = arguments[3].split(",")
    assert (program, arguments[:3]) == ("mount", ["-t", "nfs", "-o"])
    assert {"nosuid", "nodev", "noexec", "soft", "vers=4.2"} <= set(options)
    assert not {"nolock", "local_lock=all"} & set(options)
    assert arguments[4:] == ["--", SOURCE, driver.storage.path]
    await driver.release()
    assert mounts.asked[-1] == ["umount", "--", driver.storage.path]


async def test_nothing_is_made_where_nothing_is_mounted(driver: NfsDriver) -> None:
    await driver.check(is_new=True)
    volume = VolumeRef(volume_id=new_id(), storage=driver.storage)
    await driver.create_empty(volume, MiB)
    nfs.MOUNTS.write_text("")
    other = VolumeRef(volume_id=new_id(), storage=driver.storage)
    for attempt in (driver.create_empty(other, MiB), driver.delete(volume)):
        with pytest.raises(CommandFailed) as caught:
            await attempt
        assert caught.value.code == "storage.not_mounted"


async def test_another_export_there_is_not_taken_for_it(driver: NfsDriver) -> None:
    await driver.check(is_new=True)
    nfs.MOUNTS.write_text(nfs.MOUNTS.read_text().replace("/export/vms", "/export/other"))
    with pytest.raises(CommandFailed) as caught:
        await driver.check()
    assert caught.value.code == "storage.other"


async def test_what_mount_says_is_told(
    driver: NfsDriver, mounts: Mounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts.answer = Outcome(32, b"", "mount.nfs: access denied by server")
    with pytest.raises(CommandFailed) as caught:
        await driver.check()
    assert caught.value.code == "storage.not_mounted"
    assert "access denied" in caught.value.params["reason"]

    async def silent(*_: object, **__: object) -> Outcome:
        raise DidNotAnswer("mount: no answer within 20 s")

    monkeypatch.setattr(nfs, "run", silent)
    with pytest.raises(CommandFailed):
        await driver.check()
