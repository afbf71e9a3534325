"""Sizes as people type them: `4GiB`, `512M`, `1.5 TiB`, `1073741824`."""

from __future__ import annotations

import re
from decimal import Decimal

# Memory and disks are counted in powers of 1024 whichever way the unit is written; `GB` for
# 1000**3 would make a disk that is a little smaller than its image.
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTP]?)I?B?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """The number of bytes; raises ValueError that says how to write a size."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size; write it like 4GiB, 512M or a number of bytes")
    size_bytes = Decimal(match.group(1)) * 1024 ** _POWERS[match.group(2).upper()]
    if size_bytes != int(size_bytes):
        raise ValueError(f"{text!r} is no whole number of bytes")
    return int(size_bytes)
