"""What firmware and TPM keep, taken to another folder: whole, as it was, and nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from msgspec import msgpack
from msgspec.structs import replace

from appliance.protocol.ids import new_id
from hostagent.libvirt import firmware, firmware_state
from hostagent.protocol.frames import MAX_FRAME_BYTES
from hostagent.protocol.hardware import KeptState
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef

SECRET = b"endorsement key"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As swtpm and QEMU leave it."""
    found = tmp_path / "one" / "firmware" / "vm"
    (found / "tpm" / "tpm2").mkdir(parents=True)
    (found / "uefi.fd").write_bytes(b"variables")
    (found / "uefi.fd").chmod(0o600)
    (found / "tpm" / "tpm2" / "tpm2-00.permall").write_bytes(SECRET)
    (found / "tpm" / "tpm2" / "tpm2-00.permall").chmod(0o640)
    (found / "tpm" / "tpm2").chmod(0o700)
    (found / "tpm" / "tpm2" / ".lock").touch()
    return found


def seen(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """All below a folder, with modes."""
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.stat().st_mode),
            path.read_bytes() if path.is_file() else None,
        )
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def test_it_arrives_as_it_was(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "two" / "firmware" / "vm"
    sent = msgpack.encode(KeptState(files=firmware_state.take(folder)))
    files = msgpack.decode(sent, type=KeptState).files
    for _ in range(2):
        firmware_state.put(there, files, firmware.PASSABLE)
        assert seen(there) == seen(folder)
        assert stat.S_IMODE(there.stat().st_mode) == firmware.PASSABLE
    assert [path.name for path in there.parent.iterdir()] == ["vm"]


def test_what_was_there_before_does_not_stay(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "two"
    there.mkdir()
    (there / "uefi_secure.fd").write_bytes(b"older")
    (tmp_path / f"two{firmware_state.PART}").mkdir()  # an attempt that died
    firmware_state.put(there, firmware_state.take(folder), firmware.PASSABLE)
    assert seen(there) == seen(folder)
    firmware_state.put(there, firmware_state.take(tmp_path / "nothing"), firmware.PASSABLE)
    assert not there.exists()


def test_links_and_what_else_root_could_read_are_not_taken(folder: Path, tmp_path: Path) -> None:
    before = [file.path for file in firmware_state.take(folder)]
    secret = tmp_path / "shadow"
    secret.write_bytes(b"of the host")
    inside = folder / "tpm" / "tpm2"
    (inside / "link").symlink_to(secret)
    (inside / "folder").symlink_to(tmp_path)
    os.link(secret, inside / "hard")
    os.mkfifo(inside / "pipe")
    assert [file.path for file in firmware_state.take(folder)] == before


def test_too_much_is_refused(folder: Path) -> None:
    (folder / "tpm" / "large").write_bytes(bytes(firmware_state.MOST_BYTES))
    with pytest.raises(CommandFailed) as caught:
        firmware_state.take(folder)
    assert caught.value.code == "domain.state_too_large"
    assert firmware_state.MOST_BYTES < MAX_FRAME_BYTES


@pytest.mark.parametrize("path", ["../out", "/etc/out", "tpm/../../out", ""])
def test_nothing_is_written_outside(folder: Path, tmp_path: Path, path: str) -> None:
    (file,) = [file for file in firmware_state.take(folder) if file.path == "uefi.fd"]
    there = tmp_path / "two" / "vm"
    firmware_state.put(there, [file], firmware.PASSABLE)
    with pytest.raises(CommandFailed):
        firmware_state.put(there, [replace(file, path=path)], firmware.PASSABLE)
    assert list(seen(there)) == ["uefi.fd"], "what was there is still there"
    assert not (tmp_path / "out").exists()


def test_an_owner_that_the_host_lacks_is_named(folder: Path, tmp_path: Path) -> None:
    files = [replace(file, owner="nobody-of-here") for file in firmware_state.take(folder)]
    with pytest.raises(CommandFailed) as caught:
        firmware_state.put(tmp_path / "two", files, firmware.PASSABLE)
    assert caught.value.code == "domain.state_owner"
    assert caught.value.params == {"owner": "nobody-of-here"}
    assert not (tmp_path / "two").exists()


def test_a_tpm_is_not_shown(folder: Path) -> None:
    assert SECRET.decode() not in repr(firmware_state.take(folder))


def test_forgetting_an_old_place_leaves_the_link_to_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmware, "LIBVIRT_TPM", tmp_path / "swtpm")
    (tmp_path / "swtpm").mkdir()
    vm_id = new_id()
    old, new = (StorageRef(storage_id=new_id(), path=str(tmp_path / name)) for name in ("a", "b"))
    for storage in (old, new):
        (firmware.folder_of(vm_id, storage) / "tpm").mkdir(parents=True)
    link = tmp_path / "swtpm" / vm_id
    link.symlink_to(firmware.folder_of(vm_id, new) / "tpm")
    firmware.forget(vm_id, old)
    assert link.is_dir(), "a machine that runs finds its state by it"
    assert not firmware.folder_of(vm_id, old).exists()
    firmware.forget(vm_id, new)
    assert not link.is_symlink()
