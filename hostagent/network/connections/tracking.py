"""Flows as connection tracking writes them (linux/netfilter/nfnetlink_conntrack.h)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address

from hostagent.network.connections.conntrack import (
    NESTED,
    Connection,
    attributes,
    family_of,
    pack,
)
from hostagent.protocol.flows import Flow, TcpState

_TUPLE_ORIGINAL, _TUPLE_REPLY, _STATUS, _PROTOCOL_INFO = 1, 2, 3, 4
_NAT_SOURCE, _TIMEOUT, _MARK, _NAT_DESTINATION, _ZONE = 6, 7, 8, 13, 18
_TUPLE_IP, _TUPLE_PROTOCOL, _TUPLE_ZONE = 1, 2, 3
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_TCP, _STATE, _SCALES, _FLAGS = 1, 1, (2, 3), (4, 5)
_MIN_IP, _MAX_IP, _NAT_PORTS, _PORT_MIN, _PORT_MAX = 1, 2, 3, 1, 2
_SEEN_REPLY, _ASSURED, _CONFIRMED = 2, 4, 8
_LIBERAL = 8  # windows are not known here: whatever comes in this connection is taken as its own


@dataclass(frozen=True)
class State:
    """What is known of a connection besides its addresses."""

    timeout_s: int
    is_answered: bool
    is_assured: bool
    tcp: TcpState | None


def state_of(connection: Connection) -> State:
    """How a connection that was read stands."""
    found = dict(attributes(connection.data))
    status = int.from_bytes(found.get(_STATUS, b""), "big")
    return State(
        timeout_s=int.from_bytes(found.get(_TIMEOUT, b""), "big"),
        is_answered=bool(status & _SEEN_REPLY),
        is_assured=bool(status & _ASSURED),
        tcp=_tcp_state(found.get(_PROTOCOL_INFO, b"")),
    )


def _tcp_state(info: bytes) -> TcpState | None:
    tcp = dict(attributes(dict(attributes(info)).get(_TCP, b"")))
    if _STATE not in tcp:
        return None
    flags, scales = (
        tuple(tcp.get(kind, b"\0")[0] for kind in kinds) for kinds in (_FLAGS, _SCALES)
    )
    return TcpState(state=tcp[_STATE][0], flags=(flags[0], flags[1]), scales=(scales[0], scales[1]))


def entry(flow: Flow, number: int, mark: int) -> tuple[int, bytes, bytes]:
    """The family, key and values that make a flow known, in the zone `number` if it is in one.

    The answers' direction is given untranslated: the kernel makes it from the translation.
    """
    near, far = (flow.address, flow.port), (flow.peer, flow.peer_port)
    outer = (flow.elastic, flow.elastic_port) if flow.elastic else near
    source, destination = (far, outer) if flow.is_inbound else (near, far)
    is_both = flow.is_zoned_back
    zone = pack(_TUPLE_ZONE, struct.pack("!H", number)) if flow.is_zoned and not is_both else b""
    key = _tuple(_TUPLE_ORIGINAL, source, destination, flow.protocol, zone)
    if is_both:
        key += pack(_ZONE, struct.pack("!H", number))
    values = _tuple(_TUPLE_REPLY, destination, source, flow.protocol)
    if flow.elastic:
        kind, to = (_NAT_DESTINATION, near) if flow.is_inbound else (_NAT_SOURCE, outer)
        values += _translation(kind, to)
    status = _CONFIRMED
    status |= _SEEN_REPLY if flow.is_answered else 0
    status |= _ASSURED if flow.is_assured else 0
    values += pack(_STATUS, struct.pack("!I", status))
    values += pack(_TIMEOUT, struct.pack("!I", flow.timeout_s))
    values += pack(_MARK, struct.pack("!I", mark))
    if flow.tcp is not None:
        values += _tcp_info(flow.tcp)
    return family_of(flow.address), key, values


def _tuple(
    kind: int,
    source: tuple[str, int],
    destination: tuple[str, int],
    protocol: int,
    zone: bytes = b"",
) -> bytes:
    first = 1 if ip_address(source[0]).version == 4 else 3
    addresses = [
        pack(first + place, ip_address(text).packed)
        for place, (text, _) in enumerate((source, destination))
    ]
    ports = (
        pack(_NUMBER, bytes([protocol]))
        + pack(_SOURCE_PORT, struct.pack("!H", source[1]))
        + pack(_DESTINATION_PORT, struct.pack("!H", destination[1]))
    )
    body = pack(_TUPLE_IP, b"".join(addresses), NESTED) + pack(_TUPLE_PROTOCOL, ports, NESTED)
    return pack(kind, body + zone, NESTED)


def _translation(kind: int, to: tuple[str, int]) -> bytes:
    address, port = ip_address(to[0]).packed, struct.pack("!H", to[1])
    ports = pack(_PORT_MIN, port) + pack(_PORT_MAX, port)
    body = pack(_MIN_IP, address) + pack(_MAX_IP, address) + pack(_NAT_PORTS, ports, NESTED)
    return pack(kind, body, NESTED)


def _tcp_info(tcp: TcpState) -> bytes:
    body = pack(_STATE, bytes([tcp.state]))
    for kind, scale in zip(_SCALES, tcp.scales, strict=True):
        body += pack(kind, bytes([scale]))
    for kind, flags in zip(_FLAGS, tcp.flags, strict=True):
        body += pack(kind, bytes([flags | _LIBERAL, flags | _LIBERAL]))
    return pack(_PROTOCOL_INFO, pack(_TCP, body, NESTED), NESTED)
