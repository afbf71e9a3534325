"""A disk image inside a file: the whole file, or one member of an archive."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512


@dataclass(frozen=True, kw_only=True)
class Window:
    """`size_bytes` of the file from `offset` on."""

    path: Path
    offset: int = 0
    size_bytes: int

    @classmethod
    def whole(cls, path: Path) -> Window:
        """All of a file."""
        return cls(path=path, size_bytes=path.stat().st_size)

    def read(self, place: int, size_bytes: int) -> bytes:
        """Up to `size_bytes` from `place` on; fewer at the end, none outside."""
        if place < 0 or place >= self.size_bytes:
            return b""
        size_bytes = min(size_bytes, self.size_bytes - place)
        handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(handle, size_bytes, self.offset + place)
        finally:
            os.close(handle)

    def words(self, kind: str) -> list[str]:
        """How qemu-img is told to read this as an image of the format `kind`, and as no other."""
        if self.offset == 0 and self.size_bytes == self.path.stat().st_size:
            return ["-f", kind, str(self.path)]
        part = {
            "driver": "raw",
            "offset": self.offset,
            "size": -(-self.size_bytes // SECTOR_BYTES) * SECTOR_BYTES,
            "file": {"driver": "file", "filename": str(self.path)},
        }
        return ["json:" + json.dumps({"driver": kind, "file": part})]
