"""Reads the kernel's connections in our network namespace, and marks some of them.

Plain netlink (linux/netfilter/nfnetlink_conntrack.h): a busy host has a hundred thousand
connections, and general decoding of each takes longer than a rule may take to come into effect.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NETLINK_NETFILTER = 12
_NEW, _GET, _DELETE = 0x0100, 0x0101, 0x0102  # subsystem 1 is conntrack
_REQUEST, _ACK, _DUMP, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x300, 0x200, 0x400
NESTED = 0x8000  # an attribute that holds others
_ERROR, _DONE = 0x2, 0x3
_TUPLE_ORIGINAL, _TUPLE_REPLY, _MARK, _ZONE, _MARK_MASK = 1, 2, 8, 18, 21
_TUPLE_IP, _TUPLE_PROTOCOL, _TUPLE_ZONE = 1, 2, 3
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_ICMP_TYPES, _ICMP_CODES = (5, 8), (6, 9)  # IPv4 and IPv6
_TYPE_MASK = 0x3FFF  # without the flags for nested and network byte order
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_READ_BYTES = 262_144
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Side:
    """One direction of a connection; ports or ICMP type and code as the protocol has them."""

    source: str
    destination: str
    protocol: int
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    zone: int = 0  # in which packets of this direction are followed


@dataclass(frozen=True)
class Connection:
    """One connection: as its first packet was, as its answers are, and its mark.

    `family` and `key` are what the kernel knows it by, `data` is all that it says of it.
    """

    original: Side
    reply: Side
    mark: int
    family: int
    key: bytes
    data: bytes


class Conntrack:
    """A socket of the namespace in which it is made; use it from any thread, one at a time."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        self._socket.settimeout(_TIMEOUT_S)
        self._sequence = 0

    def __enter__(self) -> Conntrack:
        self._socket.bind((0, 0))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def connections(self, having: Collection[bytes] = ()) -> Iterator[Connection]:
        """Every connection, IPv4 and IPv6, or those alone that one of these addresses may be in;
        raises OSError.
        """
        self._send(_GET, _REQUEST | _DUMP, socket.AF_UNSPEC, b"")
        for kind, body in self._answers():
            if kind == _NEW and (not having or any(part in body for part in having)):
                connection = _connection(body[0], body[4:])
                if connection is not None:
                    yield connection

    def set_mark(self, connection: Connection, mark: int, mask: int) -> None:
        """Change the bits of `mask` in a connection's mark; nothing if it ended meanwhile."""
        values = pack(_MARK, struct.pack("!I", mark)) + pack(_MARK_MASK, struct.pack("!I", mask))
        self._send(_NEW, _REQUEST | _ACK, connection.family, connection.key + values)
        for _ in self._answers(ignored=errno.ENOENT):
            pass

    def create(self, family: int, values: bytes) -> None:
        """Make a connection known; raises FileExistsError if it is."""
        self._send(_NEW, _REQUEST | _ACK | _CREATE | _EXCLUSIVE, family, values)
        for _ in self._answers():
            pass

    def forget(self, connection: Connection) -> None:
        """End a connection; nothing if it ended meanwhile."""
        self.forget_key(connection.family, connection.key)

    def forget_key(self, family: int, key: bytes) -> None:
        """End the connection with this key, if there is one."""
        self._send(_DELETE, _REQUEST | _ACK, family, key)
        for _ in self._answers(ignored=errno.ENOENT):
            pass

    def flush(self) -> None:
        """Forget every connection."""
        self._send(_DELETE, _REQUEST | _ACK, socket.AF_UNSPEC, b"")
        for _ in self._answers():
            pass

    def _send(self, kind: int, flags: int, family: int, attributes: bytes) -> None:
        self._sequence += 1
        body = struct.pack("!BBH", family, 0, 0) + attributes
        header = _HEADER.pack(_HEADER.size + len(body), kind, flags, self._sequence, 0)
        self._socket.send(header + body)

    def _answers(self, ignored: int = 0) -> Iterator[tuple[int, bytes]]:
        while True:
            data = self._socket.recv(_READ_BYTES)
            at = 0
            while at < len(data):
                length, kind, _, sequence, _ = _HEADER.unpack_from(data, at)
                body = data[at + _HEADER.size : at + length]
                at += length + -length % 4
                if sequence != self._sequence:
                    continue  # of a dump that was not read to its end
                if kind in (_ERROR, _DONE):
                    (number,) = struct.unpack_from("=i", body)
                    if number and -number != ignored:
                        raise OSError(-number, os.strerror(-number), "connection tracking")
                    return
                yield kind, body


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kinds and values of what lies one after the other."""
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        yield kind & _TYPE_MASK, data[at + _ATTRIBUTE.size : at + length]
        at += length + -length % 4


def pack(kind: int, value: bytes, flags: int = 0) -> bytes:
    """An attribute."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind | flags) + value + bytes(-length % 4)


def _connection(family: int, data: bytes) -> Connection | None:
    found = dict(attributes(data))
    zone = _number_in(found.get(_ZONE, b""))
    original, reply = (_side(found[kind], zone) for kind in (_TUPLE_ORIGINAL, _TUPLE_REPLY))
    if original is None or reply is None:
        return None
    key = pack(_TUPLE_ORIGINAL, found[_TUPLE_ORIGINAL], flags=NESTED)
    if _ZONE in found:
        key += pack(_ZONE, found[_ZONE])
    mark = _number_in(found.get(_MARK, b""))
    return Connection(original, reply, mark, family, key, data)


def family_of(address: str) -> int:
    """AF_INET or AF_INET6."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _number_in(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _side(data: bytes, zone: int) -> Side | None:
    parts = dict(attributes(data))
    addresses = [value for _, value in sorted(attributes(parts.get(_TUPLE_IP, b"")))]
    protocol = dict(attributes(parts.get(_TUPLE_PROTOCOL, b"")))
    if len(addresses) != 2 or _NUMBER not in protocol:
        return None
    family = socket.AF_INET if len(addresses[0]) == 4 else socket.AF_INET6

    def number(*kinds: int) -> int | None:
        values = (protocol[kind] for kind in kinds if kind in protocol)
        return next((_number_in(value) for value in values), None)

    return Side(
        source=socket.inet_ntop(family, addresses[0]),
        destination=socket.inet_ntop(family, addresses[1]),
        protocol=protocol[_NUMBER][0],
        source_port=number(_SOURCE_PORT),
        destination_port=number(_DESTINATION_PORT),
        icmp_type=number(*_ICMP_TYPES),
        icmp_code=number(*_ICMP_CODES),
        zone=_number_in(parts[_TUPLE_ZONE]) if _TUPLE_ZONE in parts else zone,
    )
