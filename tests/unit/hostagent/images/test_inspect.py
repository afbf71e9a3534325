"""The format is told by the first bytes; what is no disk is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostagent.images.inspect import detect_format
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
    assert detect_format(write(tmp_path, head)) == kind


@pytest.mark.parametrize("head", [b"", b"# Disk DescriptorFile", b"hello", b"PK\3\4"])
def test_what_is_no_disk_is_refused(tmp_path: Path, head: bytes) -> None:
    with pytest.raises(CommandFailed) as caught:
        detect_format(write(tmp_path, head))
    assert caught.value.code == "image.not_an_image"


def test_a_few_bytes_are_no_image(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed):
        detect_format(write(tmp_path, b"QFI\xfb", size=100))
