"""What a network document may say of security groups."""

from __future__ import annotations

from typing import Any

import pytest

from hostagent.network.plan.network import validate
from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule
from hostagent.protocol.network import NetworkDocument
from tests.unit.hostagent.network.plan.test_network import network, port


def document(*groups: SecurityGroupSpec, port_groups: tuple[str, ...] = ()) -> NetworkDocument:
    networks = [network(ports=[port(security_group_ids=list(port_groups))])]
    return NetworkDocument(generation=1, networks=networks, security_groups=list(groups))


def rule(**more: Any) -> SecurityRule:
    return SecurityRule(**{"id": "r", "direction": "in", **more})


def group(*rules: SecurityRule, **more: Any) -> SecurityGroupSpec:
    return SecurityGroupSpec(**{"id": "g", "rules": list(rules), **more})


def problems(*groups: SecurityGroupSpec, port_groups: tuple[str, ...] = ()) -> list[Any]:
    return [error.params["field"] for error in validate(document(*groups, port_groups=port_groups))]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"protocol": "tcp", "ports": (0, 65_535), "cidr": "0.0.0.0/0"},
        {"protocol": "udp", "ports": (53, 53), "cidr": "fe80::/10", "priority": 1000},
        {"protocol": "icmp", "icmp_type": 8, "icmp_code": 0, "peer_group_id": "g"},
        {"protocol": "icmpv6", "icmp_type": 255, "priority": 1},
    ],
)
def test_good_rules(fields: dict[str, Any]) -> None:
    assert problems(group(rule(**fields)), port_groups=("g",)) == []


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("priority", {"priority": 0}),
        ("priority", {"priority": 1001}),
        ("ports", {"protocol": "tcp", "ports": (2, 1)}),
        ("ports", {"protocol": "tcp", "ports": (-1, 1)}),
        ("ports", {"protocol": "udp", "ports": (1, 65_536)}),
        ("ports", {"protocol": "icmp", "ports": (1, 2)}),
        ("ports", {"ports": (1, 2)}),
        ("icmp_type", {"protocol": "tcp", "icmp_type": 8}),
        ("icmp_type", {"protocol": "icmp", "icmp_type": 256}),
        ("icmp_code", {"protocol": "icmpv6", "icmp_code": -1}),
        ("cidr", {"cidr": "10.0.0.1/8"}),
        ("cidr", {"cidr": "10.0.0.1"}),
        ("cidr", {"cidr": "fe80::%eth0/64"}),
        ("cidr", {"cidr": "} drop"}),
        ("peer_group_id", {"cidr": "10.0.0.0/8", "peer_group_id": "g"}),
        ("peer_group_id", {"peer_group_id": "nobody"}),
    ],
)
def test_bad_rule_field_is_named(field: str, fields: dict[str, Any]) -> None:
    errors = validate(document(group(rule(**fields))))
    assert [error.code for error in errors] == ["network.invalid"]
    assert errors[0].params["field"] == field
    assert errors[0].params["rule_id"] == "r"
    assert "group g, rule r: " + field in errors[0].message


def test_ids_and_members() -> None:
    assert problems(group(), group()) == ["security_group.id"]
    assert problems(group(id="")) == ["security_group.id"]
    assert problems(group(rule(), rule())) == ["rule.id"]
    assert problems(group(member_addresses=["10.0.0.1", "x"])) == ["member_addresses"]
    assert problems(group(member_addresses=["fe80::1%eth0"])) == ["member_addresses"]


def test_nic_of_an_unknown_group_is_named() -> None:
    (error,) = validate(document(group(), port_groups=("g", "other")))
    assert error.network_id == "n"
    assert error.params == {"field": "security_group_ids", "value": "other", "nic_id": "a"}
