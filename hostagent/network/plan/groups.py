"""Checks the security groups of a network document; what passes is safe to print into nft."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from hostagent.protocol.firewall import (
    ICMP_MAX,
    PORT_MAX,
    PRIORITY_MAX,
    PRIORITY_MIN,
    SecurityGroupSpec,
    SecurityRule,
)
from hostagent.protocol.network import NetworkDocument, NetworkError


def group_errors(document: NetworkDocument) -> Iterator[NetworkError]:
    """Everything wrong with the groups, their rules, and what NICs say of them."""
    known = {group.id for group in document.security_groups}
    seen: set[str] = set()
    for group in document.security_groups:
        if not group.id:
            yield _wrong({}, "security_group.id", group.id, "give the group an id")
        if group.id in seen:
            yield _wrong({}, "security_group.id", group.id, "each group may be there once")
        seen.add(group.id)
        yield from _group_errors(group, known)
    for spec in document.networks:
        for port in spec.ports:
            for group_id in port.security_group_ids:
                if group_id not in known:
                    error = _wrong(
                        {"nic_id": port.nic_id},
                        "security_group_ids",
                        group_id,
                        "the document has no such group",
                    )
                    yield _of_network(error, spec.id)


def _group_errors(group: SecurityGroupSpec, known: set[str]) -> Iterator[NetworkError]:
    where = {"group_id": group.id}
    private = (text for members in group.private_members.values() for text in members)
    for text in (*group.member_addresses, *private):
        if not _is_address(text):
            yield _wrong(where, "member_addresses", text, "use IPv4 or IPv6 addresses")
    seen: set[str] = set()
    for rule in group.rules:
        if not rule.id or rule.id in seen:
            yield _wrong(where, "rule.id", rule.id, "each rule of a group needs an id of its own")
        seen.add(rule.id)
        for field, value, remedy in _rule_problems(rule, known):
            yield _wrong({**where, "rule_id": rule.id}, field, value, remedy)


def _rule_problems(rule: SecurityRule, known: set[str]) -> Iterator[tuple[str, Any, str]]:
    if not PRIORITY_MIN <= rule.priority <= PRIORITY_MAX:
        yield "priority", rule.priority, f"use {PRIORITY_MIN} to {PRIORITY_MAX}"
    yield from _port_problems(rule)
    yield from _icmp_problems(rule)
    if rule.cidr and not _is_network(rule.cidr):
        yield "cidr", rule.cidr, "use a network like 10.0.0.0/24 or 2001:db8::/64"
    if rule.peer_group_id and rule.cidr:
        yield "peer_group_id", rule.peer_group_id, "a rule has a CIDR or a group, not both"
    if rule.peer_group_id and rule.peer_group_id not in known:
        yield "peer_group_id", rule.peer_group_id, "the document has no such group"


def _port_problems(rule: SecurityRule) -> Iterator[tuple[str, Any, str]]:
    if rule.ports is None:
        return
    first, last = rule.ports
    if rule.protocol not in ("tcp", "udp"):
        yield "ports", rule.ports, f"only tcp and udp have ports, not {rule.protocol}"
    if not 0 <= first <= last <= PORT_MAX:
        yield "ports", rule.ports, f"first and last port, 0 to {PORT_MAX}, the lower one first"


def _icmp_problems(rule: SecurityRule) -> Iterator[tuple[str, Any, str]]:
    for field in ("icmp_type", "icmp_code"):
        value = getattr(rule, field)
        if value is None:
            continue
        if rule.protocol not in ("icmp", "icmpv6"):
            yield field, value, f"only icmp and icmpv6 have it, not {rule.protocol}"
        if not 0 <= value <= ICMP_MAX:
            yield field, value, f"use 0 to {ICMP_MAX}"


def _is_address(text: str) -> bool:
    try:
        return "%" not in str(ipaddress.ip_address(text))
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "/" in text and "%" not in text


def _wrong(where: dict[str, str], field: str, value: object, remedy: str) -> NetworkError:
    place = ", ".join(f"{name.removesuffix('_id')} {text}" for name, text in where.items())
    return NetworkError(
        code="network.invalid",
        message=f"{place}: {field} is {value!r}: {remedy}".removeprefix(": "),
        params={"field": field, "value": str(value), **where},
    )


def _of_network(error: NetworkError, network_id: str) -> NetworkError:
    return NetworkError(
        code=error.code, message=error.message, network_id=network_id, params=error.params
    )
