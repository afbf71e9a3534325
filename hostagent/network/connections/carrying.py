"""Carries the open connections of a machine that moves to the connection tracking of its new host.

Otherwise the first packet that comes by there would begin a connection anew, and rules judge its
direction: answers to what the machine had asked would be refused, and so would be what it answers
to others. What is translated to an address of the old host (SNAT) stays behind: nobody can carry
it on.

The other host is not trusted further than with the machine itself: it is asked about, and tells
of, nothing but the machine's own addresses.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import structlog

from hostagent.network.connections import tracking
from hostagent.network.connections.conntrack import Connection, Conntrack, Side
from hostagent.network.plan.host import HostPlan
from hostagent.network.rules.groups import CUT_MARK
from hostagent.network.rules.ipv6 import addresses_of
from hostagent.network.rules.zones import mark_of, number_in
from hostagent.protocol.flows import MAX_FLOWS, TCP, UDP, Flow

LONGEST_S = 432_000  # the kernel's own limit for what says nothing
LARGEST_PORT = 65_535
_OPEN = range(2, 7)  # TCP: from the answer to the first packet to the last acknowledgement

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Nic:
    """A NIC of the machine: its addresses, its network's number here, its elastic address."""

    nic_id: str
    addresses: frozenset[str]
    number: int
    elastic: str


async def flows_of(plan: HostPlan, vm_id: str) -> list[Flow]:
    """The connections of a machine that can go on elsewhere; raises OSError."""
    nics = _nics_of(plan, vm_id)
    if not nics:
        return []
    with Conntrack() as conntrack:  # made here: another thread may be in another namespace
        return await asyncio.to_thread(_read, conntrack, nics)


async def take_flows(plan: HostPlan, vm_id: str, flows: Sequence[Flow]) -> int:
    """Have the kernel know of these connections; how many it took. Raises OSError.

    What is not of the machine is left out.
    """
    nics = {nic.nic_id: nic for nic in _nics_of(plan, vm_id)}
    good = [flow for flow in flows[:MAX_FLOWS] if _is_sound(flow, nics.get(flow.nic_id))]
    if len(good) < len(flows):
        log.warning("network.flows_left_out", vm=vm_id, count=len(flows) - len(good))
    with Conntrack() as conntrack:
        return await asyncio.to_thread(_write, conntrack, [(one, nics[one.nic_id]) for one in good])


def _nics_of(plan: HostPlan, vm_id: str) -> list[_Nic]:
    elastic = {item.port.nic_id: item.address for item in plan.elastic}
    return [
        _Nic(
            nic_id=port.nic_id,
            addresses=frozenset((port.address, *addresses_of(port))),
            number=network.number,
            elastic=elastic.get(port.nic_id, ""),
        )
        for network in plan.networks
        for port in network.spec.ports
        if port.vm_id == vm_id
    ]


def _read(conntrack: Conntrack, nics: Sequence[_Nic]) -> list[Flow]:
    wanted = [ip_address(address).packed for nic in nics for address in nic.addresses]
    found: list[Flow] = []
    for connection in conntrack.connections(wanted):
        flow = next((one for nic in nics for one in _flows(connection, nic)), None)
        if flow is not None and len(found) < MAX_FLOWS:
            found.append(flow)
    return found


def _flows(connection: Connection, nic: _Nic) -> Iterator[Flow]:
    """The connection as one of this NIC, if it is."""
    original, reply = connection.original, connection.reply
    zones = {original.zone, reply.zone, number_in(connection.mark)}
    if original.protocol not in (TCP, UDP) or not zones <= {0, nic.number}:
        return
    is_outbound = original.source in nic.addresses and original.zone == nic.number
    if is_outbound and (reply.source, reply.source_port) == (
        original.destination, original.destination_port,
    ):  # fmt: skip
        yield from _flow(connection, nic, own=original, outer=reply, is_inbound=False)
    elif reply.source in nic.addresses and (reply.destination, reply.destination_port) == (
        original.source, original.source_port,
    ):  # fmt: skip
        yield from _flow(connection, nic, own=reply, outer=original, is_inbound=True)


def _flow(
    connection: Connection, nic: _Nic, *, own: Side, outer: Side, is_inbound: bool
) -> Iterator[Flow]:
    """`own` is the direction away from the NIC, `outer` the other one, as the peer sees it."""
    shown = outer.destination
    if shown not in (own.source, nic.elastic) or None in (own.source_port, own.destination_port):
        return
    state = tracking.state_of(connection)
    if own.protocol == TCP and (state.tcp is None or state.tcp.state not in _OPEN):
        return
    is_translated = shown != own.source
    yield Flow(
        nic_id=nic.nic_id,
        is_inbound=is_inbound,
        protocol=own.protocol,
        address=own.source,
        port=own.source_port or 0,
        peer=own.destination,
        peer_port=own.destination_port or 0,
        timeout_s=state.timeout_s,
        elastic=shown if is_translated else "",
        elastic_port=(outer.destination_port or 0) if is_translated else 0,
        is_zoned=connection.original.zone != 0,
        is_zoned_back=connection.reply.zone != 0,
        is_marked=number_in(connection.mark) != 0,
        is_cut=bool(connection.mark & CUT_MARK),
        is_answered=state.is_answered,
        is_assured=state.is_assured,
        tcp=state.tcp,
    )


def _is_sound(flow: Flow, nic: _Nic | None) -> bool:
    """Whether this is a connection of the machine; the other host may say anything."""
    if nic is None or flow.address not in nic.addresses or flow.protocol not in (TCP, UDP):
        return False
    if flow.elastic and flow.elastic != nic.elastic:
        return False
    try:
        peer = ip_address(flow.peer)
    except ValueError:
        return False
    ports = [flow.port, flow.peer_port, *([flow.elastic_port] if flow.elastic else [])]
    is_zoned = flow.is_zoned or flow.is_zoned_back or flow.is_marked
    return (
        peer.version == ip_address(flow.address).version
        and not (peer.is_multicast or peer.is_unspecified or peer.is_loopback)
        and flow.peer not in nic.addresses
        and all(0 < port <= LARGEST_PORT for port in ports)
        and 0 < flow.timeout_s <= LONGEST_S
        and not (is_zoned and nic.number == 0)
        and not (flow.is_zoned_back and not flow.is_zoned)
        and _is_sound_tcp(flow)
    )


def _is_sound_tcp(flow: Flow) -> bool:
    if flow.protocol == UDP:
        return flow.tcp is None
    return (
        flow.tcp is not None
        and flow.tcp.state in _OPEN
        and all(0 <= value <= 255 for value in flow.tcp.flags)
        and all(0 <= value <= 14 for value in flow.tcp.scales)  # RFC 7323, 2.3
    )


def _write(conntrack: Conntrack, flows: Sequence[tuple[Flow, _Nic]]) -> int:
    """An older entry of the same connection goes: the machine may have been here before, and what
    was known of its TCP windows then would refuse what comes now.
    """
    taken = 0
    for flow, nic in flows:
        mark = (mark_of(nic.number) if flow.is_marked else 0) | (CUT_MARK if flow.is_cut else 0)
        family, key, values = tracking.entry(flow, nic.number, mark)
        conntrack.forget_key(family, key)
        try:
            conntrack.create(family, key + values)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.EINVAL):
                raise
            log.info("network.flow_not_taken", nic=nic.nic_id, reason=str(error))
            continue
        taken += 1
    return taken
