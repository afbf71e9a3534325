"""Bandwidths as people type them: `10M`, `1.5Gbit`, `64000`; counted in powers of 1000."""

from __future__ import annotations

import re
from decimal import Decimal

UNLIMITED = "none"
LIMIT_MIN_BITS_PER_S, LIMIT_MAX_BITS_PER_S = 64_000, 10**12
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:bit(?:/s|ps)?)?", re.IGNORECASE)


def parse_bandwidth(text: str) -> int | None:
    """Bits per second, None for unlimited; raises ValueError that says how to write it."""
    if text.strip().lower() == UNLIMITED:
        return None
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no bandwidth; write it like 10M, 1.5Gbit or none")
    bits_per_s = int(Decimal(match.group(1)) * 1000 ** _POWERS[match.group(2).upper()])
    if bits_per_s < LIMIT_MIN_BITS_PER_S:
        raise ValueError(f"{text} is too little; at least {shortest(LIMIT_MIN_BITS_PER_S)}")
    if bits_per_s > LIMIT_MAX_BITS_PER_S:
        raise ValueError(f"{text} is too much; at most {shortest(LIMIT_MAX_BITS_PER_S)}")
    return bits_per_s


def shortest(bits_per_s: int) -> str:
    """The shortest way to type it, like 10M."""
    for unit, power in reversed(_POWERS.items()):
        if power and bits_per_s and bits_per_s % 1000**power == 0:
            return f"{bits_per_s // 1000**power}{unit}"
    return str(bits_per_s)
