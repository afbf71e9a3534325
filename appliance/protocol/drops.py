"""Packets of a machine that were thrown away: how many, and those that were noted."""

from __future__ import annotations

from datetime import datetime

import msgspec


class NicLosses(msgspec.Struct, kw_only=True, frozen=True):
    """What of a NIC's packets was thrown away since its host loaded the rules.

    `spoofed` claimed to be somebody else's or came from no VM; `refused` were against the rules
    of its security groups. They are None while no host counts them: the machine is off, or its
    host does not answer. `is_logging_*` say of which kinds single packets are noted.
    """

    nic_id: str
    address: str
    network_name: str
    spoofed_packets: int | None
    spoofed_bytes: int | None
    refused_packets: int | None
    refused_bytes: int | None
    is_logging_spoofed: bool
    is_logging_refused: bool


class NotedPacket(msgspec.Struct, kw_only=True, frozen=True):
    """One packet that was thrown away. `number` grows with each; `direction` is the machine's.

    `reason` (a code like "drop.no_rule") with `params` says why, `message` the same in English;
    `rule_id` and `security_group_id` name the rule that denied it. `protocol` is tcp, udp, icmp,
    icmpv6, arp, or the number of another one.
    """

    number: int
    at: datetime
    nic_id: str
    direction: str
    reason: str
    params: dict[str, str]
    message: str
    protocol: str
    source: str
    source_port: int | None
    destination: str
    destination_port: int | None
    icmp_type: int | None
    icmp_code: int | None
    source_mac: str
    security_group_id: str | None
    rule_id: str | None


class VmDrops(msgspec.Struct, kw_only=True, frozen=True):
    """What of a machine's packets was thrown away; `packets` are those noted, newest first.

    Of each NIC only so many a minute are noted, and only the last ones are kept, by the node that
    answers. `missed` more were noted on the host, but there were too many to be told.
    """

    nics: list[NicLosses]
    packets: list[NotedPacket]
    missed: int
