"""The hash ring: even shares, and little moves when a node comes or goes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engine.ring import HashRing

KEYS = [f"vm:{number}" for number in range(2000)]


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=6), st.text())
def test_every_key_has_an_owner_whatever_the_order(nodes: set[str], key: str) -> None:
    assert HashRing(nodes).owner(key) == HashRing(sorted(nodes, reverse=True)).owner(key)
    assert HashRing(nodes).owner(key) in nodes


def test_shares_are_even_enough() -> None:
    ring = HashRing(["a", "b", "c"])
    shares = Counter(ring.owner(key) for key in KEYS)
    assert min(shares.values()) > len(KEYS) / 3 / 2


def test_only_the_share_of_the_lost_node_moves() -> None:
    before, after = HashRing(["a", "b", "c"]), HashRing(["a", "b"])
    for key in KEYS:
        if before.owner(key) != "c":
            assert after.owner(key) == before.owner(key)


def test_a_ring_needs_a_node() -> None:
    with pytest.raises(ValueError, match="node"):
        HashRing([])
