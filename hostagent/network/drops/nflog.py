"""Reads packets that nft's `log group N` hands out in our network namespace.

Plain netlink (linux/netfilter/nfnetlink_log.h and nfnetlink.h): each message is one packet, a
header of four bytes (family, version, group) and attributes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_NETFILTER = 12
_PACKET, _CONFIG = 4 << 8 | 0, 4 << 8 | 1  # subsystem 4 is nfnetlink_log
_REQUEST, _ACK = 0x1, 0x4
_ERROR = 0x2
# NFULA_CFG_*: what is asked of the kernel.
_SET_COMMAND, _SET_MODE, _SET_BUFFER_BYTES, _SET_TIMEOUT, _SET_FLAGS = 1, 2, 3, 4, 6
_BIND = b"\x01"
_COPY_PACKET = 2
_WITH_NUMBERS = b"\x00\x01"  # NFULNL_CFG_F_SEQ
# NFULA_*: what it says of a packet.
_HEAD, _MARK, _TIME, _BRIDGE_PORT = 1, 2, 3, 6
_PAYLOAD, _PREFIX, _NUMBER, _LINK_HEADER = 9, 10, 12, 16
_TYPE_MASK = 0x3FFF
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_FAMILY_BYTES = 4
_COPY_BYTES = 192  # of each packet: the headers, whatever options they have
_TIMEOUT_CENTISECONDS = 10
_KERNEL_BUFFER_BYTES = 64 * 1024
_RECEIVE_BYTES = 1024 * 1024
_READ_BYTES = 131_072
_ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True)
class LoggedPacket:
    """One packet as the kernel hands it out.

    `prefix` is the rule's; `hook` is 0 before routing, 2 when forwarded, 3 from the host itself;
    `bridge_port` is the number of the link that a bridged packet came in by. `ether_type` says
    what `payload` (its first bytes) is; `link_header` is the Ethernet header, if it had one.
    `at` is in seconds since 1970, None if the kernel does not say.
    """

    prefix: str
    hook: int
    ether_type: int
    mark: int
    bridge_port: int
    link_header: bytes
    payload: bytes
    number: int | None = None
    at: float | None = None


class PacketLog:
    """A socket that gets what is logged to one group in the namespace in which it is made."""

    def __init__(self, group: int) -> None:
        """Bind to the group. Raises OSError (EPERM, EBUSY if another process has it)."""
        self._expected: int | None = None
        self._missed = 0
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
            self.socket.settimeout(_ANSWER_WITHIN_S)
            self.socket.bind((0, 0))
            for kind, value in (
                (_SET_COMMAND, _BIND),
                (_SET_MODE, struct.pack("!IBB", _COPY_BYTES, _COPY_PACKET, 0)),
                (_SET_BUFFER_BYTES, struct.pack("!I", _KERNEL_BUFFER_BYTES)),
                (_SET_TIMEOUT, struct.pack("!I", _TIMEOUT_CENTISECONDS)),
                (_SET_FLAGS, _WITH_NUMBERS),
            ):
                self._configure(group, kind, value)
            self.socket.setblocking(False)
        except OSError:
            self.socket.close()
            raise

    def close(self) -> None:
        """Give the group back."""
        self.socket.close()

    def read(self) -> Iterator[LoggedPacket]:
        """What has come by now; never waits."""
        while True:
            try:
                data = self.socket.recv(_READ_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                continue  # the numbers of what comes next tell how many were lost
            for packet in parse(data):
                self._count(packet)
                yield packet

    def missed(self) -> int:
        """How many packets the kernel could not hand over since this was asked last."""
        missed, self._missed = self._missed, 0
        return missed

    def _count(self, packet: LoggedPacket) -> None:
        if packet.number is None:
            return
        if self._expected is not None:
            self._missed += (packet.number - self._expected) & 0xFFFF_FFFF
        self._expected = (packet.number + 1) & 0xFFFF_FFFF

    def _configure(self, group: int, kind: int, value: bytes) -> None:
        length = _ATTRIBUTE.size + len(value)
        body = struct.pack("!BBH", socket.AF_UNSPEC, 0, group)
        body += _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)
        self.socket.send(
            _HEADER.pack(_HEADER.size + len(body), _CONFIG, _REQUEST | _ACK, 1, 0) + body
        )
        while True:
            for message, body in _messages(self.socket.recv(_READ_BYTES)):
                if message == _ERROR:
                    (number,) = struct.unpack_from("=i", body)
                    if number:
                        raise OSError(-number, os.strerror(-number), f"packet log group {group}")
                    return


def parse(data: bytes) -> list[LoggedPacket]:
    """The packets of what one read gave; what is cut off or makes no sense is left out."""
    found = []
    for kind, body in _messages(data):
        if kind == _PACKET:
            with contextlib.suppress(struct.error, KeyError):
                found.append(_packet(dict(_attributes(body[_FAMILY_BYTES:]))))
    return found


def _packet(said: dict[int, bytes]) -> LoggedPacket:
    ether_type, hook = struct.unpack_from("!HB", said[_HEAD])
    at = None
    if _TIME in said:
        seconds, microseconds = struct.unpack_from("!QQ", said[_TIME])
        at = seconds + microseconds / 1e6
    return LoggedPacket(
        prefix=said.get(_PREFIX, b"").rstrip(b"\0").decode("ascii", "replace"),
        hook=hook,
        ether_type=ether_type,
        mark=_number(said, _MARK) or 0,
        bridge_port=_number(said, _BRIDGE_PORT) or 0,
        link_header=said.get(_LINK_HEADER, b""),
        payload=said.get(_PAYLOAD, b""),
        number=_number(said, _NUMBER),
        at=at,
    )


def _number(said: dict[int, bytes], kind: int) -> int | None:
    value = said.get(kind)
    return None if value is None else int.from_bytes(value, "big")


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += length + -length % 4


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size or at + length > len(data):
            return
        yield kind & _TYPE_MASK, data[at + _ATTRIBUTE.size : at + length]
        at += length + -length % 4
