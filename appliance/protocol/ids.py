"""Identifiers: UUID version 7, so that ids sort by the time they were made (RFC 9562, 5.7)."""

from __future__ import annotations

import secrets
import time
import uuid


def new_id() -> str:
    """A new id as 36 characters; two made in the same millisecond are in random order."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its canonical 36-character form."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
