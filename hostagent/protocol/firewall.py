"""The security-group part of a host's document, and the verdict that it means.

The verdict is written here once, without any system: the agent renders the same thing for nft
(a property test compares both), and the management service explains with it why a packet passes.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

Direction = Literal["in", "out"]
RuleAction = Literal["allow", "deny"]
RuleProtocol = Literal["any", "tcp", "udp", "icmp", "icmpv6"]

PRIORITY_MIN, PRIORITY_MAX = 1, 1000  # lower goes first
PORT_MAX = 65_535
ICMP_MAX = 255

# A host asks of many connections at once about the same few addresses.
_address = lru_cache(maxsize=65_536)(ipaddress.ip_address)
_network = lru_cache(maxsize=65_536)(ipaddress.ip_network)


class SecurityRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a security group, seen from the member.

    `direction` "in" is what comes to a member, and the peer is who sends; "out" the reverse.
    `ports` are first and last destination port, both included, and only for tcp and udp; None is
    any. `icmp_type` and `icmp_code` only for icmp and icmpv6. The peer is anybody if neither
    `cidr` (IPv4 or IPv6, "10.0.0.0/8") nor `peer_group_id` (its members) is given; not both are.
    """

    id: str
    direction: Direction
    action: RuleAction = "allow"
    priority: int = 100
    protocol: RuleProtocol = "any"
    ports: tuple[int, int] | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    cidr: str = ""
    peer_group_id: str = ""


class SecurityGroupSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One security group: its enabled rules, and the addresses of its members on all hosts.

    With `log_drops` the host tells of packets that NICs in this group are refused.
    `private_members` are those in private networks, by the network's id: there the same address
    may be somebody else's in another network.
    """

    id: str
    rules: list[SecurityRule] = []
    member_addresses: list[str] = []
    log_drops: bool = False
    private_members: dict[str, list[str]] = {}


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """The first packet of a connection, as far as rules look at it.

    `port` is the destination port of tcp and udp, None for other protocols. `network_id` is the
    private network that it comes from, "" for others.
    """

    source: str
    destination: str
    protocol: str  # "tcp", "udp", "icmp", "icmpv6", or the number of another one
    port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    network_id: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to a packet at one NIC; `rule_id` is "" when no rule spoke (refused)."""

    allowed: bool
    rule_id: str = ""
    group_id: str = ""


def ordered(
    group_ids: Sequence[str], groups: Mapping[str, SecurityGroupSpec], direction: Direction
) -> list[tuple[str, SecurityRule]]:
    """The rules of all groups of a NIC in the order in which they are asked, with their group.

    Lower priority number first; at the same number what denies goes before what allows.
    """
    found = [
        (group_id, rule)
        for group_id in sorted(set(group_ids))
        if group_id in groups
        for rule in groups[group_id].rules
        if rule.direction == direction
    ]
    return sorted(found, key=lambda item: (item[1].priority, item[1].action == "allow", item[1].id))


def judge(
    group_ids: Sequence[str],
    groups: Mapping[str, SecurityGroupSpec],
    direction: Direction,
    packet: Packet,
) -> Verdict:
    """What the groups of a NIC say to a new connection's first packet.

    A NIC without groups is not filtered. With groups, what no rule allows is refused. Answers to
    an allowed connection always pass and are never asked about.
    """
    if not group_ids:
        return Verdict(allowed=True)
    return first_match(ordered(group_ids, groups, direction), groups, packet)


def first_match(
    rules: Sequence[tuple[str, SecurityRule]],
    groups: Mapping[str, SecurityGroupSpec],
    packet: Packet,
) -> Verdict:
    """What the first rule says that speaks of the packet; `rules` as `ordered` returns them."""
    for group_id, rule in rules:
        if _matches(rule, groups, packet):
            allowed = rule.action == "allow"
            return Verdict(allowed=allowed, rule_id=rule.id, group_id=group_id)
    return Verdict(allowed=False)


def _matches(rule: SecurityRule, groups: Mapping[str, SecurityGroupSpec], packet: Packet) -> bool:
    if rule.protocol not in ("any", packet.protocol):
        return False
    if rule.ports and not (
        packet.port is not None and rule.ports[0] <= packet.port <= rule.ports[1]
    ):
        return False
    for wanted, found in (
        (rule.icmp_type, packet.icmp_type),
        (rule.icmp_code, packet.icmp_code),
    ):
        if wanted is not None and wanted != found:
            return False
    peer = _address(packet.source if rule.direction == "in" else packet.destination)
    if rule.cidr:
        return peer in _network(rule.cidr)
    if rule.peer_group_id:
        group = groups.get(rule.peer_group_id)
        if group is None:
            return False
        near = group.private_members.get(packet.network_id, ())
        return any(peer == _address(member) for member in (*group.member_addresses, *near))
    return True
