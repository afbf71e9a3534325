"""Renders for nft which dropped packets are logged, and how many of them.

A packet costs one look-up in a map, however many NICs are logged: the map leads from what tells
the NIC to its own `limit`, and ends the rule for NICs that nobody asked about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from hostagent.network.rules.text import identifier, set_of

PER_MINUTE, BURST = 10, 20  # packets of one NIC
FORGED, REFUSED, CUT = "forged", "refused", "cut"  # prefixes


def log_group(tag: str) -> int:
    """The number by which an agent gets what its rules log; others have smaller ones."""
    return 0x6000 | int(hashlib.sha256(tag.encode()).hexdigest()[:3], 16)


def limits(keys: str, logged: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A limit for each link, and the map that leads there; `logged` has (link, key) of type
    `keys`.
    """
    for link, _ in logged:
        name = f"log_{identifier(link)}"
        yield f"limit {name} {{ rate {PER_MINUTE}/minute burst {BURST} packets }}"
    elements = [f'{key} : "log_{identifier(link)}"' for link, key in logged]
    yield from set_of("map", "log_limits", f"{keys} : limit", elements)


def log(key: str, prefix: str, group: int) -> str:
    """The rule that logs what its NIC's limit allows."""
    return f'limit name {key} map @log_limits log prefix "{prefix}" group {group}'
