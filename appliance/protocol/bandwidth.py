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
    """The shortest exact way to type it, like 10M or 1.5G."""
    for unit, power in reversed(_POWERS.items()):
        whole = 1000**power
        if power and bits_per_s >= whole and bits_per_s % (whole // 1000) == 0:
            return f"{(Decimal(bits_per_s) / whole).normalize():f}{unit}"
    return str(bits_per_s)


def bandwidth_words(bits_per_s: int) -> str:
    """As people say it, like 10 Mbit/s."""
    text = shortest(bits_per_s)
    number = text.rstrip("".join(_POWERS))
    return f"{number} {text.removeprefix(number)}bit/s"
