"""Cuts open connections that the rules of security groups no longer allow, and only those.

nft judges each packet of a connection's original direction, but lets answers pass. So after a
change of rules the agent asks of each connection whether its first packet would pass now, and
marks those that would not: nft refuses the answers of a marked one. It is marked and not
deleted, because the next answer would otherwise begin a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache

from hostagent.network.connections.conntrack import Connection, Conntrack
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules.groups import CUT_MARK, FilteredPort
from hostagent.network.rules.ipv6 import addresses_of
from hostagent.network.rules.zones import number_in
from hostagent.protocol.firewall import (
    Direction,
    Packet,
    SecurityGroupSpec,
    first_match,
    ordered,
)
from hostagent.protocol.network import METADATA_ADDRESS

_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


async def cut_refused(
    ports: Sequence[FilteredPort],
    groups: Sequence[SecurityGroupSpec],
    networks: Sequence[NetworkPlan] = (),
) -> int:
    """Cut what `groups` refuse and heal what they allow again; how many changed.

    `networks` are those that senders may be in, besides those of `ports`. Raises OSError.
    """
    with Conntrack() as conntrack:  # made here: another thread may be in another namespace
        return await asyncio.to_thread(_cut, conntrack, _Judge(ports, groups, networks))


def _cut(conntrack: Conntrack, judge: _Judge) -> int:
    changed = []
    for connection in conntrack.connections():
        verdict = judge.allows(connection)
        if verdict is not None and verdict == bool(connection.mark & CUT_MARK):
            changed.append((connection, 0 if verdict else CUT_MARK))
    for connection, mark in changed:
        conntrack.set_mark(connection, mark, CUT_MARK)
    return len(changed)


class _Judge:
    """Says of connections whether they may be."""

    def __init__(
        self,
        ports: Sequence[FilteredPort],
        groups: Sequence[SecurityGroupSpec],
        networks: Sequence[NetworkPlan],
    ) -> None:
        self._groups = {group.id: group for group in groups}
        self._ports: dict[tuple[int, str], FilteredPort] = {}
        plans = (*networks, *(item.plan for item in ports))
        self._network_ids = {plan.number: plan.spec.id for plan in plans}
        for item in ports:
            # What comes from outside to a routed network is in no zone.
            for number in {item.plan.number, 0 if not item.plan.is_hidden else item.plan.number}:
                for address in (item.port.address, *addresses_of(item.port)):
                    self._ports[number, address] = item
        self._rules = cache(self._rules_of)
        self._allowed = cache(self._is_allowed)

    def allows(self, connection: Connection) -> bool | None:
        """Whether its first packet would pass now; None if no filtered port has to do with it."""
        original, reply = connection.original, connection.reply
        origin = _origin(connection)
        sender = self._find(origin, original.source)
        receiver = self._find(number_in(connection.mark) or reply.zone, reply.source)
        verdicts = []
        if sender is not None:
            # Asked before the destination is translated, as nft does.
            verdicts.append((sender, "out", original.destination, original.destination_port))
        if receiver is not None:
            verdicts.append((receiver, "in", reply.source, reply.source_port))
        if not verdicts:
            return None
        protocol = _PROTOCOLS.get(original.protocol, str(original.protocol))
        for item, direction, destination, port in verdicts:
            peer = destination if direction == "out" else original.source
            if peer in _services(item):
                continue
            came_from = item.plan.number if direction == "out" else origin
            packet = Packet(
                network_id=self._network_ids.get(came_from, ""),
                source=original.source,
                destination=destination,
                protocol=protocol,
                port=port,
                icmp_type=original.icmp_type,
                icmp_code=original.icmp_code,
            )
            group_ids = tuple(sorted(set(item.port.security_group_ids)))
            if not self._allowed(group_ids, direction, packet):
                return False
        return True

    def _find(self, number: int, address: str) -> FilteredPort | None:
        """The port of a network's machine; a zone may also be that of the other end."""
        return self._ports.get((number, address)) or self._ports.get((0, address))

    def _is_allowed(self, group_ids: tuple[str, ...], direction: Direction, packet: Packet) -> bool:
        return first_match(self._rules(group_ids, direction), self._groups, packet).allowed

    def _rules_of(self, group_ids: tuple[str, ...], direction: Direction):
        return ordered(group_ids, self._groups, direction)


def _services(item: FilteredPort) -> tuple[str, ...]:
    """The addresses of a port's network that no rule speaks of."""
    ipv6 = item.plan.ipv6
    own = (item.plan.spec.dhcp_address, METADATA_ADDRESS)
    return own if ipv6 is None else (*own, ipv6.service_address)


def _origin(connection: Connection) -> int:
    """The number of the private network that a connection began in, 0 if it was none."""
    is_from_outside = number_in(connection.mark) and connection.original.zone == (
        connection.reply.zone
    )
    return 0 if is_from_outside else connection.original.zone
