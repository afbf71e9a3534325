"""Which rules hold for the NICs of a machine, as their host asks them."""

from __future__ import annotations

import msgspec

PEERS_SHOWN = 100


class EffectiveRule(msgspec.Struct, kw_only=True, frozen=True):
    """One enabled rule of a NIC's groups; the first that speaks of a packet decides.

    The fields are those of `SecurityRule`. `peer_addresses` are those of the members of the
    group that it names, at most a hundred; `peer_count` is how many there are.
    """

    rule_id: str
    security_group_id: str
    security_group_name: str
    action: str
    priority: int
    protocol: str
    port_first: int | None
    port_last: int | None
    icmp_type: int | None
    icmp_code: int | None
    cidr: str
    peer_group_id: str | None
    peer_group_name: str
    peer_addresses: list[str]
    peer_count: int
    description: str


class NicRules(msgspec.Struct, kw_only=True, frozen=True):
    """What holds for one NIC, in the order of asking.

    A NIC in no group is not filtered: everything passes (`is_filtered` is false). With groups,
    what no rule speaks of is refused; answers to what was allowed, and DHCP, DNS and metadata of
    the network always pass.
    """

    nic_id: str
    address: str
    network_id: str
    network_name: str
    is_filtered: bool
    security_group_ids: list[str]
    security_group_names: list[str]
    incoming: list[EffectiveRule]
    outgoing: list[EffectiveRule]


class EffectiveRules(msgspec.Struct, kw_only=True, frozen=True):
    """The rules of each NIC of a machine."""

    nics: list[NicRules]
