"""Renders what keeps the hosts of a VXLAN network apart, and strangers out of its tunnels.

Gateway, DHCP server and metadata have the same addresses and MACs on each host: each host's own
answer its own VMs, so nothing from, to or about them may pass a tunnel, in either direction. The
rest of the network is one, over all hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hostagent.network.plan.ipv6 import Ipv6Plan
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules.text import chain, set_of
from hostagent.protocol.network import METADATA_ADDRESS, VxlanSpec

# Before the bridge learns where a MAC is, and before the host itself takes the frame.
FROM_TUNNEL = "iifname vmap @from_tunnel"
TO_TUNNEL = "oifname vmap @to_tunnel"
# ARP is judged by nobody and keeps the mark of its sender's security groups. The packet that
# carries it is the host's own, and would be judged by it.
UNMARK = "oifname @tunnels meta mark set 0x00000000"
# All that the host itself says in such a network, it says as gateway.
FROM_HOST = "oifname @tunnels drop"
TAGGED = "{ 8021q, 8021ad }"


def render_tunnels(plans: Sequence[NetworkPlan]) -> Iterator[str]:
    """Sets, maps and chains for the bridge table; `plans` are networks with a tunnel."""
    for plan in plans:
        yield from chain(f"own_{plan.short}", _own(plan))
    yield from set_of("set", "tunnels", "ifname", [f'"{plan.tunnel}"' for plan in plans])
    for name in ("from_tunnel", "to_tunnel"):
        verdicts = [f'"{plan.tunnel}" : jump own_{plan.short}' for plan in plans]
        yield from set_of("map", name, "ifname : verdict", verdicts)


def _own(plan: NetworkPlan) -> list[str]:
    macs = f"{{ {plan.bridge_mac}, {plan.service_mac} }}"
    addresses = f"{{ {plan.spec.gateway}, {plan.spec.dhcp_address}, {METADATA_ADDRESS} }}"
    return [
        *(f"ether {side} {macs} drop" for side in ("saddr", "daddr")),
        *(f"arp {side} ip {addresses} drop" for side in ("saddr", "daddr")),
        *(f"ip {side} {addresses} drop" for side in ("saddr", "daddr")),
        "udp sport { 67, 68 } udp dport { 67, 68 } drop",
        *(_own_ipv6(plan.ipv6) if plan.ipv6 is not None else []),
        f"ether type {TAGGED} drop",
    ]


def _own_ipv6(part: Ipv6Plan) -> list[str]:
    addresses = f"{{ {part.gateway}, {part.service_address} }}"
    return [
        *(f"ip6 {side} {addresses} drop" for side in ("saddr", "daddr")),
        "udp sport { 546, 547 } udp dport { 546, 547 } drop",
        "icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect } drop",
    ]


def render_endpoints(plans: Sequence[NetworkPlan]) -> Iterator[str]:
    """Sets and the chain for the inet table that let only the network's hosts into a tunnel.

    The kernel takes VXLAN packets from anybody who reaches the host, its VMs included.
    """
    specs = [(plan.short, plan.spec.vxlan) for plan in plans if plan.spec.vxlan is not None]
    for short, tunnels in specs:
        yield from set_of("set", f"peers_{short}", "ipv4_addr", tunnels.peers)
    yield from chain(
        "tunnels",
        [_strangers(short, tunnels) for short, tunnels in specs],
        hook="type filter hook input priority filter; policy accept;",
    )


def _strangers(short: str, tunnels: VxlanSpec) -> str:
    # After the UDP header and 4 bytes of flags come the 24 bits of the VNI (RFC 7348, 5).
    vni = f"@th,96,24 {tunnels.vni:#08x}"
    return f"udp dport {tunnels.port} {vni} ip saddr != @peers_{short} drop"
