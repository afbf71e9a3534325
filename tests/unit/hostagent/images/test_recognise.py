"""The format is told by the first bytes; what is no disk is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostagent.images.recognise import format_of
from hostagent.images.window import Window
from hostagent.protocol.link import CommandFailed


def write(tmp_path: Path, head: bytes, size: int = 4096) -> Path:
    path = tmp_path / "image"
    path.write_bytes(head.ljust(size, b"\0"))
    return path


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"QFI\xfb\0\0\0\3", "qcow2"),
        (b"KDMV", "vmdk"),
        (b"vhdxfile", "vhdx"),
        (b"conectix", "vpc"),
        (bytes(64) + b"\x7f\x10\xda\xbe", "vdi"),
        (bytes(510) + b"\x55\xaa", "raw"),
    ],
)
def test_formats_are_told_by_content(tmp_path: Path, head: bytes, kind: str) -> None:
    assert format_of(Window.whole(write(tmp_path, head))) == kind


@pytest.mark.parametrize("head", [b"", b"hello", b"PK\3\4"])
def test_what_is_no_disk_is_refused(tmp_path: Path, head: bytes) -> None:
    with pytest.raises(CommandFailed) as caught:
        format_of(Window.whole(write(tmp_path, head)))
    assert caught.value.code == "image.not_an_image"


def test_a_few_bytes_are_no_image(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        format_of(Window.whole(write(tmp_path, b"QFI\xfb", size=100)))
