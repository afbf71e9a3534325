"""Routes that a network tells its machines: what fits is kept, what does not is refused."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from appliance.protocol.errors import InvalidInput
from appliance.protocol.networks import HostRoute
from appliance.protocol.requests import RouteSpec
from appliance.services.networks.guest_options import check_routes

NETWORK = IPv4Network("10.0.0.0/24")


def routes(*texts: str) -> list[RouteSpec]:
    pairs = (text.split("=") for text in texts)
    return [RouteSpec(destination=destination, next_hop=hop) for destination, hop in pairs]


def test_routes_are_kept_as_canonical_texts() -> None:
    assert check_routes(NETWORK, routes(" 10.20.0.0/16 = 10.0.0.5", "192.0.2.7=10.0.0.254")) == [
        HostRoute(destination="10.20.0.0/16", next_hop="10.0.0.5"),
        HostRoute(destination="192.0.2.7/32", next_hop="10.0.0.254"),
    ]
    assert check_routes(NETWORK, []) == []


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (["x=10.0.0.5"], "network.bad_route"),
        (["10.20.0.1/16=10.0.0.5"], "network.bad_route"),
        (["0.0.0.0/0=10.0.0.5"], "network.bad_route"),
        (["127.0.0.0/8=10.0.0.5"], "network.bad_route"),
        (["169.254.169.254/32=10.0.0.5"], "network.bad_route"),
        (["224.0.0.0/4=10.0.0.5"], "network.bad_route"),
        (["10.0.0.128/25=10.0.0.5"], "network.route_inside"),
        (["10.0.0.0/8=10.0.0.5"], "network.route_inside"),
        (["10.20.0.0/16=10.0.0.5", "10.20.0.0/16=10.0.0.6"], "network.route_twice"),
        (["10.20.0.0/16=10.1.0.5"], "network.hop_outside"),
        (["10.20.0.0/16=10.0.0.0"], "network.hop_outside"),
        (["10.20.0.0/16=10.0.0.255"], "network.hop_outside"),
        (["10.20.0.0/16=fe80::1"], "network.bad_address"),
    ],
)
def test_what_cannot_be_is_refused(written: list[str], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_routes(NETWORK, routes(*written))
    assert (caught.value.code, caught.value.field) == (code, "host_routes")
    assert str(caught.value)
