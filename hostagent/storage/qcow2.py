"""The header of a qcow2 file, read without QEMU: at once, and also while a machine has it open.

Source: QEMU's docs/interop/qcow2.txt, "Header".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"QFI\xfb"
HEADER_BYTES = 104
LONGEST_NAME_BYTES = 1023
CORRUPT = 1 << 1
DATA_FILE = 1 << 2
_FIXED = struct.Struct(">4sIQIIQ")
_INCOMPATIBLE_AT = 72


class BadHeader(Exception):
    """This is no qcow2 file that could be used; the message says why."""


@dataclass(frozen=True)
class Header:
    """What the file shows to a guest, and the file that it stands on ("" for none)."""

    size_bytes: int
    backing: str


def read_header(path: Path) -> Header:
    """The header of a file; raises FileNotFoundError or BadHeader."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        if len(head) < _FIXED.size or not head.startswith(MAGIC):
            raise BadHeader("it is no qcow2 file")
        _, version, offset, name_bytes, _, size_bytes = _FIXED.unpack_from(head)
        if version not in (2, 3):
            raise BadHeader(f"it has the unknown version {version}")
        _refuse_features(version, head)
        if name_bytes > LONGEST_NAME_BYTES:
            raise BadHeader("the name of the file that it stands on is too long")
        file.seek(offset)
        name = file.read(name_bytes) if offset else b""
    if offset and len(name) < name_bytes:
        raise BadHeader("it ends too early")
    try:
        return Header(size_bytes, name.decode())
    except UnicodeDecodeError:
        raise BadHeader("the name of the file that it stands on is unreadable") from None


def _refuse_features(version: int, head: bytes) -> None:
    if version < 3:
        return
    if len(head) < HEADER_BYTES:
        raise BadHeader("it ends too early")
    (features,) = struct.unpack_from(">Q", head, _INCOMPATIBLE_AT)
    if features & CORRUPT:
        raise BadHeader("QEMU has marked it as corrupt")
    if features & DATA_FILE:
        raise BadHeader("its data lies in another file")
