"""DHCPv6 as far as a server needs it whose machines' addresses are known beforehand (RFC 8415).

No I/O here, and no memory: an answer follows from the question and the network's document alone.
So there are no leases that could be lost, or kept back from a machine that was installed anew and
calls itself by another identifier.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.services.dns_wire import resolvers6, wire_name
from hostagent.protocol.network import PortSpec

SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY = 1, 2, 3, 4, 5, 6, 7
RELEASE, DECLINE, INFORMATION_REQUEST = 8, 9, 11
_CLIENT_ID, _SERVER_ID, _IA_NA, _IA_TA, _IA_ADDRESS, _WANTED = 1, 2, 3, 4, 5, 6
_STATUS, _RAPID_COMMIT, _DNS_SERVERS, _DNS_SEARCH, _IA_PD = 13, 14, 23, 24, 25
_SUCCESS, _NO_ADDRESSES, _NOT_ON_LINK, _NO_PREFIX = 0, 2, 4, 6
_HEADER_BYTES, _OPTION_BYTES, _IA_BYTES, _IA_TA_BYTES = 4, 4, 12, 4
_DUID_LLT, _DUID_LL, _ETHERNET = 1, 3, 1
LEASE_TIME_S = 24 * 3600
_RENEW_S, _REBIND_S = LEASE_TIME_S // 2, LEASE_TIME_S * 4 // 5


@dataclass(frozen=True)
class Message:
    """What a client said; options in the order in which they came."""

    kind: int
    transaction: bytes
    options: tuple[tuple[int, bytes], ...]

    def first(self, code: int) -> bytes | None:
        """The first option of a kind."""
        return next((body for found, body in self.options if found == code), None)

    def wants(self, code: int) -> bool:
        """Whether it asked for an option; who names none is told everything."""
        wanted = self.first(_WANTED)
        return wanted is None or struct.pack("!H", code) in _pairs(wanted)


def read_message(data: bytes) -> Message | None:
    """A client's message; None for what is none or broken."""
    if len(data) < _HEADER_BYTES:
        return None
    try:
        options = tuple(_options(data[_HEADER_BYTES:]))
    except ValueError:
        return None
    return Message(data[0], data[1:_HEADER_BYTES], options)


def mac_of(message: Message) -> str:
    """The MAC in a client's identifier, "" if it is of another kind (RFC 8415, 11)."""
    duid = message.first(_CLIENT_ID) or b""
    if len(duid) < 4:
        return ""
    kind, hardware = struct.unpack_from("!HH", duid)
    skipped = {_DUID_LLT: 8, _DUID_LL: 4}.get(kind)
    if skipped is None or hardware != _ETHERNET or len(duid) != skipped + 6:
        return ""
    return duid[skipped:].hex(":")


def server_id(plan: NetworkPlan) -> bytes:
    """The same on each host: a machine that has moved goes on with its address."""
    return struct.pack("!HH", _DUID_LL, _ETHERNET) + bytes.fromhex(
        plan.service_mac.replace(":", "")
    )


def answer(plan: NetworkPlan, port: PortSpec, message: Message) -> bytes | None:
    """The answer to a machine's message; None where the protocol wants silence (RFC 8415, 16)."""
    client, server = message.first(_CLIENT_ID), message.first(_SERVER_ID)
    ours = server_id(plan)
    kind = message.kind
    if client is None and kind != INFORMATION_REQUEST:
        return None
    if kind in (SOLICIT, CONFIRM, REBIND):
        if server is not None:
            return None
    elif kind in (REQUEST, RENEW, RELEASE, DECLINE):
        if server != ours:
            return None
    elif kind != INFORMATION_REQUEST or server not in (None, ours):
        return None
    body = _body(plan, port, message)
    if body is None:
        return None
    is_offer = kind == SOLICIT and message.first(_RAPID_COMMIT) is None
    if kind == SOLICIT and not is_offer:
        body += _option(_RAPID_COMMIT, b"")
    head = bytes([ADVERTISE if is_offer else REPLY]) + message.transaction
    if client is not None:
        head += _option(_CLIENT_ID, client)
    return head + _option(_SERVER_ID, ours) + body


def _body(plan: NetworkPlan, port: PortSpec, message: Message) -> bytes | None:
    if message.kind in (RELEASE, DECLINE):
        return _status(_SUCCESS)
    if message.kind == CONFIRM:
        asked = list(_addresses_in(message))
        if not asked:
            return None
        own = IPv6Address(port.ipv6_address).packed
        return _status(_SUCCESS if all(a == own for a in asked) else _NOT_ON_LINK)
    told = b"" if message.kind == INFORMATION_REQUEST else b"".join(_leases(port, message))
    return told + _dns(plan, port, message)


def _leases(port: PortSpec, message: Message) -> Iterator[bytes]:
    """The machine's address in the first of its associations; the others get none."""
    own = IPv6Address(port.ipv6_address).packed
    is_given = False
    for code, body in message.options:
        if code == _IA_NA and len(body) >= _IA_BYTES:
            if is_given:
                yield _option(_IA_NA, body[:_IA_BYTES] + _status(_NO_ADDRESSES))
                continue
            is_given = True
            times = struct.pack("!II", _RENEW_S, _REBIND_S)
            others = [a for a in _addresses(body[_IA_BYTES:]) if a != own]
            # What it must give up is told with no time left (RFC 8415, 18.3.4).
            given_up = b"".join(_address(a, 0) for a in others) if message.kind != SOLICIT else b""
            yield _option(_IA_NA, body[:4] + times + _address(own, LEASE_TIME_S) + given_up)
        elif code == _IA_TA and len(body) >= _IA_TA_BYTES:
            yield _option(_IA_TA, body[:_IA_TA_BYTES] + _status(_NO_ADDRESSES))
        elif code == _IA_PD and len(body) >= _IA_BYTES:
            yield _option(_IA_PD, body[:_IA_BYTES] + _status(_NO_PREFIX))


def _dns(plan: NetworkPlan, port: PortSpec, message: Message) -> bytes:
    if not port.is_default:
        return b""
    told = b""
    servers = resolvers6(plan)
    if servers and message.wants(_DNS_SERVERS):
        told += _option(_DNS_SERVERS, b"".join(IPv6Address(a).packed for a in servers))
    if plan.spec.domain and message.wants(_DNS_SEARCH):
        told += _option(_DNS_SEARCH, wire_name(plan.spec.domain))
    return told


def _addresses_in(message: Message) -> Iterator[bytes]:
    for code, body in message.options:
        if code == _IA_NA:
            yield from _addresses(body[_IA_BYTES:])


def _addresses(data: bytes) -> Iterator[bytes]:
    try:
        for code, body in _options(data):
            if code == _IA_ADDRESS and len(body) >= 24:
                yield body[:16]
    except ValueError:  # what came before the broken one counts
        return


def _address(packed: bytes, lifetime_s: int) -> bytes:
    return _option(_IA_ADDRESS, packed + struct.pack("!II", lifetime_s, lifetime_s))


def _status(code: int) -> bytes:
    return _option(_STATUS, struct.pack("!H", code))


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        if at + _OPTION_BYTES > len(data):
            raise ValueError("an option without its length")
        code, size = struct.unpack_from("!HH", data, at)
        at += _OPTION_BYTES
        if at + size > len(data):
            raise ValueError(f"option {code} is cut off")
        yield code, data[at : at + size]
        at += size


def _option(code: int, body: bytes) -> bytes:
    return struct.pack("!HH", code, len(body)) + body


def _pairs(data: bytes) -> list[bytes]:
    return [data[at : at + 2] for at in range(0, len(data) - 1, 2)]
