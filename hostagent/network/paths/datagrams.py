"""Datagrams of a probe between the ends of tunnels, never in fragments."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

# What a tunnel adds to a frame beside IP and UDP: the VXLAN header and the inner Ethernet header.
TUNNEL_BYTES = 8 + 14
IP_UDP_BYTES = {4: 28, 6: 48}
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER = 10, 23
_PROBE = 3  # IP_PMTUDISC_PROBE: don't fragment, and don't believe what is known of the path
_DATAGRAM_MAX_BYTES = 65_535
_READ_AT_ONCE = 256

Receiver = Callable[[bytes, tuple[str, int]], None]


class DatagramWire:
    """An address of this host, at a port that the kernel chooses."""

    def __init__(self, address: str, receive: Receiver) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        is_ipv4 = ip_address(address).version == 4
        self._socket = socket.socket(
            socket.AF_INET if is_ipv4 else socket.AF_INET6, socket.SOCK_DGRAM
        )
        try:
            if is_ipv4:
                self._socket.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PROBE)
            else:
                self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PROBE)
            self._socket.bind((address, 0))
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._read)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._socket.getsockname()[1]

    def send(self, payload: bytes, place: tuple[str, int]) -> None:
        """Send a datagram; raises OSError."""
        self._socket.sendto(payload, place)

    def close(self) -> None:
        """No datagrams any more."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                data, place = self._socket.recvfrom(_DATAGRAM_MAX_BYTES)
            except OSError:  # nothing more for now
                return
            self._receive(data, place[:2])
