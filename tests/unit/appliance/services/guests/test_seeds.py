"""The network that a start-up disc describes, and which machines get one."""

from __future__ import annotations

import json
from ipaddress import ip_address

import pytest

from appliance.services.guests.seeds import SeedNic, network_config, wants_seed

ROUTE = {"destination": "10.20.0.0/16", "next_hop": "10.0.0.9"}
FIRST = SeedNic(
    mac="0a:00:00:00:00:01",
    address=int(ip_address("10.0.0.5")),
    ipv6_address="fd00:1::5",
    kind="physical",
    cidr="10.0.0.0/24",
    gateway="10.0.0.1",
    dhcp_address="10.0.0.2",
    dns=json.dumps(["10.0.0.53"]),
    domain="office.example",
    mtu=1450,
    host_routes=json.dumps([ROUTE]),
    ipv6_mode="dhcp",
    ipv6_cidr="fd00:1::/64",
    ipv6_gateway="fd00:1::1",
    services="[]",
)
SECOND = FIRST._replace(
    mac="0a:00:00:00:00:02", ipv6_address=None, ipv6_mode="none", host_routes="[]"
)


def test_the_first_nic_leads_outside_and_the_others_do_not() -> None:
    first, second = network_config([FIRST, SECOND])["config"]
    assert first == {
        "type": "physical",
        "name": "eth0",
        "mac_address": "0a:00:00:00:00:01",
        "mtu": 1450,
        "subnets": [
            {
                "type": "static",
                "address": "10.0.0.5/24",
                "gateway": "10.0.0.1",
                "routes": [{"destination": "10.20.0.0/16", "gateway": "10.0.0.9"}],
                "dns_nameservers": ["10.0.0.53"],
                "dns_search": ["office.example"],
            },
            {"type": "static6", "address": "fd00:1::5/64", "gateway": "fd00:1::1"},
        ],
    }
    (subnet,) = second["subnets"]
    assert subnet == {"type": "static", "address": "10.0.0.5/24", "routes": []}


@pytest.mark.parametrize(
    ("kind", "services", "dns", "resolvers"),
    [
        ("nat", ["dns"], ["10.0.0.53"], ["10.0.0.2"]),
        ("nat", [], ["10.0.0.53"], ["10.0.0.53"]),
        ("physical", ["dns"], ["10.0.0.53"], ["10.0.0.53"]),
        ("physical", ["dns"], [], ["10.0.0.2"]),
        ("physical", [], [], []),
    ],
)
def test_resolvers_are_those_that_dhcp_would_tell_of(
    kind: str, services: list[str], dns: list[str], resolvers: list[str]
) -> None:
    nic = FIRST._replace(kind=kind, services=json.dumps(services), dns=json.dumps(dns))
    assert nic.resolvers == resolvers


@pytest.mark.parametrize(
    ("mode", "has_metadata", "expected"),
    [
        ("auto", True, False),
        ("auto", False, True),
        ("seed", True, True),
        ("metadata", False, False),
        ("none", False, False),
    ],
)
def test_who_gets_a_disc(mode: str, has_metadata: bool, expected: bool) -> None:
    assert wants_seed(mode, has_metadata=has_metadata) is expected
