"""Renders the nft rules of a host: anti-spoofing on the bridges, forwarding and NAT above them.

Security groups are part of both tables (see `groups`), but only if a port has any.

Two tables, loaded in one transaction: `any_guard_<tag>` (family bridge) sees each frame of a VM,
`any_route_<tag>` (family inet) sees what is routed. Rules name links, so they may be loaded
before the links exist. Only what `plan.validate` let through is printed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hostagent.network.plan.host import HostPlan
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules import drops, elastic, ipv6, tunnels
from hostagent.network.rules.elastic import render_elastic
from hostagent.network.rules.groups import (
    FROM_HOST,
    MARK_RECEIVER,
    MARK_SENDER,
    Counters,
    filtered_ports,
    render_groups,
    render_marks,
)
from hostagent.network.rules.limits import render_limits
from hostagent.network.rules.text import chain, identifier, indent, set_of
from hostagent.network.rules.zones import ORIGIN, render_zones, way_mark
from hostagent.protocol.network import METADATA_ADDRESS, PortSpec


def guard_table(tag: str) -> str:
    """Name of the bridge-family table."""
    return f"any_guard_{tag}"


def route_table(tag: str) -> str:
    """Name of the inet-family table."""
    return f"any_route_{tag}"


def counter_name(tap: str) -> str:
    """Name of the counter of dropped packets of one tap."""
    return "drop_" + identifier(tap)


def render_rules(
    plan: HostPlan,
    tag: str,
    counters: Counters,
) -> str:
    """The whole ruleset; `counters` (by counter name) carries packets and bytes over a reload."""
    guard, route = guard_table(tag), route_table(tag)
    lines = [
        f"table bridge {guard}",
        f"delete table bridge {guard}",
        f"table bridge {guard} {{",
        *indent(_guard(plan, counters, drops.log_group(tag))),
        "}",
        f"table inet {route}",
        f"delete table inet {route}",
        f"table inet {route} {{",
        *indent(_route(plan, counters, drops.log_group(tag))),
        "}",
    ]
    return "\n".join(lines) + "\n"


def render_removal(tag: str) -> str:
    """Removes both tables; declaring them first makes it work when they are gone already."""
    guard, route = guard_table(tag), route_table(tag)
    return (
        f"table bridge {guard}\ndelete table bridge {guard}\n"
        f"table inet {route}\ndelete table inet {route}\n"
    )


def _guard(host: HostPlan, counters: Counters, log_group: int) -> Iterator[str]:
    plans = host.networks
    ports = [(plan, port) for plan in plans for port in plan.spec.ports]
    guarded = [port for _, port in ports if port.anti_spoofing]
    wired = [plan for plan in plans if plan.wire]
    tunnelled = [plan for plan in plans if plan.tunnel]
    for port in guarded:
        packets, size_bytes = counters.get(counter_name(port.tap), (0, 0))
        yield f"counter {counter_name(port.tap)} {{ packets {packets} bytes {size_bytes} }}"
    yield from set_of("set", "taps", "ifname", [f'"{port.tap}"' for _, port in ports])
    yield from set_of(
        "set", "service_links", "ifname", [f'"{plan.service_link}"' for plan in plans]
    )
    yield from set_of(
        "set",
        "members",
        "ifname . ifname . ipv4_addr",
        [f'"{port.tap}" . "{plan.service_link}" . {port.address}' for plan, port in ports],
    )
    yield from _guarded_sets(guarded)
    with_ipv6 = ipv6.has_ipv6(plans)
    if with_ipv6:
        yield from ipv6.render_members(plans)
    logged = [(port.tap, f'"{port.tap}"') for port in guarded if port.log_forged]
    logs = [drops.log("iifname", drops.FORGED, log_group)] if logged else []
    if logged:
        yield from drops.limits("ifname", logged)
    yield from chain("refuse", ["counter name iifname map @drop_counters", *logs, "drop"])
    yield from ipv6.render_guarded(guarded)
    yield from chain("guarded", _GUARDED)
    for plan in plans:
        steer = f"ip daddr {METADATA_ADDRESS} ether daddr set {plan.service_mac}"
        yield from chain(f"steer_{plan.short}", [steer])
    for plan in wired:
        yield from chain(f"to_wire_{plan.short}", _to_wire(plan))
        yield from chain(f"from_wire_{plan.short}", _from_wire(plan))
    yield from _guard_maps(ports, wired)
    if tunnelled:
        yield from tunnels.render_tunnels(tunnelled)
    filtered = filtered_ports(plans)
    if filtered:
        yield from render_marks(filtered)
    if host.elastic:
        yield from elastic.render_mirror(host.elastic)
    mirror = elastic.MIRROR if host.elastic else []
    yield from _guard_hooks(
        wired, mirror, judging=bool(filtered), with_ipv6=with_ipv6, tunnelling=bool(tunnelled)
    )
    yield from render_limits([port for _, port in ports], counters)


def _guard_maps(
    ports: Sequence[tuple[NetworkPlan, PortSpec]], wired: Sequence[NetworkPlan]
) -> Iterator[str]:
    def verdicts(name: str, elements: list[str]) -> Iterator[str]:
        return set_of("map", name, "ifname : verdict", elements)

    yield from verdicts(
        "from_port",
        [f'"{port.tap}" : jump guarded' for _, port in ports if port.anti_spoofing],
    )
    yield from verdicts("steer", [f'"{p.tap}" : jump steer_{plan.short}' for plan, p in ports])
    for name in ("to_wire", "from_wire"):
        yield from verdicts(
            name,
            [f'"{plan.wire}" : jump {name}_{plan.short}' for plan in wired],
        )


def _guard_hooks(
    wired: Sequence[NetworkPlan],
    mirror: Sequence[str],
    *,
    judging: bool,
    with_ipv6: bool,
    tunnelling: bool,
) -> Iterator[str]:
    # Before the bridge learns where that MAC is.
    impostors = [f'iifname "{plan.wire}" ether saddr {plan.service_mac} drop' for plan in wired]
    yield from chain(
        "to_service",
        [
            "ether type arp return",
            "ip saddr 0.0.0.0 udp sport 68 udp dport 67 return",
            "iifname . oifname . ip saddr @members return",
            *(ipv6.TO_SERVICE if with_ipv6 else []),
            "drop",
        ],
    )
    yield from chain(
        "receive",
        [
            *impostors,
            *([tunnels.FROM_TUNNEL] if tunnelling else []),
            # A tag would lead out of the network: the NIC may carry others by theirs.
            f"iifname @taps ether type {tunnels.TAGGED} drop",
            "iifname vmap @from_port",
            *(MARK_SENDER if judging else []),
            "iifname vmap @steer",
        ],
        hook="type filter hook prerouting priority -300; policy accept;",
    )
    yield from chain(
        "pass",
        [
            *mirror,
            *([tunnels.TO_TUNNEL, tunnels.UNMARK] if tunnelling else []),
            "oifname vmap @to_wire",
            "iifname vmap @from_wire",
            "oifname @service_links jump to_service",
            "oifname @taps iifname != @service_links udp sport 67 drop",
            *(ipv6.BETWEEN_VMS if with_ipv6 else []),
            *(MARK_RECEIVER if judging else []),
        ],
        hook="type filter hook forward priority -300; policy accept;",
    )
    yield from chain(
        "send",
        [
            *([tunnels.FROM_HOST] if tunnelling else []),
            "oifname @taps udp sport 67 drop",
            *(FROM_HOST if judging else []),
        ],
        hook="type filter hook output priority -300; policy accept;",
    )


def _guarded_sets(guarded: Sequence[PortSpec]) -> Iterator[str]:
    """What each guarded port owns; sets keep the number of rules the same for any number."""
    yield from set_of(
        "map",
        "drop_counters",
        "ifname : counter",
        [f'"{port.tap}" : "{counter_name(port.tap)}"' for port in guarded],
    )
    for name, type_, value in (
        ("port_macs", "ether_addr", lambda port: port.mac),
        ("port_addresses", "ipv4_addr", lambda port: port.address),
    ):
        elements = [f'"{port.tap}" . {value(port)}' for port in guarded]
        yield from set_of("set", name, f"ifname . {type_}", elements)


# What a VM may send: its own MAC and address, and nothing that only a router may say.
_GUARDED = [
    "iifname . ether saddr != @port_macs goto refuse",
    "iifname . arp saddr ether != @port_macs goto refuse",
    # 0.0.0.0 as sender is an ARP probe (RFC 5227): it claims nothing.
    "arp saddr ip 0.0.0.0 return",
    "iifname . arp saddr ip @port_addresses return",
    "udp sport { 67, 547 } goto refuse",
    "iifname . ip saddr @port_addresses return",
    "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 return",
    *ipv6.GUARDED,
    "goto refuse",
]


def _to_wire(plan: NetworkPlan) -> list[str]:
    """Each host has the same DHCP address, so nothing of it may be seen on the wire."""
    ours = f"{{ {plan.spec.dhcp_address}, {METADATA_ADDRESS} }}"
    return [
        f'iifname "{plan.service_link}" drop',
        "udp sport 68 udp dport 67 drop",
        f"ether daddr {plan.service_mac} drop",
        f"arp daddr ip {ours} drop",
        f"ip daddr {ours} drop",
        *ipv6.to_wire(plan),
    ]


def _from_wire(plan: NetworkPlan) -> list[str]:
    ours = f"{{ {plan.spec.dhcp_address}, {METADATA_ADDRESS} }}"
    return [
        f'oifname "{plan.service_link}" drop',
        "udp sport 67 udp dport 68 drop",
        f"arp saddr ip {ours} drop",
        f"ip saddr {ours} drop",
        *ipv6.from_wire(plan),
        f"ether type {tunnels.TAGGED} drop",
    ]


_MASQUERADE = [
    "oifname . meta mark @homes return",
    "meta mark . ip saddr @masqueraded masquerade",
]


def _route(host: HostPlan, counters: Counters, log_group: int) -> Iterator[str]:
    plans = host.networks
    nat = [plan for plan in plans if plan.is_nat]

    def links(name: str, chosen: Sequence[NetworkPlan]) -> Iterator[str]:
        return set_of("set", name, "ifname", [f'"{plan.spec.bridge}"' for plan in chosen])

    yield from links("private", nat)
    yield from links("closed", [plan for plan in nat if plan.spec.snat])
    yield from set_of(
        "set",
        "same_bridge",
        "ifname . ifname",
        [f'"{plan.spec.bridge}" . "{plan.spec.bridge}"' for plan in plans],
    )
    yield from set_of(
        "set",
        "sources",
        "ifname . ipv4_addr",
        [f'"{plan.spec.bridge}" . {plan.cidr}' for plan in nat],
        flags="interval",
    )
    if nat:
        sources = [*map(_masqueraded, nat)]
        yield from set_of("set", "masqueraded", "mark . ipv4_addr", sources, flags="interval")
    with_ipv6 = ipv6.has_ipv6(nat)
    if with_ipv6:
        yield from ipv6.render_sources(nat)
    filtered = filtered_ports(plans)
    if filtered:
        yield from render_groups(filtered, plans, host.groups, counters, log_group)
    if host.elastic:
        yield from render_elastic(host.elastic, plans)
    yield from render_zones(plans, elastic=bool(host.elastic))
    tunnelled = [plan for plan in plans if plan.tunnel]
    if tunnelled:
        yield from tunnels.render_endpoints(tunnelled)
    yield from chain(
        "pass",
        [
            "# With br_netfilter, frames inside one bridge come by here as well.",
            "iifname . oifname @same_bridge accept",
            *([elastic.FORWARD] if host.elastic else []),
            "iifname @private oifname @private drop",
            "oifname @private ct state established,related accept",
            "oifname @closed drop",
            "iifname @private iifname . ip saddr @sources accept",
            *(ipv6.FORWARD if with_ipv6 else []),
            "iifname @private drop",
        ],
        hook="type filter hook forward priority filter; policy accept;",
    )
    yield from chain(
        "masquerade_out",
        [
            *ORIGIN,
            *(elastic.LEAVE if host.elastic else []),
            *_MASQUERADE,
            *(ipv6.MASQUERADE if with_ipv6 else []),
        ]
        if nat
        else [],
        hook="type nat hook postrouting priority srcnat; policy accept;",
    )


def _masqueraded(plan: NetworkPlan) -> str:
    # Without SNAT for the VMs, the DNS forwarder still needs a way back for its questions.
    source = str(plan.cidr) if plan.spec.snat else plan.spec.dhcp_address
    return f"{way_mark(plan.number):#010x} . {source}"
