"""What an agent tells of packets that were thrown away, if somebody wants to know of them."""

from __future__ import annotations

from typing import Literal

import msgspec

from hostagent.protocol.firewall import Direction
from hostagent.protocol.network import PortDrops

# By the rules: no rule spoke of it, a rule denied it, or its connection was cut by a change.
# By anti-spoofing: another's MAC or address, what only a DHCP server or router says, fragments of
# IPv6 (which could hide the latter), and frames that are neither IP nor ARP.
DropReason = Literal[
    "no_rule",
    "denied",
    "cut",
    "forged_mac",
    "forged_address",
    "dhcp_server",
    "router",
    "fragment",
    "foreign_protocol",
]


class DroppedPacket(msgspec.Struct, frozen=True, kw_only=True):
    """One packet that did not pass a NIC. `direction` is seen from its VM.

    `at` is in seconds since 1970. `protocol` is "tcp", "udp", "icmp", "icmpv6", "arp", or the
    number of another one (of IP, or in hexadecimal that of Ethernet). `denied` names the rule;
    the groups are those that were asked.
    """

    nic_id: str
    at: float
    direction: Direction
    reason: DropReason
    protocol: str
    source: str = ""
    destination: str = ""
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    source_mac: str = ""
    rule_id: str = ""
    group_id: str = ""


class DropReport(msgspec.Struct, frozen=True, kw_only=True):
    """The event "network.drops". `lost` counts by NIC what there was no room to keep until now."""

    packets: list[DroppedPacket] = []
    lost: dict[str, int] = {}


class CountDrops(msgspec.Struct, frozen=True, kw_only=True):
    """Asks how many packets of these NICs were thrown away; those not on the host are left out."""

    nic_ids: list[str]


class DropCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "network.drops"."""

    drops: list[PortDrops]
