"""The consistent hash ring: which living node owns a queue.

Each node stands at many points of the ring, and a key belongs to the next point; when a node
comes or goes, only its own share of the keys moves (Karger et al., 1997).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable

POINTS_PER_NODE = 64


class HashRing:
    """Owners of keys among `nodes` (ids, at least one)."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self.nodes = tuple(sorted(set(nodes)))
        if not self.nodes:
            raise ValueError("a ring needs a node")
        points = [
            (_place(f"{node}#{number}"), node)
            for node in self.nodes
            for number in range(POINTS_PER_NODE)
        ]
        points.sort()
        self._places = [place for place, _ in points]
        self._owners = [node for _, node in points]

    def owner(self, key: str) -> str:
        """The node that owns `key`; with one node nothing is computed."""
        if len(self.nodes) == 1:
            return self.nodes[0]
        index = bisect_right(self._places, _place(key)) % len(self._places)
        return self._owners[index]


def _place(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
