"""Renders security groups for nft: who is judged by which chain, and the chains' rules.

Each filtered tap has a mark. The bridge table gives a frame the mark of the tap that it comes
from; the inet prerouting hook (br_netfilter brings bridged packets there) judges it by the
"out" chain of that mark and takes the mark away. On its way to a tap a packet gets the mark of
that tap and is judged by the "in" chain. So each packet passes one verdict map a side, and the
rules of one set of groups, however many VMs there are.

The original direction of a connection is judged with each packet, so a changed rule speaks at
once; answers pass unless `connections` has marked their connection as cut.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules import drops, ipv6
from hostagent.network.rules.text import chain, identifier, set_of
from hostagent.protocol.firewall import Direction, SecurityGroupSpec, SecurityRule, ordered
from hostagent.protocol.network import METADATA_ADDRESS, PortSpec

CUT_MARK = 0x2000_0000  # in a connection's mark: its answers are refused
_MARK, _MARK_MASK, _MARK_FREE = 0x6000_0000, 0xF000_0000, 0x0FFF_FFFF
_MARKED = f"meta mark & {_MARK_MASK:#010x} == {_MARK:#010x}"
_UNMARK = "meta mark set 0x00000000"
_IS_CUT = f"ct mark & {CUT_MARK:#010x} == {CUT_MARK:#010x}"
_NEIGHBOURS = (
    "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, nd-router-solicit, "
    "nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } return"
)
Counters = Mapping[str, tuple[int, int]]
_PeerNets = list[Any]


@dataclass(frozen=True)
class FilteredPort:
    """A port with groups, the mark of its packets, and the short name of its set of groups."""

    plan: NetworkPlan
    port: PortSpec
    mark: int
    rules: str


def group_counter_name(tap: str) -> str:
    """Name of the counter of what the groups of one tap refused."""
    return "refused_" + identifier(tap)


def filtered_ports(plans: Sequence[NetworkPlan]) -> list[FilteredPort]:
    """All ports with groups. A port keeps its mark while others come and go."""
    found: list[FilteredPort] = []
    taken: set[int] = set()
    chosen = [(p, port) for p in plans for port in p.spec.ports if port.security_group_ids]
    for plan, port in sorted(chosen, key=lambda item: item[1].nic_id):
        mark = int(_short(port.nic_id), 16) & _MARK_FREE
        while mark in taken:
            mark = (mark + 1) & _MARK_FREE
        taken.add(mark)
        found.append(FilteredPort(plan, port, _MARK | mark, _rules_name(port)))
    return found


def render_marks(ports: Sequence[FilteredPort]) -> Iterator[str]:
    """Sets and chains for the bridge table: marks by tap, and what goes past all rules."""
    yield from set_of("set", "filtered", "ifname", [f'"{p.port.tap}"' for p in ports])
    sealed = [f'"{p.port.tap}"' for p in ports if p.port.anti_spoofing]
    yield from set_of("set", "sealed", "ifname", sealed)
    marks = [f'"{p.port.tap}" : {p.mark:#010x}' for p in ports]
    yield from set_of("map", "tap_marks", "ifname : mark", marks)


MARK_SENDER = [
    "iifname @filtered ether type != { arp, ip, ip6 } drop",
    "meta mark set iifname map @tap_marks",
]
MARK_RECEIVER = [
    "oifname @filtered ether type != { arp, ip, ip6 } drop",
    # A DHCP server that is not ours would not be heard: spare the counters each client's call.
    "oifname @filtered iifname != @service_links udp sport 68 udp dport 67 drop",
    "iifname != @service_links meta mark set oifname map @tap_marks",
]
# What the host sends to a tap is judged by address; the rest of it has no rule to pass.
FROM_HOST = [
    "oifname @sealed oifname . ip daddr != @port_addresses drop",
    "oifname @sealed ip6 daddr ff00::/8 meta l4proto != ipv6-icmp drop",
    "oifname @sealed ip6 daddr != ff00::/8 oifname . ip6 daddr != @port_addresses6 drop",
]


def render_groups(
    ports: Sequence[FilteredPort],
    plans: Sequence[NetworkPlan],
    groups: Sequence[SecurityGroupSpec],
    counters: Counters,
    log_group: int,
) -> Iterator[str]:
    """Everything about groups for the inet table, which has the set `same_bridge`.

    Dropped packets that somebody wants to know of are logged to `log_group`.
    """
    by_id = {group.id: group for group in groups}
    for item in ports:
        packets, size_bytes = counters.get(group_counter_name(item.port.tap), (0, 0))
        name = group_counter_name(item.port.tap)
        yield f"counter {name} {{ packets {packets} bytes {size_bytes} }}"
    yield from _address_sets(ports, plans)
    yield from _members(groups, plans)
    refused = [f"{p.mark:#010x} : {_quoted(group_counter_name(p.port.tap))}" for p in ports]
    yield from set_of("map", "refused_counters", "mark : counter", refused)
    yield from _refused([p for p in ports if logs_drops(p.port, by_id)], log_group)
    sets = {item.rules: item.port.security_group_ids for item in ports}
    directions: tuple[Direction, ...] = ("out", "in")
    for direction in directions:
        for name, ids in sorted(sets.items()):
            lines = rule_lines(ordered(ids, by_id, direction), by_id, direction)
            yield from chain(f"{direction}_{name}", lines)
        verdicts = [f"{p.mark:#010x} : jump {direction}_{p.rules}" for p in ports]
        yield from set_of("map", f"by_{direction}", "mark : verdict", verdicts)
    with_ipv6 = ipv6.has_ipv6(plans)
    if with_ipv6:
        yield from ipv6.render_services(plans)
    yield from _hooks(ipv6.SERVICES if with_ipv6 else [])


def logs_drops(port: PortSpec, groups: Mapping[str, SecurityGroupSpec]) -> bool:
    """Whether one of a port's groups wants to know what the port is refused."""
    return any(groups[ref].log_drops for ref in port.security_group_ids if ref in groups)


def _refused(logged: Sequence[FilteredPort], log_group: int) -> Iterator[str]:
    count = "counter name meta mark map @refused_counters"
    if not logged:
        yield from chain("refused", [count, "drop"])
        return
    yield from drops.limits("mark", [(p.port.tap, f"{p.mark:#010x}") for p in logged])
    log = {
        prefix: drops.log("meta mark", prefix, log_group) for prefix in (drops.REFUSED, drops.CUT)
    }
    yield from chain("refused_answer", [log[drops.CUT], "drop"])
    answer = "ct direction reply goto refused_answer"
    yield from chain("refused", [count, answer, log[drops.REFUSED], "drop"])


def _hooks(services6: Sequence[str]) -> Iterator[str]:
    answers = [
        f"ct direction reply {_IS_CUT} goto refused",
        "ct state established ct direction reply return",
        f"ct state related {_IS_CUT.replace('==', '!=')} return",
        _NEIGHBOURS,
    ]
    services = [
        "iifname . ip daddr @services return",
        "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 return",
        *services6,
    ]
    by_address = [
        "meta mark set oifname . ip daddr map @address_marks",
        "meta mark set oifname . ip6 daddr map @address_marks6",
    ]
    yield from chain("judge_sender", [*services, *answers, "meta mark vmap @by_out"])
    yield from chain("judge_receiver", [*answers, "meta mark vmap @by_in"])
    judge = [f"{_MARKED} jump judge_receiver", f"{_MARKED} {_UNMARK}"]
    yield from chain(
        "from_vms",
        [f"{_MARKED} jump judge_sender", f"{_MARKED} {_UNMARK}"],
        hook="type filter hook prerouting priority mangle; policy accept;",
    )
    yield from chain(
        "to_vms",
        [*(f"iifname . oifname != @same_bridge {rule}" for rule in by_address), *judge],
        hook="type filter hook forward priority filter - 10; policy accept;",
    )
    yield from chain(
        "host_to_vms",
        [*by_address, *judge],
        hook="type filter hook output priority filter - 10; policy accept;",
    )


def _address_sets(ports: Sequence[FilteredPort], plans: Sequence[NetworkPlan]) -> Iterator[str]:
    services = [
        f'"{plan.spec.bridge}" . {address}'
        for plan in plans
        for address in (plan.spec.dhcp_address, METADATA_ADDRESS)
    ]
    yield from set_of("set", "services", "ifname . ipv4_addr", services)
    marks = [f'"{p.plan.spec.bridge}" . {p.port.address} : {p.mark:#010x}' for p in ports]
    yield from set_of("map", "address_marks", "ifname . ipv4_addr : mark", marks)
    marks = [
        f'"{p.plan.spec.bridge}" . {address} : {p.mark:#010x}'
        for p in ports
        for address in ipv6.addresses_of(p.port)
    ]
    yield from set_of("map", "address_marks6", "ifname . ipv6_addr : mark", marks)


def _members(groups: Sequence[SecurityGroupSpec], plans: Sequence[NetworkPlan]) -> Iterator[str]:
    bridges = {plan.spec.id: plan.spec.bridge for plan in plans}
    used = {rule.peer_group_id for group in groups for rule in group.rules}
    for group in sorted(groups, key=lambda group: group.id):
        if group.id not in used:
            continue
        for version, addresses in _by_version(group.member_addresses):
            name = _members_name(group.id, version)
            yield from set_of("set", name, f"ipv{version}_addr", addresses)
        if group.private_members:
            elements = [
                f'"{bridges[network_id]}" . {address}'
                for network_id, members in sorted(group.private_members.items())
                if network_id in bridges
                for address in dict(_by_version(members))[4]
            ]
            yield from set_of("set", _near_name(group.id), "ifname . ipv4_addr", elements)


def _by_version(addresses: Sequence[str]) -> list[tuple[int, list[str]]]:
    found = sorted({ipaddress.ip_address(text) for text in addresses}, key=lambda a: a.packed)
    return [(v, [str(a) for a in found if a.version == v]) for v in (4, 6)]


def rule_lines(
    rules: Sequence[tuple[str, SecurityRule]],
    groups: Mapping[str, SecurityGroupSpec],
    direction: Direction,
) -> list[str]:
    """The rules in order; those that differ only in their CIDR are one line."""
    lines: list[str] = []
    # Within one priority all denials come before all permissions, each in any order.
    for (_, action), same in groupby((r for _, r in rules), key=lambda r: (r.priority, r.action)):
        kinds: dict[tuple[Any, ...], list[SecurityRule]] = {}
        for rule in same:
            key = (rule.protocol, rule.ports, rule.icmp_type, rule.icmp_code)
            kinds.setdefault(key, []).append(rule)
        verdict = "return" if action == "allow" else "goto refused"
        for alike in kinds.values():
            wanted = _protocol_match(alike[0])
            for peers in _peer_matches(alike, groups, direction):
                lines.append(" ".join(part for part in (peers, wanted, verdict) if part))
    return [*lines, "goto refused"]


def _protocol_match(rule: SecurityRule) -> str:
    if rule.ports:
        first, last = rule.ports
        return f"{rule.protocol} dport {first if first == last else f'{first}-{last}'}"
    details = [
        f"{rule.protocol} {name} {value}"
        for name, value in (("type", rule.icmp_type), ("code", rule.icmp_code))
        if value is not None
    ]
    if details:
        return " ".join(details)
    number = {"any": "", "icmpv6": "ipv6-icmp"}.get(rule.protocol, rule.protocol)
    return f"meta l4proto {number}" if number else ""


def _peer_matches(
    alike: Sequence[SecurityRule], groups: Mapping[str, SecurityGroupSpec], direction: Direction
) -> Iterator[str]:
    if any(not rule.cidr and not rule.peer_group_id for rule in alike):
        yield ""
        return
    side = "saddr" if direction == "in" else "daddr"
    nets = [ipaddress.ip_network(rule.cidr) for rule in alike if rule.cidr]
    peers = sorted({rule.peer_group_id for rule in alike if rule.peer_group_id})
    for version, family in ((4, "ip"), (6, "ip6")):
        if alike[0].protocol == ("icmpv6" if version == 4 else "icmp"):
            continue  # never in a packet of that version
        same: _PeerNets = [net for net in nets if net.version == version]
        if same:
            yield _in_networks(family, side, list(ipaddress.collapse_addresses(same)))
        for group_id in peers:
            group = groups.get(group_id)
            if group and dict(_by_version(group.member_addresses))[version]:
                yield f"{family} {side} @{_members_name(group_id, version)}"
            if group and group.private_members and version == 4:
                # Where the packet is judged, it comes by the bridge of the sender's network.
                yield f"iifname . {family} {side} @{_near_name(group_id)}"


def _in_networks(family: str, side: str, nets: _PeerNets) -> str:
    if any(net.prefixlen == 0 for net in nets):
        return f"meta nfproto ipv{nets[0].version}"
    if len(nets) == 1:
        return f"{family} {side} {nets[0]}"
    return f"{family} {side} {{ {', '.join(str(net) for net in nets)} }}"


def _members_name(group_id: str, version: int) -> str:
    return f"members{version}_{_short(group_id)}"


def _near_name(group_id: str) -> str:
    return f"near_{_short(group_id)}"


def _rules_name(port: PortSpec) -> str:
    return _short("\n".join(sorted(set(port.security_group_ids))))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _quoted(name: str) -> str:
    return f'"{name}"'
