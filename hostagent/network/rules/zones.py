"""Tells the private networks of a host apart, though several may have the same addresses.

Each has a number on its host, which is its zone in connection tracking. What a machine sends to
its gateway is followed in the zone of its network, and the answers, translated to an address of
the host's by then, outside of all zones; what stays in the network, and what a machine with an
elastic address exchanges with the world, is followed in the zone both ways.

A connection to an elastic address keeps the number of the machine's network in its mark. From
zone and mark each packet gets a mark of its own that says in which network it ends, for the
routing rules (`ways`) and for the last check: what was led into another network is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules.text import chain, set_of

NUMBER_MAX = 4095
NUMBER_MASK = 0x0FFF_0000  # in marks; the other bits of a connection's are for others (`groups`)
_SHIFT = 16
_WAY = 0x5000_0000  # in a packet's mark: that of `groups` begins with another digit
_BEFORE_DEFRAGMENTATION = -450  # fragments of different networks are never put together
# For the first packet of a connection: a mark of the network where it began.
ORIGIN = ["meta mark set ct original zone map @zone_marks"]
_SET_WAY = f"meta mark set ct mark & {NUMBER_MASK:#010x} | {_WAY:#010x}"


def choose_numbers(plans: Collection[NetworkPlan], known: Mapping[str, int]) -> dict[str, int]:
    """A number for each private network by id: the one it has, or a free one.

    Raises OverflowError if there are more networks than numbers.
    """
    chosen = dict(known)
    taken = set(known.values())
    for plan in sorted((plan for plan in plans if plan.is_nat), key=lambda plan: plan.spec.id):
        if plan.spec.id in chosen:
            continue
        if len(taken) == NUMBER_MAX:
            raise OverflowError(f"a host has at most {NUMBER_MAX} private networks")
        number = int(plan.short, 16) % NUMBER_MAX + 1
        while number in taken:
            number = number % NUMBER_MAX + 1
        taken.add(number)
        chosen[plan.spec.id] = number
    return chosen


def mark_of(number: int) -> int:
    """What a connection's mark has for a network."""
    return number << _SHIFT


def number_in(mark: int) -> int:
    """The number in a connection's mark, 0 if there is none."""
    return (mark & NUMBER_MASK) >> _SHIFT


def way_mark(number: int) -> int:
    """The mark of packets that end in a network, or come from it and go anywhere."""
    return _WAY | mark_of(number)


def render_zones(plans: Sequence[NetworkPlan], *, elastic: bool) -> Iterator[str]:
    """All of this for the inet table, which has the sets `same_bridge` and `closed`.

    With `elastic` it also has the sets and maps of `elastic_rules`. No rule more is passed for
    more networks.
    """
    private = [plan for plan in plans if plan.is_nat]
    if not private:
        return
    yield from _maps(private)
    for plan in private:
        yield from chain(f"zone_{plan.short}", list(_zone(plan, elastic=elastic)))
        yield from chain(f"enter_{plan.short}", _enter(plan))
    yield from chain(
        "zones",
        [
            "iifname vmap @zones",
            *(["ct zone set ip daddr map @elastic_zones"] if elastic else []),
        ],
        hook=f"type filter hook prerouting priority {_BEFORE_DEFRAGMENTATION}; policy accept;",
    )
    towards_elastic = [
        f"ct state new ct mark set ip daddr map @elastic_marks {_SET_WAY}",
        f"ct direction original ct status dnat ct mark & {NUMBER_MASK:#010x} != 0 {_SET_WAY}",
    ]
    answers = "ct direction reply meta mark set ct original zone map @zone_marks"
    yield from chain(
        "lead",
        ["iifname vmap @enter", answers, *(towards_elastic if elastic else [])],
        hook="type filter hook prerouting priority dstnat - 10; policy accept;",
    )
    yield from chain(
        "lead_host",
        [
            "ct state new ct mark set oifname map @bridge_marks",
            answers,
            *(towards_elastic if elastic else []),
        ],
        hook="type route hook output priority mangle; policy accept;",
    )
    yield from chain(
        "strays",
        [
            "meta nfproto ipv4 oifname @closed iifname . oifname != @same_bridge "
            "oifname . meta mark != @homes drop"
        ],
        hook="type filter hook forward priority mangle; policy accept;",
    )


def _maps(private: Sequence[NetworkPlan]) -> Iterator[str]:
    def elements(value: str) -> list[str]:
        return [
            f'"{plan.spec.bridge}" '
            + value.format(short=plan.short, mark=mark_of(plan.number), way=way_mark(plan.number))
            for plan in private
        ]

    ways = [f"{plan.number} : {way_mark(plan.number):#010x}" for plan in private]
    yield from set_of("map", "zone_marks", "ct zone : meta mark", ways, typed_as="typeof")
    numbers = [f"{mark_of(plan.number):#010x}" for plan in private]
    yield from set_of("set", "numbers", "mark", numbers)
    yield from set_of("map", "bridge_marks", "ifname : mark", elements(": {mark:#010x}"))
    yield from set_of("set", "homes", "ifname . mark", elements(". {way:#010x}"))
    yield from set_of("map", "zones", "ifname : verdict", elements(": jump zone_{short}"))
    yield from set_of("map", "enter", "ifname : verdict", elements(": jump enter_{short}"))


def _zone(plan: NetworkPlan, *, elastic: bool) -> Iterator[str]:
    """Which zone has what a machine sends. Nothing more of this hook is asked then."""
    zone = f"zone set {plan.number} accept"
    yield f"ether daddr != {plan.bridge_mac} ct {zone}"
    yield f"ip daddr {plan.cidr} ip daddr != {plan.spec.gateway} ct {zone}"
    if elastic:
        yield f"iifname . ip saddr @bound ip daddr != @near fib daddr type != local ct {zone}"
    yield f"ct original {zone}"


def _enter(plan: NetworkPlan) -> list[str]:
    """Answers come from the network that was asked, not from a double of its machine."""
    asked = f"ct mark & {NUMBER_MASK:#010x}"
    right = f"{{ {0:#010x}, {mark_of(plan.number):#010x} }}"
    return [
        f"ct direction reply {asked} != {right} {asked} @numbers drop",
        f"meta mark set {way_mark(plan.number):#010x}",
    ]
