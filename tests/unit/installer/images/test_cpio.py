"""The initramfs archive: what the kernel's unpacker expects, and the same bytes each time."""

from __future__ import annotations

from pathlib import Path

from installer.images import cpio


def entries(data: bytes) -> dict[str, tuple[int, bytes]]:
    """Read an archive back: mode and content by name."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while at < len(data):
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        start = at + -(-(110 + name_size) // 4) * 4
        found[name] = (mode, data[start : start + size])
        at = start + -(-size // 4) * 4
    return found


def make(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/tool").write_bytes(b"#!/bin/sh\n")
    (folder / "bin/tool").chmod(0o755)
    (folder / "init").symlink_to("bin/tool")
    return folder


def test_holds_files_folders_and_links(tmp_path: Path) -> None:
    found = entries(cpio.archive(make(tmp_path / "a")))

    assert list(found) == ["bin", "bin/tool", "init", "TRAILER!!!"]
    assert found["bin/tool"] == (0o100755, b"#!/bin/sh\n")
    assert found["init"][1] == b"bin/tool"
    assert found["bin"][0] & 0o170000 == 0o040000


def test_same_content_gives_same_bytes(tmp_path: Path) -> None:
    first, second = make(tmp_path / "a"), make(tmp_path / "b")

    assert cpio.archive(first) == cpio.archive(second)
