"""What a disk was made for, guessed from its first sectors: shown as a guess, never relied on.

Source: UEFI 2.10, sections 5.2 and 5.3, for partition tables; the types of partitions are those
of the Discoverable Partitions Specification and of Microsoft.
"""

from __future__ import annotations

import struct
import uuid
from typing import NamedTuple

HEAD_BYTES = 64 * 1024
BOOT_CODE_BYTES = 440
_EFI_SYSTEM = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
_MICROSOFT_RESERVED = uuid.UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae")
_LINUX = frozenset(
    uuid.UUID(text)
    for text in (
        "0fc63daf-8483-4772-8e79-3d69d8477de4",  # data
        "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",  # root, x86-64
        "e6d6d379-f507-44c2-a23c-238f2a3df928",  # LVM
        "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",  # swap
        "bc13c2ff-59e6-4262-a352-b275fd6f7172",  # extended boot
    )
)
_MICROSOFT_BOOT_CODE = b"Invalid partition table\0Error loading operating system"
_MBR_EFI, _MBR_LINUX, _MBR_NTFS = 0xEF, (0x83, 0x82, 0x8E), 0x07
_MOST_ENTRIES = 128


class Guess(NamedTuple):
    """Empty where nothing is to be seen."""

    platform: str = ""
    firmware: str = ""


def of_disk(head: bytes) -> Guess:
    """What the first `HEAD_BYTES` of a disk tell."""
    types = _gpt_types(head)
    codes = set(_mbr_types(head))
    has_efi = _EFI_SYSTEM in types or _MBR_EFI in codes
    boots_by_bios = any(head[:BOOT_CODE_BYTES])
    firmware = "bios" if boots_by_bios else "uefi" if has_efi else ""
    is_windows = _MICROSOFT_RESERVED in types or _MICROSOFT_BOOT_CODE in head[:512]
    if is_windows or (_MBR_NTFS in codes and not types):
        return Guess("windows", firmware)
    is_linux = bool(types & _LINUX) or bool(codes & set(_MBR_LINUX))
    return Guess("linux" if is_linux else "", firmware)


def of_disc(volume_descriptor: bytes) -> Guess:
    """What the first volume descriptor of an ISO 9660 file system (ECMA-119, 8.4) tells."""
    told = volume_descriptor[40:72] + volume_descriptor[318:702]
    return Guess("windows" if b"MICROSOFT" in told.upper() or b"CCCOMA" in told else "", "")


def _mbr_types(head: bytes) -> list[int]:
    if head[510:512] != b"\x55\xaa":
        return []
    return [head[446 + 16 * number + 4] for number in range(4)]


def _gpt_types(head: bytes) -> set[uuid.UUID]:
    for sector_bytes in (512, 4096):
        header = head[sector_bytes : sector_bytes + 92]
        if len(header) < 92 or not header.startswith(b"EFI PART"):
            continue
        at, count, size = struct.unpack_from("<QII", header, 72)
        if size < 128:
            return set()
        places = (at * sector_bytes + size * number for number in range(min(count, _MOST_ENTRIES)))
        found = {uuid.UUID(bytes_le=head[place : place + 16]) for place in places
                 if place + 16 <= len(head)}  # fmt: skip
        return found - {uuid.UUID(int=0)}
    return set()
