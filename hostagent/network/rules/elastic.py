"""Renders elastic addresses for nft: a one-to-one translation at the host of the machine.

What comes for an elastic address goes to its machine, once the host holds it; what the machine
begins itself leaves under that address. Both are maps, so more addresses cost a packet nothing. It
is for the inet table, which has the sets `private` and `sources`, but for the mirror, which is for
the bridge table. Machines of several networks may have the same address: a mark says whose it is
(`zones`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import collapse_addresses

from hostagent.network.plan.host import ElasticPlan
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules.text import chain, set_of
from hostagent.network.rules.zones import mark_of, way_mark

# Before all else that is said of forwarding: whoever reaches an elastic address reaches its
# machine, also from another private network of this host. Security groups were asked before.
FORWARD = "ct status dnat ct original ip daddr @elastic accept"
# Before the networks' own masquerading, with the mark of the network that the connection began in.
LEAVE = [
    "snat ip to oifname . meta mark . ip saddr map @elastic_out",
    "# From machine to machine by an elastic address: the answers must come back this way.",
    "oifname @private ct status dnat snat ip to meta mark . ip saddr map @elastic_of",
    "oifname . ip saddr @sources ct status dnat masquerade",
]
# With br_netfilter a bridge translates by itself what a machine sends to its own elastic address,
# and must then give it back to the very port that it came from (`Links.let_reflect`). Nothing else
# may go back there: a machine that hears its own broadcasts takes them for those of a double.
MIRROR = ["iifname . oifname @mirrors oifname . ether daddr != @mirrored drop"]


def render_mirror(elastic: Sequence[ElasticPlan]) -> Iterator[str]:
    """Sets for the bridge table."""
    taps = [item.port.tap for item in elastic]
    macs = [f'"{item.port.tap}" . {item.port.mac}' for item in elastic]
    yield from set_of("set", "mirrors", "ifname . ifname", [f'"{tap}" . "{tap}"' for tap in taps])
    yield from set_of("set", "mirrored", "ifname . ether_addr", macs)


def render_elastic(
    elastic: Sequence[ElasticPlan], networks: Sequence[NetworkPlan]
) -> Iterator[str]:
    """Sets, maps and the chains that translate what comes in."""
    yield from _sets(elastic, networks)
    yield from _maps(elastic)
    translate = ["dnat ip to ip daddr map @elastic_in"]
    for name, hook in (("elastic_arrive", "prerouting"), ("elastic_from_host", "output")):
        hooked = f"type nat hook {hook} priority -100; policy accept;"
        yield from chain(name, translate, hook=hooked)


def _sets(elastic: Sequence[ElasticPlan], networks: Sequence[NetworkPlan]) -> Iterator[str]:
    addresses = [item.address for item in elastic if item.is_held]
    private = collapse_addresses(plan.cidr for plan in networks if plan.is_nat)
    bound = [f'"{item.private.spec.bridge}" . {item.port.address}' for item in _in_zones(elastic)]
    yield from set_of("set", "elastic", "ipv4_addr", addresses)
    yield from set_of("set", "bound", "ifname . ipv4_addr", bound)
    near = [*map(str, private), *(item.address for item in elastic)]
    yield from set_of("set", "near", "ipv4_addr", near, flags="interval")


def _maps(elastic: Sequence[ElasticPlan]) -> Iterator[str]:
    held = [item for item in elastic if item.is_held]

    def of_machine(item: ElasticPlan) -> str:
        return f"{way_mark(item.private.number):#010x} . {item.port.address} : {item.address}"

    yield from set_of(
        "map",
        "elastic_in",
        "ipv4_addr : ipv4_addr",
        [f"{item.address} : {item.port.address}" for item in held],
    )
    yield from set_of(
        "map",
        "elastic_marks",
        "ipv4_addr : mark",
        [f"{item.address} : {mark_of(item.private.number):#010x}" for item in held],
    )
    yield from set_of(
        "map",
        "elastic_zones",
        "ip daddr : ct zone",
        [f"{item.address} : {item.private.number}" for item in _in_zones(held)],
        typed_as="typeof",
    )
    yield from set_of(
        "map", "elastic_of", "mark . ipv4_addr : ipv4_addr", [of_machine(item) for item in elastic]
    )
    yield from set_of(
        "map",
        "elastic_out",
        "ifname . mark . ipv4_addr : ipv4_addr",
        [f'"{item.public.spec.bridge}" . {of_machine(item)}' for item in elastic],
    )


def _in_zones(elastic: Sequence[ElasticPlan]) -> list[ElasticPlan]:
    """Those whose machines have doubles, perhaps: the world may reach the others directly, too."""
    return [item for item in elastic if item.private.is_hidden]
