"""CIDR, gateway and ranges: what fits is planned, what does not is refused by field."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.requests import RangeSpec
from appliance.services.networks.addresses import (
    Span,
    check_dns,
    check_domain,
    check_overlap,
    check_own_addresses,
    check_plan,
    parse_network,
    without,
)


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
    assert "10.0.0.2 to 10.0.0.2" in str(caught.value)


def test_a_network_without_any_range_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan("10.0.0.0/24", "10.0.0.1", [])
    assert (caught.value.code, caught.value.field) == ("network.range_needed", "ranges")


@pytest.mark.parametrize(
    "cidr",
    [
        *("0.0.0.0/8", "0.1.2.0/24", "127.0.0.0/8", "169.0.0.0/8", "169.254.0.0/16"),
        *("224.0.0.0/8", "239.255.0.0/16", "240.0.0.0/8", "255.255.255.0/24"),
    ],
)
def test_networks_that_no_machine_can_be_in_are_refused(cidr: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_network(cidr)
    assert (caught.value.code, caught.value.field) == ("network.bad_cidr", "cidr")
    assert cidr in str(caught.value)


@pytest.mark.parametrize("cidr", ["1.0.0.0/8", "100.64.0.0/10", "198.18.0.0/15", "223.0.0.0/8"])
def test_all_others_are_taken(cidr: str) -> None:
    assert str(parse_network(f" {cidr} ")) == cidr


def test_on_a_wire_that_others_use_dhcp_has_an_address_of_the_ranges() -> None:
    ranges = spans("10.0.0.50-10.0.0.59", "10.0.0.10-10.0.0.19")
    plan = check_plan("10.0.0.0/24", "10.0.0.1", ranges, kind="physical")
    assert str(IPv4Address(plan.dhcp_address)) == "10.0.0.19"
    assert plan.capacity == 19
    private = check_plan("10.0.0.0/24", "10.0.0.1", ranges, kind="nat")
    assert (str(IPv4Address(private.dhcp_address)), private.capacity) == ("10.0.0.254", 20)


def test_ranges_leave_the_hosts_own_addresses_out() -> None:
    plan = check_plan("10.0.0.0/24", "10.0.0.1", spans("10.0.0.10-10.0.0.19"))
    near = [("a", "10.0.0.9/24"), ("a", "10.0.0.20/24"), ("b", "fe80::1/64"), ("b", "10.1.0.15/8")]
    check_own_addresses(plan.spans, near)
    for address in ("10.0.0.10", "10.0.0.19"):
        with pytest.raises(Conflict) as caught:
            check_own_addresses(plan.spans, [*near, ("box", f"{address}/32")])
        assert (caught.value.code, caught.value.field) == ("network.own_address", "ranges")
        assert f"{address}, which is an address of the host box" in str(caught.value)


@pytest.mark.parametrize("text", ["a", "cloud.example", "a-b.c1", "1.2", "x" * 63, "A.B"])
def test_domains(text: str) -> None:
    assert check_domain(f" {text} ") == text.lower()
    assert check_domain("  ") == ""


@pytest.mark.parametrize(
    "text",
    [
        *(".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b", "a/24", "x" * 64, "é", "a,b", "#"),
        *("a\nb", "a\0b", "a;b", "$(id)", "a'b", 'a"b', "a\\b", ".".join(["x" * 60] * 5)),
    ],
)
def test_what_is_no_domain_never_passes(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_domain(text)
    assert (caught.value.code, caught.value.field) == ("network.bad_domain", "domain")
    assert str(caught.value).isprintable()


@given(st.text())
def test_whatever_passes_as_a_domain_is_safe_to_print(text: str) -> None:
    try:
        domain = check_domain(text)
    except InvalidInput:
        return
    assert set(domain) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


def test_dns_servers_are_other_machines() -> None:
    assert check_dns([" 1.1.1.1 ", "10.0.0.1"]) == ["1.1.1.1", "10.0.0.1"]
    for server in ("127.0.0.53", "0.0.0.0", "255.255.255.255", "169.254.169.253"):
        with pytest.raises(InvalidInput) as caught:
            check_dns(["1.1.1.1", server])
        assert (caught.value.code, caught.value.field) == ("network.bad_dns", "dns")
        assert server in str(caught.value)


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


def test_blocks_and_single_addresses_are_ranges() -> None:
    ranges = [RangeSpec(first="10.0.0.64/26"), RangeSpec(first="10.0.0.10")]
    plan = check_plan("10.0.0.0/24", "10.0.0.1", ranges)
    assert plan.spans == (span("10.0.0.64", "10.0.0.127"), span("10.0.0.10", "10.0.0.10"))
    edges = check_plan("10.0.0.0/24", "10.0.0.1", [RangeSpec(first="10.0.0.128/25")])
    assert edges.spans == (span("10.0.0.128", "10.0.0.254"),)


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("10.0.1.0/26", "network.outside"),
        ("10.0.0.0/16", "network.outside"),
        ("10.0.0.65/26", "network.bad_cidr"),
        ("10.0.0.0/33", "network.bad_cidr"),
        ("10.0.0.0/32", "network.outside"),
    ],
)
def test_blocks_must_be_of_the_network(block: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan("10.0.0.0/24", "10.0.0.1", [RangeSpec(first=block)])
    assert (caught.value.code, caught.value.field) == (code, "ranges")


def test_what_is_reserved_is_not_offered() -> None:
    held = spans("10.0.0.5-10.0.0.12", "10.0.0.15-10.0.0.15", "10.0.0.200-10.0.0.210")
    plan = check_plan("10.0.0.0/24", "10.0.0.1", spans("10.0.0.10-10.0.0.19"), held)
    assert plan.offered == (span("10.0.0.13", "10.0.0.14"), span("10.0.0.16", "10.0.0.19"))
    assert plan.capacity == 6


def test_the_gateway_may_lie_in_a_range_if_it_is_reserved() -> None:
    ranges = [RangeSpec(first="10.0.0.0/24")]
    with pytest.raises(InvalidInput):
        check_plan("10.0.0.0/24", "10.0.0.1", ranges)
    plan = check_plan("10.0.0.0/24", "10.0.0.1", ranges, [RangeSpec(first="10.0.0.1")])
    assert plan.capacity == 252  # without DHCP


@pytest.mark.parametrize(
    ("held", "code", "field"),
    [
        (["10.0.0.10-10.0.0.19"], "network.range_too_small", "ranges"),
        (["10.0.0.12-10.0.0.11"], "network.range_reversed", "reserved"),
        (["10.1.0.12-10.1.0.13"], "network.outside", "reserved"),
        (["10.0.0.1-10.0.0.5", "10.0.0.5-10.0.0.6"], "network.range_overlap", "reserved"),
    ],
)
def test_faults_of_what_is_reserved(held: list[str], code: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan("10.0.0.0/24", "10.0.0.1", spans("10.0.0.10-10.0.0.19"), spans(*held))
    assert (caught.value.code, caught.value.field) == (code, field)


numbers = st.integers(0, 60)
pieces = st.lists(st.tuples(numbers, numbers).map(lambda two: (min(two), max(two))), max_size=6)


@given(first=numbers, length=st.integers(0, 60), others=pieces)
def test_without_leaves_exactly_the_rest(first: int, length: int, others: list[Span]) -> None:
    left = without([(first, first + length)], others)
    shown = {number for begin, end in left for number in range(begin, end + 1)}
    gone = {number for begin, end in others for number in range(begin, end + 1)}
    assert shown == set(range(first, first + length + 1)) - gone


def span(first: str, last: str) -> Span:
    return int(IPv4Address(first)), int(IPv4Address(last))
