"""Writes a folder as a cpio archive ("newc"), the format of an initramfs, the same each time."""

from __future__ import annotations

import stat
from pathlib import Path

# Kernel documentation, "initramfs buffer format".
_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"


def _entry(name: str, number: int, mode: int, data: bytes) -> bytes:
    path = name.encode() + b"\0"
    # inode, mode, uid, gid, links, mtime, size, device and rdevice numbers, name size, checksum
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = _MAGIC + b"".join(b"%08X" % field for field in fields) + path
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def archive(folder: Path) -> bytes:
    """The cpio archive of everything below `folder`, owned by root, with times set to zero."""
    parts: list[bytes] = []
    for number, path in enumerate(sorted(folder.rglob("*")), start=1):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            data = str(path.readlink()).encode()
        elif stat.S_ISREG(mode):
            data = path.read_bytes()
        else:
            data = b""
        parts.append(_entry(path.relative_to(folder).as_posix(), number, mode, data))
    parts.append(_entry(_TRAILER, 0, 0, b""))
    return b"".join(parts)
