"""What is said while typing is what the service will say."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.protocol.errors import ApiError
from appliance.protocol.messages import render
from appliance.protocol.requests import RangeSpec
from appliance.services.networks.addresses import check_plan
from desktop.wizard.validation import network_findings, suggested

GOOD = ("192.168.100.0/24", "192.168.100.1", "192.168.100.10", "192.168.100.250")


def changed(**fields: str) -> tuple[str, str, str, str]:
    """A good network with one field typed differently."""
    cidr, gateway, first, last = GOOD
    values = {"cidr": cidr, "gateway": gateway, "first": first, "last": last} | fields
    return values["cidr"], values["gateway"], values["first"], values["last"]


def test_a_good_network_has_no_problem_and_tells_its_addresses() -> None:
    found = network_findings(*GOOD)
    assert found.problems == {}
    assert found.addresses == 241


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        (changed(gateway="192.168.100.10"), "gateway", "network.gateway_in_range"),
        (changed(gateway="192.168.100.250"), "gateway", "network.gateway_in_range"),
        (changed(gateway="192.168.101.1"), "gateway", "network.outside"),
        (changed(gateway="192.168.100.0"), "gateway", "network.outside"),
        (changed(gateway="192.168.100.255"), "gateway", "network.outside"),
        (changed(gateway="192.168.100"), "gateway", "network.bad_address"),
        (changed(gateway=""), "gateway", "network.bad_address"),
        (changed(first="192.168.99.200"), "first", "network.outside"),
        (changed(last="192.168.101.1"), "last", "network.outside"),
        (changed(last="192.168.100.9"), "last", "network.range_reversed"),
        (changed(last="x"), "last", "network.bad_address"),
        (changed(cidr="192.168.100.0"), "cidr", "network.bad_cidr"),
        (changed(cidr="192.168.100.5/24"), "cidr", "network.bad_cidr"),
        (changed(cidr="fd00::/64"), "cidr", "network.bad_cidr"),
        (changed(cidr="192.168.100.0/31"), "cidr", "network.cidr_size"),
        (changed(cidr="0.0.0.0/0"), "cidr", "network.cidr_size"),
    ],
)
def test_common_mistakes_are_told_at_their_field(
    typed: tuple[str, str, str, str], field: str, code: str
) -> None:
    problem = network_findings(*typed).problems[field]
    assert (problem.code, problem.field) == (code, field)
    for language in ("en", "zh"):
        text = render(problem.code, problem.params, language)
        assert text.message
        assert text.remedy
        assert "{" not in text.message + text.remedy


def test_spaces_around_what_was_typed_do_no_harm() -> None:
    spaced = [f"  {text} " for text in GOOD]
    assert network_findings(*spaced).problems == {}


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "192.168.100.0/24", "10.1.2.0/28"])
def test_what_is_proposed_for_a_network_fits_it(cidr: str) -> None:
    proposal = suggested(cidr)
    assert proposal is not None
    found = network_findings(cidr, *proposal)
    assert found.problems == {}
    assert found.addresses > 0


@pytest.mark.parametrize("cidr", ["", "x", "10.0.0.0/29", "10.0.0.0/33", "10.0.0.1/24"])
def test_nothing_is_proposed_for_what_is_no_network_or_too_small(cidr: str) -> None:
    assert suggested(cidr) is None


@st.composite
def networks(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """A private network with three addresses in it or just beside it."""
    prefix = draw(st.integers(8, 30))
    mask = (1 << (32 - prefix)) - 1
    base = (draw(st.integers(10 << 24, (11 << 24) - 1))) & ~mask
    near = st.integers(max(base - 2, 0), base + mask + 2)
    gateway, first, last = (str(IPv4Address(draw(near))) for _ in range(3))
    return f"{IPv4Address(base)}/{prefix}", gateway, first, last


@given(networks())
def test_typing_and_the_service_agree(typed: tuple[str, str, str, str]) -> None:
    cidr, gateway, first, last = typed
    found = network_findings(*typed)
    refusal = refused(cidr, gateway, first, last)
    if refusal is None:
        assert found.problems == {}
        assert found.addresses == int(IPv4Address(last)) - int(IPv4Address(first)) + 1
    elif refusal != "network.range_too_small":  # that one is told before the commitment
        assert refusal in {problem.code for problem in found.problems.values()}


def refused(cidr: str, gateway: str, first: str, last: str) -> str | None:
    """The code with which the service refuses a network, or None."""
    try:
        check_plan(cidr, gateway, [RangeSpec(first=first, last=last)])
    except ApiError as error:
        return error.code
    return None


@pytest.mark.parametrize("cidr", ["127.0.0.0/24", "169.254.1.0/24", "224.0.0.0/24"])
def test_networks_that_cannot_be_used_are_told_while_typing(cidr: str) -> None:
    network = IPv4Network(cidr)
    first, second, third = (str(network.network_address + number) for number in (1, 10, 20))
    assert refused(cidr, first, second, third) == "network.bad_cidr"
    assert network_findings(cidr, first, second, third).problems
