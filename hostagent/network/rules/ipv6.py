"""What IPv6 adds to the nft rules: who may send what, and the way out of private networks.

A VM may use the link-local address of its MAC and the address that its network gave it. Neighbour
discovery is to IPv6 what ARP is to IPv4, so what a VM says there must be about its own addresses
too (RFC 4861, 7.2), also when it asks whether one is free (RFC 4862, 5.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules.text import chain, set_of
from hostagent.network.rules.zones import way_mark
from hostagent.protocol.ipv6 import link_local_of
from hostagent.protocol.network import PortSpec

# The target of a neighbour solicitation or advertisement, for which nft has no name yet.
_TARGET = "@th,64,128"
_TO_SERVERS = "ip6 daddr ff02::1:2 udp sport 546 udp dport 547"
_ROUTERS_ONLY = "icmpv6 type { nd-router-advert, nd-redirect }"

# Goes on where the chain "guarded" has dealt with IPv4.
GUARDED = [
    f"{_ROUTERS_ONLY} goto refuse",
    # What fragments hide nobody may be asked about, and nobody takes neighbour discovery from
    # them (RFC 6980); other packets of a VM's own global address may be in fragments.
    "ip6 saddr { ::, fe80::/10 } exthdr frag exists goto refuse",
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } jump neighbours",
    "iifname . ip6 saddr @port_addresses6 return",
    # Duplicate address detection and group membership come from the unspecified address.
    "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld2-listener-report } return",
]
_NEIGHBOURS = [
    "exthdr frag exists goto refuse",
    f"icmpv6 type nd-neighbor-advert iifname . {_TARGET} != @port_targets goto refuse",
    f"ip6 saddr :: iifname . {_TARGET} != @port_targets goto refuse",
]
# What VMs may ask the namespace of an IPv6 network.
TO_SERVICE = [
    f"{_TO_SERVERS} return",
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } return",
    "iifname . oifname . ip6 saddr @members6 return",
]
# A VM is never a DHCPv6 server, even if it may use any address; nor a router in a network whose
# router is known.
BETWEEN_VMS = [
    "oifname @taps iifname @taps udp sport 547 drop",
    f"oifname @taps iifname @taps6 {_ROUTERS_ONLY} drop",
]
# For `groups`: the network's own DHCPv6 and DNS.
SERVICES = [f"{_TO_SERVERS} return", "iifname . ip6 daddr @services6 return"]
# Where packets have the mark of the network that they come from, and do not end there.
MASQUERADE = ["meta mark . ip6 saddr @masqueraded6 masquerade"]
FORWARD = ["iifname @private iifname . ip6 saddr @sources6 accept"]


def has_ipv6(plans: Sequence[NetworkPlan]) -> bool:
    """Whether any network has an IPv6 part."""
    return any(plan.ipv6 is not None for plan in plans)


def addresses_of(port: PortSpec) -> list[str]:
    """All IPv6 addresses that a port may use."""
    found = [link_local_of(port.mac)]
    if port.ipv6_address:
        found.append(str(IPv6Address(port.ipv6_address)))
    return found


def render_guarded(guarded: Sequence[PortSpec]) -> Iterator[str]:
    """Sets and chain that `GUARDED` needs, for the bridge table."""
    owned = [(port.tap, address) for port in guarded for address in addresses_of(port)]
    elements = [f'"{tap}" . {address}' for tap, address in owned]
    yield from set_of("set", "port_addresses6", "ifname . ipv6_addr", elements)
    yield "set port_targets {"
    yield f"\ttypeof iifname . {_TARGET}"
    if owned:
        yield "\telements = {"
        for tap, address in owned:
            yield f'\t\t"{tap}" . {_number(address)},'
        yield "\t}"
    yield "}"
    yield from chain("neighbours", _NEIGHBOURS)


def render_members(plans: Sequence[NetworkPlan]) -> Iterator[str]:
    """Sets that `TO_SERVICE` and `BETWEEN_VMS` need, for the bridge table."""
    ports = [(plan, port) for plan in plans if plan.ipv6 for port in plan.spec.ports]
    members = [
        f'"{port.tap}" . "{plan.service_link}" . {address}'
        for plan, port in ports
        for address in addresses_of(port)
    ]
    yield from set_of("set", "members6", "ifname . ifname . ipv6_addr", members)
    yield from set_of("set", "taps6", "ifname", [f'"{port.tap}"' for _, port in ports])


def to_wire(plan: NetworkPlan) -> list[str]:
    """Each host has the same service address, so nothing of it may be seen on the wire."""
    if plan.ipv6 is None:
        return []
    ours = plan.ipv6.service_address
    rules = [f"icmpv6 type nd-neighbor-solicit {_TARGET} {_number(ours)} drop"]
    if plan.ipv6.mode == "dhcp":
        rules.append("udp sport 546 udp dport 547 drop")
    return [*rules, f"ip6 daddr {ours} drop"]


def from_wire(plan: NetworkPlan) -> list[str]:
    """Nobody there may answer in the namespace's place."""
    if plan.ipv6 is None:
        return []
    ours = plan.ipv6.service_address
    rules = [f"icmpv6 type nd-neighbor-advert {_TARGET} {_number(ours)} drop"]
    if plan.ipv6.mode == "dhcp":
        rules.append("udp sport 547 udp dport 546 drop")
    return [*rules, f"ip6 saddr {ours} drop"]


def render_sources(nat: Sequence[NetworkPlan]) -> Iterator[str]:
    """Sets that `FORWARD` and `MASQUERADE` need, for the inet table."""
    elements = [f'"{plan.spec.bridge}" . {plan.ipv6.cidr}' for plan in nat if plan.ipv6]
    yield from set_of("set", "sources6", "ifname . ipv6_addr", elements, flags="interval")
    # As for IPv4: the VMs, or the DNS forwarder alone.
    elements = [
        f"{way_mark(plan.number):#010x} . "
        + (str(plan.ipv6.cidr) if plan.spec.snat else plan.ipv6.service_address)
        for plan in nat
        if plan.ipv6
    ]
    yield from set_of("set", "masqueraded6", "mark . ipv6_addr", elements, flags="interval")


def render_services(plans: Sequence[NetworkPlan]) -> Iterator[str]:
    """The set that `SERVICES` needs, for the inet table."""
    elements = [f'"{p.spec.bridge}" . {p.ipv6.service_address}' for p in plans if p.ipv6]
    yield from set_of("set", "services6", "ifname . ipv6_addr", elements)


def _number(address: str) -> str:
    return f"{int(IPv6Address(address)):#034x}"
