"""The disk's first sectors: boot code, partition table, the loader's core right behind."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from installer.images import disk


def test_partition_table_names_the_file_system(tmp_path: Path) -> None:
    partition = tmp_path / "root.ext4"
    partition.write_bytes(b"R" * 8192)
    target = tmp_path / "disk.raw"

    disk.disk(b"B" * 512, b"C" * 1000, partition, target)

    data = target.read_bytes()
    assert data[:440] == b"B" * 440
    assert data[510:512] == b"\x55\xaa"
    active, kind, start, sectors = struct.unpack("<BxxxBxxxII", data[446:462])
    assert (active, kind, start, sectors) == (0x80, 0x83, 2048, 16)
    assert data[462:510] == bytes(48)
    assert data[512:1512] == b"C" * 1000
    assert data[2048 * 512 :] == b"R" * 8192


def test_core_that_would_reach_into_the_partition_is_refused(tmp_path: Path) -> None:
    partition = tmp_path / "root.ext4"
    partition.write_bytes(b"")

    with pytest.raises(ValueError, match="does not fit"):
        disk.disk(b"B" * 512, b"C" * (1 << 20), partition, tmp_path / "disk.raw")
