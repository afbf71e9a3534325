"""Sets of CPUs as people write them: 0-3,8."""

from __future__ import annotations

from collections.abc import Iterable


def parse_cpus(text: str) -> list[int]:
    """The numbers of a set, each once and in order; raises ValueError for a span that is none."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low, high = int(first), int(last) if dash else int(first)
        if low > high:
            raise ValueError(f"{part!r} runs backwards")
        found |= set(range(low, high + 1))
    return sorted(found)


def write_cpus(numbers: Iterable[int]) -> str:
    """Numbers as a set: spans for neighbours."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)
