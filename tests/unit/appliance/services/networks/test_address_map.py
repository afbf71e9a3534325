"""What is free between addresses that are taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.services.networks.address_map import free_spans


def numbers(spans: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


@given(
    bounds=st.lists(st.integers(0, 60), min_size=2, max_size=8, unique=True),
    taken=st.sets(st.integers(0, 60)),
)
def test_free_is_what_is_offered_and_not_taken(bounds: list[int], taken: set[int]) -> None:
    bounds = sorted(bounds)[: len(bounds) // 2 * 2]
    spans = list(zip(bounds[::2], bounds[1::2], strict=True))
    free = list(free_spans(spans, sorted(taken)))
    assert numbers(free) == numbers(spans) - taken
    assert all(first <= last for first, last in free)
