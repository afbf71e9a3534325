"""What a network document may say of IPv6."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import msgspec
import pytest

from hostagent.protocol.ipv6 import Ipv6Spec, link_local_of, slaac_address
from hostagent.protocol.network import mac_for
from tests.unit.hostagent.network.plan.test_network import network, port, problems

PREFIX = IPv6Network("fd00:1::/64")


def part(**more: Any) -> Ipv6Spec:
    fields: dict[str, Any] = {
        "cidr": str(PREFIX), "mode": "dhcp", "gateway": "fd00:1::1",
        "service_address": "fd00:1::2",
    }  # fmt: skip
    return Ipv6Spec(**{**fields, **more})


def test_addresses_of_macs() -> None:
    """RFC 4291, appendix A."""
    assert link_local_of("34:56:78:9a:bc:de") == "fe80::3656:78ff:fe9a:bcde"
    assert str(slaac_address(PREFIX, "0a:00:00:00:00:01")) == "fd00:1::800:ff:fe00:1"


def test_parts_that_are_fine() -> None:
    own = str(slaac_address(PREFIX, mac_for("a")))
    assert problems(network(ipv6=part(), ports=[port(ipv6_address="fd00:1::10")])) == []
    assert problems(network(ipv6=part(mode="slaac"), ports=[port(ipv6_address=own)])) == []
    assert problems(network(ipv6=part(), dns=["2001:db8::53", "192.0.2.53"], ports=[port()])) == []
    physical = network(kind="physical", physical_interface="eth0", ipv6=part(gateway=""))
    assert problems(physical) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cidr", "10.0.0.0/24"),
        ("cidr", "fd00:1::1/64"),
        ("cidr", "fd00:1::/63"),
        ("cidr", "fd00:1::/113"),
        ("cidr", 'fd00::/64" } ; flush ruleset'),
        ("gateway", ""),
        ("gateway", "fd00:2::1"),
        ("gateway", "fd00:1::"),
        ("gateway", "fd00:1::1%eth0"),
        ("service_address", "fd00:2::2"),
        ("service_address", "fd00:1::1"),
        ("service_address", "x; drop"),
    ],
)
def test_bad_fields(field: str, value: str) -> None:
    found = problems(network(ipv6=part(**{field: value})))
    assert ("network.invalid", f"ipv6.{field}") in found


@pytest.mark.parametrize("cidr", ["ff02::/64", "fe80::/64", "::/64", "::ffff:0:0/96"])
def test_no_networks_for_machines(cidr: str) -> None:
    base = IPv6Network(cidr).network_address
    spec = part(cidr=cidr, gateway=str(base + 1), service_address=str(base + 2))
    assert problems(network(ipv6=spec)) == [("network.invalid", "ipv6.cidr")]


def test_slaac_needs_a_64() -> None:
    spec = part(cidr="fd00:1::/80", mode="slaac")
    assert problems(network(ipv6=spec)) == [("network.invalid", "ipv6.cidr")]


@pytest.mark.parametrize(
    "address", ["fd00:2::10", "fd00:1::1", "fd00:1::2", "fd00:1::", "10.0.0.9", "fe80::1"]
)
def test_bad_addresses_of_ports(address: str) -> None:
    spec = network(ipv6=part(), ports=[port(ipv6_address=address)])
    assert problems(spec) == [("network.invalid", "ipv6_address")]


def test_other_faults_of_ports() -> None:
    field = [("network.invalid", "ipv6_address")]
    assert problems(network(ports=[port(ipv6_address="fd00:1::10")])) == field
    foreign = port(ipv6_address="fd00:1::10")
    assert problems(network(ipv6=part(mode="slaac"), ports=[foreign])) == field
    two = [port(ipv6_address="fd00:1::10"), port("b", address="10.0.0.11")]
    two[1] = msgspec.structs.replace(two[1], ipv6_address="fd00:1:0::10")
    assert problems(network(ipv6=part(), ports=two)) == field


def test_networks_must_not_overlap() -> None:
    other = network("m", cidr="10.1.0.0/24", gateway="10.1.0.1", dhcp_address="10.1.0.2",
                    ipv6=part(cidr="fd00:1::/112"))  # fmt: skip
    assert problems(network(ipv6=part()), other) == [("network.conflict", "ipv6.cidr")]


def test_dns_and_mtu_go_with_it() -> None:
    assert problems(network(dns=["2001:db8::53"])) == [("network.invalid", "dns")]
    assert problems(network(ipv6=part(), dns=["x"])) == [("network.invalid", "dns")]
    assert problems(network(ipv6=part(), mtu=1279)) == [("network.invalid", "mtu")]
