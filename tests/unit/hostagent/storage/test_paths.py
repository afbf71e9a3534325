"""Names of files cannot leave their directory; what cannot be written is said why."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostagent.libvirt.pictures import to_png
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import (
    CheckPathParams,
    ImagePlace,
    ReleaseParams,
    StorageRef,
    VolumeRef,
)
from hostagent.storage.paths import check_path, image_path, release, volume_path

GOOD = "01a206dc-e382-7311-a163-2d756d9b5f5d"
STORAGE = StorageRef(storage_id="s", path="/p")


@pytest.mark.parametrize("bad", ["../x", "x", "", f"{GOOD}/..", GOOD.upper(), f"{GOOD}\n"])
def test_only_ids_become_file_names(bad: str) -> None:
    with pytest.raises(CommandFailed):
        volume_path(VolumeRef(volume_id=bad, storage=STORAGE))
    with pytest.raises(CommandFailed):
        image_path(ImagePlace(image_id=bad, store_path="/p"))
    volume = VolumeRef(volume_id=GOOD, storage=STORAGE)
    assert volume_path(volume) == Path(f"/p/volumes/{GOOD}.qcow2")
    later = VolumeRef(volume_id=GOOD, storage=STORAGE, head="b2")
    assert volume_path(later) == Path(f"/p/volumes/{GOOD}.b2.qcow2")
    with pytest.raises(CommandFailed):
        volume_path(VolumeRef(volume_id=GOOD, storage=STORAGE, head="../b"))


def test_a_directory_is_made_and_really_written(tmp_path: Path) -> None:
    found = check_path(CheckPathParams(path=str(tmp_path / "a" / "b")))
    assert found.total_bytes > found.available_bytes > 0
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_test_leaves_no_directories_behind(tmp_path: Path) -> None:
    check_path(CheckPathParams(path=str(tmp_path / "a" / "b"), keep=False))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said_why() -> None:
    with pytest.raises(CommandFailed) as caught:
        check_path(CheckPathParams(path="/proc/anyun"))
    assert caught.value.code == "path.not_writable"
    assert caught.value.params["reason"]


def test_release_takes_only_what_is_ours_and_empty(tmp_path: Path) -> None:
    root = tmp_path / "storage"
    for name in ("cache", "volumes", "others"):
        (root / name).mkdir(parents=True)
    (root / "volumes" / "kept.qcow2").touch()
    release(ReleaseParams(path=str(root)))
    assert sorted(path.name for path in root.iterdir()) == ["others", "volumes"]
    release(ReleaseParams(path=str(tmp_path / "never was")))


def test_a_ppm_screen_becomes_png() -> None:
    ppm = b"P6\n2 1\n255\n" + bytes([255, 0, 0, 0, 0, 255])
    assert to_png(ppm).startswith(b"\x89PNG\r\n\x1a\n")
    assert to_png(to_png(ppm)) == to_png(ppm)
    with pytest.raises(ValueError, match="neither"):
        to_png(b"GIF89a")
