"""CIDR, gateway and ranges: what fits is planned, what does not is refused by field."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.requests import RangeSpec
from appliance.services.networks.addresses import check_overlap, check_plan


def spans(*texts: str) -> list[RangeSpec]:
    return [RangeSpec(first=t.split("-")[0], last=t.split("-")[1]) for t in texts]


@pytest.mark.parametrize(
    ("cidr", "gateway", "ranges", "field", "code"),
    [
        ("10.0.0.0", "10.0.0.1", "10.0.0.2-10.0.0.9", "cidr", "network.bad_cidr"),
        ("10.0.0.1/24", "10.0.0.1", "10.0.0.2-10.0.0.9", "cidr", "network.bad_cidr"),
        ("ten/24", "10.0.0.1", "10.0.0.2-10.0.0.9", "cidr", "network.bad_cidr"),
        ("127.0.0.0/24", "127.0.0.1", "127.0.0.2-127.0.0.9", "cidr", "network.bad_cidr"),
        ("10.0.0.0/31", "10.0.0.1", "10.0.0.0-10.0.0.1", "cidr", "network.cidr_size"),
        ("10.0.0.0/24", "10.0.1.1", "10.0.0.2-10.0.0.9", "gateway", "network.outside"),
        ("10.0.0.0/24", "10.0.0.255", "10.0.0.2-10.0.0.9", "gateway", "network.outside"),
        ("10.0.0.0/24", "gate", "10.0.0.2-10.0.0.9", "gateway", "network.bad_address"),
        ("10.0.0.0/24", "10.0.0.5", "10.0.0.2-10.0.0.9", "gateway", "network.gateway_in_range"),
        ("10.0.0.0/24", "10.0.0.1", "10.0.0.9-10.0.0.2", "ranges", "network.range_reversed"),
        ("10.0.0.0/24", "10.0.0.1", "10.0.0.2-10.0.1.9", "ranges", "network.outside"),
    ],
)
def test_what_does_not_fit_is_refused(
    cidr: str, gateway: str, ranges: str, field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan(cidr, gateway, spans(ranges))
    assert (caught.value.field, caught.value.code) == (field, code)
    assert "{" not in str(caught.value)


def test_overlapping_ranges_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan("10.0.0.0/24", "10.0.0.1", spans("10.0.0.10-10.0.0.20", "10.0.0.20-10.0.0.30"))
    assert caught.value.code == "network.range_overlap"


def test_a_range_of_one_address_that_dhcp_needs_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan("10.0.0.0/30", "10.0.0.1", spans("10.0.0.2-10.0.0.2"))
    assert caught.value.code == "network.range_too_small"


def test_dhcp_gets_an_address_that_no_machine_can_have() -> None:
    plan = check_plan("10.0.0.0/24", "10.0.0.254", spans("10.0.0.10-10.0.0.253"))
    assert str(IPv4Address(plan.dhcp_address)) == "10.0.0.9"


def test_networks_may_not_overlap() -> None:
    with pytest.raises(Conflict) as caught:
        check_overlap(IPv4Network("10.0.0.0/16"), [("other", "10.0.5.0/24")])
    assert caught.value.params["name"] == "other"


@given(
    st.integers(8, 30),
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=4),
    st.integers(0, 300),
)
def test_a_plan_is_consistent_or_refused(
    prefix: int, base: int, pairs: list[tuple[int, int]], gateway: int
) -> None:
    network = IPv4Network((base, prefix), strict=False)
    low = int(network.network_address)
    ranges = [
        RangeSpec(
            first=str(IPv4Address((low + a) % 2**32)), last=str(IPv4Address((low + b) % 2**32))
        )
        for a, b in pairs
    ]
    try:
        plan = check_plan(str(network), str(IPv4Address((low + gateway) % 2**32)), ranges)
    except ApiError:
        return
    assert plan.dhcp_address != plan.gateway
    assert IPv4Address(plan.dhcp_address) in network
    assert plan.capacity >= 1
    assert not any(first <= plan.gateway <= last for first, last in plan.spans)
