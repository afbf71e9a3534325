"""What the headers of disk images say, read here before QEMU gets to see the image.

An image is one file that refers to no other, whole, and of a size that can be. Sources: QEMU's
docs/interop/qcow2.txt; VMware's "Virtual Disk Format 5.0"; Microsoft's "Virtual Hard Disk Image
Format Specification"; the header of VirtualBox's VDI as QEMU's block/vdi.c describes it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import NamedTuple

from hostagent.images.refusals import cut_off, hostile, not_an_image, refuse_absurd_size
from hostagent.images.window import SECTOR_BYTES, Window

_QCOW2 = struct.Struct(">4sIQIIQIIQQIIQ")
_QCOW2_FEATURES = struct.Struct(">QQQ")
_DIRTY, _CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED_L2 = (1 << bit for bit in range(5))
_KNOWN_FEATURES = _DIRTY | _CORRUPT | _DATA_FILE | _COMPRESSION | _EXTENDED_L2
MOST_SNAPSHOTS = 256
LARGEST_L1_BYTES = 32 * 1024**2
LONGEST_NAME_BYTES = 1023

_VMDK = struct.Struct("<4sIIQQQQIQQQ")
_GD_AT_END = 2**64 - 1
_FOOTER_FROM_END_BYTES = 1024
_LARGEST_DESCRIPTOR_BYTES = 1024**2
_EXTENT = re.compile(rb"^\s*(?:RW|RDONLY|NOACCESS)\s+\d+\s+\S+", re.MULTILINE)
_PARENT = re.compile(rb"^\s*parentCID\s*=\s*(\w+)", re.MULTILINE)
_CREATED_AS = re.compile(rb'^\s*createType\s*=\s*"([^"]*)"', re.MULTILINE)
_ONE_FILE = (b"monolithicSparse", b"streamOptimized")

_VDI_WHOLE = (1, 2)  # dynamic and fixed; others are differences to another disk

_VHD = struct.Struct(">8sIIQIIIIQQIII")
_VHD_FOOTER_BYTES = 512
_VHD_FIXED, _VHD_DYNAMIC, _VHD_DIFFERENCE = 2, 3, 4
_VHD_UNUSED = 0xFFFFFFFF
_MOST_VHD_BLOCKS = 4 * 1024**2


def check(window: Window, kind: str) -> bool:
    """Judge the header of an image of the format `kind`; raises CommandFailed.

    Returns whether it can be kept as it is: a qcow2 file with nothing but one disk in it.
    """
    judge = _JUDGES.get(kind)
    return judge(window) if judge is not None else False


class _Qcow2(NamedTuple):
    magic: bytes
    version: int
    backing_at: int
    backing_bytes: int
    cluster_bits: int
    size_bytes: int
    encryption: int
    l1_size: int
    l1_at: int
    table_at: int
    table_clusters: int
    snapshots: int
    snapshots_at: int
    incompatible: int = 0
    compatible: int = 0
    autoclear: int = 0


def _qcow2(window: Window) -> bool:
    header = _qcow2_header(window.read(0, 112))
    if header.backing_at:
        name = window.read(header.backing_at, min(header.backing_bytes, LONGEST_NAME_BYTES))
        raise hostile(f"it refers to another file: {_readable(name)}")
    if header.incompatible & _DATA_FILE:
        raise hostile("its data lies in another file")
    if header.encryption:
        raise hostile("it is encrypted")
    if header.incompatible & _CORRUPT:
        raise not_an_image("it is marked as damaged")
    refuse_absurd_size(header.size_bytes)
    if header.l1_size * 8 > LARGEST_L1_BYTES:
        raise hostile(f"its table of {header.l1_size} entries is absurdly large")
    if header.snapshots > MOST_SNAPSHOTS:
        raise hostile(f"it has {header.snapshots} snapshots")
    end = max(header.l1_at + 8 * header.l1_size, header.table_at + 8, header.snapshots_at)
    if end > window.size_bytes:
        raise cut_off()
    return not (header.snapshots or header.autoclear or header.incompatible & _DIRTY)


def _qcow2_header(head: bytes) -> _Qcow2:
    """The header's fields; raises CommandFailed if they make no sense."""
    if len(head) < _QCOW2.size + _QCOW2_FEATURES.size:
        raise cut_off()
    header = _Qcow2(*_QCOW2.unpack_from(head))
    if header.version not in (2, 3):
        raise not_an_image(f"it is of version {header.version} of qcow2, which is not known")
    if header.version == 3:
        header = _Qcow2(*header[:13], *_QCOW2_FEATURES.unpack_from(head, _QCOW2.size))
    if not 9 <= header.cluster_bits <= 21 or header.incompatible & ~_KNOWN_FEATURES:
        raise not_an_image("its header makes no sense")
    return header


def _vmdk(window: Window) -> bool:
    header = _vmdk_header(window.read(0, SECTOR_BYTES))
    if header is None:
        raise cut_off()
    capacity, descriptor_at, descriptor_size, table_at = header
    if table_at == _GD_AT_END:
        end = window.size_bytes - _FOOTER_FROM_END_BYTES
        footer = _vmdk_header(window.read(end, SECTOR_BYTES))
        if footer is None:
            raise cut_off()
        capacity = min(capacity, footer[0])
    if capacity == 0:  # then it is a list of other files
        raise hostile("its data lies in other files")
    refuse_absurd_size(capacity * SECTOR_BYTES)
    if descriptor_at:
        size_bytes = min(descriptor_size * SECTOR_BYTES, _LARGEST_DESCRIPTOR_BYTES)
        _vmdk_descriptor(window.read(descriptor_at * SECTOR_BYTES, size_bytes))
    return False


def _vmdk_header(head: bytes) -> tuple[int, int, int, int] | None:
    """Capacity, place and size of the descriptor, place of the table (all in sectors)."""
    if len(head) < _VMDK.size or not head.startswith(b"KDMV"):
        return None
    fields = _VMDK.unpack_from(head)
    return fields[3], fields[5], fields[6], fields[9]


def _vmdk_descriptor(text: bytes) -> None:
    text = text.partition(b"\0")[0]
    parent = _PARENT.search(text)
    if parent is not None and parent[1].lower() != b"ffffffff":
        raise hostile("it is the difference to another disk")
    created_as = _CREATED_AS.search(text)
    is_one_file = created_as is None or created_as[1] in _ONE_FILE
    if not is_one_file or len(_EXTENT.findall(text)) > 1:
        raise hostile("its data lies in other files")


def _vdi(window: Window) -> bool:
    head = window.read(0, 512)
    if len(head) < 512:
        raise cut_off()
    (kind,) = struct.unpack_from("<I", head, 76)
    (data_at,) = struct.unpack_from("<I", head, 344)
    (size,) = struct.unpack_from("<Q", head, 368)
    block_bytes, _, _, allocated = struct.unpack_from("<IIII", head, 376)
    if kind not in _VDI_WHOLE or any(head[424:440]):
        raise hostile("it is the difference to another disk")
    refuse_absurd_size(size)
    if data_at + allocated * block_bytes > window.size_bytes:
        raise cut_off()
    return False


def vhd_footer(window: Window) -> bytes:
    """The footer of a VHD, which is at its end; empty if there is none."""
    footer = window.read(window.size_bytes - _VHD_FOOTER_BYTES, _VHD_FOOTER_BYTES)
    if len(footer) < _VHD_FOOTER_BYTES or not footer.startswith(b"conectix"):
        return b""
    (told,) = struct.unpack_from(">I", footer, 64)
    found = ~sum(footer[:64] + footer[68:]) & 0xFFFFFFFF
    return footer if told == found else b""


def _vhd(window: Window) -> bool:
    footer = vhd_footer(window)
    if not footer:
        raise cut_off()
    fields = _VHD.unpack_from(footer)
    table_header_at, size, kind = fields[3], fields[9], fields[11]
    refuse_absurd_size(size)
    if kind == _VHD_DIFFERENCE:
        raise hostile("it is the difference to another disk")
    if kind == _VHD_FIXED:
        if size + _VHD_FOOTER_BYTES > window.size_bytes:
            raise cut_off()
    elif kind == _VHD_DYNAMIC:
        _vhd_blocks(window, table_header_at)
    else:
        raise not_an_image(f"it is a VHD of the unknown kind {kind}")
    return False


def _vhd_blocks(window: Window, header_at: int) -> None:
    """Raises CommandFailed if a block of a dynamic VHD lies behind the end of the file."""
    header = window.read(header_at, 1024)
    if len(header) < 1024 or not header.startswith(b"cxsparse"):
        raise not_an_image("its header makes no sense")
    (table_at,) = struct.unpack_from(">Q", header, 16)
    count, block_bytes = struct.unpack_from(">II", header, 28)
    if count > _MOST_VHD_BLOCKS:
        raise hostile(f"its table of {count} entries is absurdly large")
    table = window.read(table_at, 4 * count)
    if len(table) < 4 * count:
        raise cut_off()
    entries = struct.unpack(f">{count}I", table)
    last = max((entry for entry in entries if entry != _VHD_UNUSED), default=None)
    if last is not None and last * SECTOR_BYTES + block_bytes > window.size_bytes:
        raise cut_off()


def _readable(name: bytes) -> str:
    text = name.decode(errors="replace")
    return "".join(one if one.isprintable() else "?" for one in text)


_JUDGES: dict[str, Callable[[Window], bool]] = {
    "qcow2": _qcow2,
    "vmdk": _vmdk,
    "vdi": _vdi,
    "vpc": _vhd,
}
