"""Checks of the IPv6 part of networks."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Any

import pytest

from appliance.protocol.errors import ApiError
from appliance.protocol.requests import RangeSpec
from appliance.services.networks.addresses import check_dns
from appliance.services.networks.addresses6 import (
    Ipv6Plan,
    Wish,
    check_ipv6,
    check_overlap6,
    check_own_addresses6,
    text6,
    unique_local,
)

ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def plan(mode: Any = "dhcp", cidr: str = "fd00:1::/64", *ranges: str, **more: Any) -> Ipv6Plan:
    """A range is "first-last", one address or a block."""
    spans = [RangeSpec(**dict(zip(("first", "last"), r.split("-"), strict=False))) for r in ranges]
    fields = {"network_id": ID, "kind": "nat", "mtu": 1500} | more
    found = check_ipv6(Wish(mode, cidr, fields.pop("gateway", ""), spans), **fields)
    assert found is not None
    return found


def refused(*arguments: Any, **more: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        plan(*arguments, **more)
    return caught.value.code, caught.value.field


def texts(found: Ipv6Plan) -> list[tuple[str, str]]:
    return [(text6(first), text6(last)) for first, last in found.spans]


def test_none() -> None:
    assert check_ipv6(Wish("none", "", "", ()), network_id=ID, kind="nat", mtu=1000) is None


def test_defaults() -> None:
    found = plan()
    assert found.gateway == int(IPv6Address("fd00:1::1"))
    assert text6(found.service_address) == "fd00:1::2"
    assert texts(found) == [("fd00:1::100", "fd00:1::ffff:ffff:ffff:feff")]
    assert plan("slaac").spans == ()
    assert texts(plan("dhcp", "2001:db8::/112")) == [("2001:db8::100", "2001:db8::feff")]


def test_a_private_network_gets_a_prefix_of_its_own() -> None:
    found = plan("slaac", "")
    assert found.network == unique_local(ID)
    assert found.network.subnet_of(IPv6Network("fd00::/8"))
    assert found.network.prefixlen == 64
    assert plan("slaac", "", network_id="other").network != found.network
    assert refused("slaac", "", kind="physical") == ("network.ipv6_cidr_needed", "ipv6_cidr")


def test_ranges() -> None:
    found = plan("dhcp", "fd00:1::/64", "fd00:1::20-fd00:1::2f", "fd00:1::8", "fd00:1::1:0/112")
    assert texts(found) == [
        ("fd00:1::8", "fd00:1::8"),
        ("fd00:1::20", "fd00:1::2f"),
        ("fd00:1::1:0", "fd00:1::1:ffff"),
    ]
    whole = plan("dhcp", "fd00:1::/112", "fd00:1::/112", gateway="", kind="physical")
    assert texts(whole) == [("fd00:1::1", "fd00:1::ffff")]
    assert text6(whole.service_address) == "fd00:1::ffff", "the last one, which no machine gets"
    assert not whole.offers(whole.service_address)


@pytest.mark.parametrize(
    ("arguments", "more", "code", "field"),
    [
        (("dhcp", "x"), {}, "network.bad_ipv6_cidr", "ipv6_cidr"),
        (("dhcp", "10.0.0.0/24"), {}, "network.bad_ipv6_cidr", "ipv6_cidr"),
        (("dhcp", "fd00:1::1/64"), {}, "network.bad_ipv6_cidr", "ipv6_cidr"),
        (("dhcp", "ff02::/64"), {}, "network.bad_ipv6_cidr", "ipv6_cidr"),
        (("dhcp", "fe80::/64"), {}, "network.bad_ipv6_cidr", "ipv6_cidr"),
        (("dhcp", "::/64"), {}, "network.bad_ipv6_cidr", "ipv6_cidr"),
        (("slaac", "fd00:1::/80"), {}, "network.ipv6_prefix_slaac", "ipv6_cidr"),
        (("slaac", "fd00:1::/48"), {}, "network.ipv6_prefix_slaac", "ipv6_cidr"),
        (("dhcp", "fd00:1::/63"), {}, "network.ipv6_prefix_dhcp", "ipv6_cidr"),
        (("dhcp", "fd00:1::/113"), {}, "network.ipv6_prefix_dhcp", "ipv6_cidr"),
        (("none", "fd00:1::/64"), {}, "network.ipv6_mode_needed", "ipv6_mode"),
        (("none", "", "fd00:1::5"), {}, "network.ipv6_mode_needed", "ipv6_mode"),
        (("none", ""), {"gateway": "fd00:1::1"}, "network.ipv6_mode_needed", "ipv6_mode"),
        (("dhcp",), {"gateway": "fd00:2::1"}, "network.outside", "ipv6_gateway"),
        (("dhcp",), {"gateway": "fd00:1::"}, "network.outside", "ipv6_gateway"),
        (("dhcp",), {"gateway": "10.0.0.1"}, "network.bad_ipv6_address", "ipv6_gateway"),
        (("dhcp",), {"gateway": "fd00:1::1%eth0"}, "network.bad_ipv6_address", "ipv6_gateway"),
        (("dhcp",), {"mtu": 1279}, "network.ipv6_mtu", "mtu"),
        (("slaac", "fd00:1::/64", "fd00:1::5"), {}, "network.ipv6_no_ranges", "ipv6_ranges"),
        (("dhcp", "fd00:1::/64", "fd00:2::5"), {}, "network.outside", "ipv6_ranges"),
        (("dhcp", "fd00:1::/64", "10.0.0.5"), {}, "network.bad_ipv6_address", "ipv6_ranges"),
        (("dhcp", "fd00:1::/64", "fd00:1::5/64"), {}, "network.bad_ipv6_cidr", "ipv6_ranges"),
        (
            ("dhcp", "fd00:1::/64", "fd00:1::9-fd00:1::5"),
            {},
            "network.range_reversed",
            "ipv6_ranges",
        ),
        (
            ("dhcp", "fd00:1::/64", "fd00:1::5-fd00:1::9", "fd00:1::9-fd00:1::f"),
            {},
            "network.range_overlap",
            "ipv6_ranges",
        ),
        (
            ("dhcp", "fd00:1::/64", "fd00:1::5-fd00:1::9"),
            {"gateway": "fd00:1::7"},
            "network.gateway_in_range",
            "ipv6_gateway",
        ),
        (
            ("dhcp", "fd00:1::/64", "fd00:1::5"),
            {"kind": "physical"},
            "network.range_too_small",
            "ipv6_ranges",
        ),
    ],
)
def test_bad_parts(arguments: Any, more: Any, code: str, field: str) -> None:
    if arguments[0] == "none":
        mode, cidr, *ranges = arguments
        wish = Wish(mode, cidr, more.get("gateway", ""), [RangeSpec(first=r) for r in ranges])
        with pytest.raises(ApiError) as caught:
            check_ipv6(wish, network_id=ID, kind="nat", mtu=1500)
        assert (caught.value.code, caught.value.field) == (code, field)
    else:
        assert refused(*arguments, **more) == (code, field)


def test_a_gateway_in_the_proposed_range_is_left_out_of_it() -> None:
    found = plan("dhcp", "fd00:1::/64", gateway="fd00:1::1000")
    assert texts(found)[0] == ("fd00:1::100", "fd00:1::fff")
    assert texts(found)[1][0] == "fd00:1::1001"


def test_overlaps() -> None:
    check_overlap6(IPv6Network("fd00:1::/64"), [("other", "fd00:2::/64")])
    with pytest.raises(ApiError) as caught:
        check_overlap6(IPv6Network("fd00:1::/64"), [("other", "fd00:1::/112")])
    assert (caught.value.code, caught.value.field) == ("network.cidr_overlap", "ipv6_cidr")


def test_addresses_of_hosts() -> None:
    own = [("node-1", "192.0.2.1/24"), ("node-1", "fd00:1::200/64"), ("node-1", "fe80::1/64")]
    with pytest.raises(ApiError) as caught:
        check_own_addresses6(plan("slaac"), "nat", own)
    assert caught.value.code == "network.ipv6_of_host"
    with pytest.raises(ApiError) as caught:
        check_own_addresses6(plan(), "physical", own)
    assert (caught.value.code, caught.value.field) == ("network.own_address", "ipv6_ranges")
    check_own_addresses6(plan("slaac"), "physical", own)
    check_own_addresses6(plan("dhcp", "fd00:1::/64", "fd00:1::5-fd00:1::9"), "physical", own)


def test_dns_servers() -> None:
    assert check_dns(["1.1.1.1", "2001:DB8::53"], ipv6=True) == ["1.1.1.1", "2001:db8::53"]
    for servers, code in (
        (["fd00::zz"], "network.bad_ipv6_address"),
        (["fe80::1"], "network.bad_dns"),
        (["::1"], "network.bad_dns"),
        (["x"], "network.bad_address"),
    ):
        with pytest.raises(ApiError) as caught:
            check_dns(servers, ipv6=True)
        assert (caught.value.code, caught.value.field) == (code, "dns")
    with pytest.raises(ApiError) as caught:
        check_dns(["2001:db8::53"], ipv6=False)
    assert caught.value.code == "network.dns_needs_ipv6"
