"""Bandwidths as people type them: `10M`, `1.5Gbit`, `64000`; counted in powers of 1000."""

from __future__ import annotations

import re
from decimal import Decimal

UNLIMITED = "none"
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:bit(?:/s|ps)?)?", re.IGNORECASE)


def parse_rate(text: str, lowest: int | None = None, highest: int | None = None) -> int | None:
    """Bits per second, None for unlimited; raises ValueError that says how to write a rate."""
    if text.strip().lower() == UNLIMITED:
        return None
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no bandwidth; write it like 10M or 1.5Gbit, or none")
    bits_per_s = int(Decimal(match.group(1)) * 1000 ** _POWERS[match.group(2).upper()])
    if lowest is not None and bits_per_s < lowest:
        raise ValueError(f"{text} is too little; at least {rate(lowest)}")
    if highest is not None and bits_per_s > highest:
        raise ValueError(f"{text} is too much; at most {rate(highest)}")
    return bits_per_s


def rate(bits_per_s: int) -> str:
    """The shortest way to type it, like 10M."""
    for unit, power in reversed(_POWERS.items()):
        if power and bits_per_s and bits_per_s % 1000**power == 0:
            return f"{bits_per_s // 1000**power}{unit}"
    return str(bits_per_s)
