"""Numbers of private networks, and which of them share addresses."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostagent.network.plan.network import NetworkPlan, plan_of
from hostagent.network.rules import zones
from hostagent.network.rules.zones import choose_numbers, mark_of, number_in, way_mark
from hostagent.network.ways import doubles
from hostagent.protocol.network import NetworkKind, NetworkSpec, bridge_name


def plan(identity: str, cidr: str = "10.0.0.0/24", kind: NetworkKind = "nat") -> NetworkPlan:
    net = IPv4Network(cidr)
    return plan_of(
        NetworkSpec(
            id=identity,
            kind=kind,
            bridge=bridge_name(identity),
            cidr=cidr,
            gateway=str(net[1]),
            dhcp_address=str(net[2]),
        )
    )


networks = st.builds(
    lambda number, prefix: str(IPv4Network((number << 8, prefix), strict=False)),
    st.integers(0x0A0000, 0x0A0007),
    st.integers(20, 26),
)


@given(st.lists(networks, max_size=8))
def test_doubles_are_those_that_overlap_another_one(cidrs: list[str]) -> None:
    plans = [plan(f"n{place}", cidr) for place, cidr in enumerate(cidrs)]
    wanted = {
        one.spec.id
        for one in plans
        if any(other is not one and other.cidr.overlaps(one.cidr) for other in plans)
    }
    assert {one.spec.id for one in doubles(plans)} == wanted


def test_networks_on_nics_are_no_doubles_and_have_no_number() -> None:
    plans = [plan("a"), plan("b", kind="physical")]
    assert doubles(plans) == []
    assert set(choose_numbers(plans, {})) == {"a"}


@given(st.sets(st.text("abc", min_size=1, max_size=3), max_size=30), st.data())
def test_a_number_stays_while_others_come_and_go(ids: set[str], data: st.DataObject) -> None:
    plans = [plan(identity) for identity in sorted(ids)]
    some = data.draw(st.lists(st.sampled_from(plans), unique_by=id)) if plans else []
    first = choose_numbers(some, {})
    then = choose_numbers(plans, first)
    assert then.items() >= first.items()
    assert set(then) == ids
    assert len(set(then.values())) == len(ids)
    assert all(1 <= number <= zones.NUMBER_MAX for number in then.values())


def test_the_same_networks_have_the_same_numbers_without_a_memory() -> None:
    plans = [plan(f"n{place}") for place in range(20)]
    assert choose_numbers(plans, {}) == choose_numbers(plans[::-1], {})


def test_more_networks_than_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "NUMBER_MAX", 2)
    assert sorted(choose_numbers([plan("a"), plan("b")], {}).values()) == [1, 2]
    with pytest.raises(OverflowError):
        choose_numbers([plan("a"), plan("b"), plan("c")], {})


@pytest.mark.parametrize("number", [1, 77, zones.NUMBER_MAX])
def test_marks_leave_the_bits_of_others_alone(number: int) -> None:
    assert number_in(mark_of(number)) == number
    assert number_in(mark_of(number) | 0x2000_0001) == number
    assert mark_of(number) & ~zones.NUMBER_MASK == 0
    assert way_mark(number) >> 28 == 5
