"""Identifiers: UUID version 7, so that ids sort by the time they were made (RFC 9562, 5.7)."""

from __future__ import annotations

import os
import random
import re
import time

_RANDOM_BITS = 74
_CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
# Ids need to differ, not to be secret, and asking the system for each one is a costly detour.
_random = random.Random(os.urandom(32))  # noqa: S311


def new_id() -> str:
    """A new id as 36 characters; two made in the same millisecond are in random order."""
    milliseconds = time.time_ns() // 1_000_000
    number = _random.getrandbits(_RANDOM_BITS)
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76 | (number >> 62) << 64
    value |= 0b10 << 62 | (number & (1 << 62) - 1)
    # Written out: `uuid.UUID` costs more than all the rest.
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical 36-character form."""
    return _CANONICAL.fullmatch(text) is not None
