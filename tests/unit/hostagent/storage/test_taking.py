"""Disks that somebody else has made become volumes, and stay what they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hostagent.protocol.foreign import ForeignDisk
from hostagent.protocol.link import CommandFailed
from hostagent.storage import qemu_img
from hostagent.storage.taking import describe, take

MiB = 1024**2


def make(path: Path, image_format: str, size: str = "8M", *options: str) -> Path:
    command = ["qemu-img", "create", "-q", "-f", image_format, *options, str(path), size]
    subprocess.run(command, check=True)
    subprocess.run(
        ["qemu-io", "-f", image_format, "-c", "write -q -P 0x5a 1M 64k", str(path)], check=True
    )
    return path


def disk(path: Path, image_format: str) -> ForeignDisk:
    return ForeignDisk(path=str(path), target="hda", bus="ide", format=image_format)


async def content_is_whole(path: Path) -> bool:
    read = ["qemu-io", "-r", "-f", "qcow2", "-c", "read -P 0x5a 1M 64k", str(path)]
    said = subprocess.run(read, check=True, capture_output=True, text=True).stdout
    return "verification failed" not in said


async def test_a_plain_file_gets_a_second_name(tmp_path: Path) -> None:
    source, target = make(tmp_path / "a.qcow2", "qcow2"), tmp_path / "volumes" / "v.qcow2"
    for _ in range(2):
        await take(source, "qcow2", target, lambda *_: None)
    assert source.samefile(target)
    found = await describe(disk(source, "qcow2"))
    assert (found.is_plain, found.problem, found.size_bytes) == (True, "", 8 * MiB)


async def test_anything_else_is_copied_whole(tmp_path: Path) -> None:
    raw = make(tmp_path / "a.raw", "raw", str(8 * MiB + 512))
    base = make(tmp_path / "base.qcow2", "qcow2")
    overlay = tmp_path / "over.qcow2"
    create = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", str(overlay)]
    subprocess.run(["qemu-img", *create], check=True)
    for number, (source, image_format) in enumerate(((raw, "raw"), (overlay, "qcow2"))):
        target = tmp_path / "volumes" / f"{number}.qcow2"
        before = source.read_bytes()
        await take(source, image_format, target, lambda *_: None)
        info = await qemu_img.info(str(target), expected_format="qcow2")
        assert info.backing_filename is None
        assert info.virtual_size % MiB == 0
        assert await content_is_whole(target)
        assert source.read_bytes() == before
    found = await describe(disk(overlay, "qcow2"))
    assert (found.is_plain, found.backing) == (False, str(base))


async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.img").write_text("no image")
    for path, image_format, problem in (
        (tmp_path / "none.img", "raw", "missing"),
        (tmp_path, "raw", "not_a_file"),
        (tmp_path / "text.img", "qcow2", "unreadable"),
    ):
        assert (await describe(disk(path, image_format))).problem == problem


async def test_what_does_not_fit_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = make(tmp_path / "a.raw", "raw"), tmp_path / "volumes" / "v.qcow2"
    monkeypatch.setattr("hostagent.storage.taking.free_bytes", lambda _: MiB)
    with pytest.raises(CommandFailed, match="no_space"):
        await take(source, "raw", target, lambda *_: None)
    assert list(target.parent.iterdir()) == []
