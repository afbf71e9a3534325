"""Answers DHCPv6 on a socket made inside a network's namespace.

A machine is known by its link-local address, which anti-spoofing holds it to; one that may use
any address by the MAC in its DHCPv6 identifier.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import structlog

from hostagent.network.plan.network import NetworkPlan
from hostagent.network.services.dhcp import INNER_LINK
from hostagent.network.services.dhcp6 import answer, mac_of, read_message
from hostagent.protocol.ipv6 import link_local_of

_PORT = 547
_ALL_SERVERS = "ff02::1:2"
_SO_BINDTODEVICE = 25

log = structlog.get_logger(__name__)


class Dhcp6Server(asyncio.DatagramProtocol):
    """The DHCPv6 server of one network."""

    def __init__(self, plan: NetworkPlan) -> None:
        self._plan = plan
        self._by_address = {link_local_of(port.mac): port for port in plan.spec.ports}
        self._transport: asyncio.DatagramTransport | None = None

    def update(self, plan: NetworkPlan) -> None:
        """Answer from another plan of the same network from now on."""
        self._plan = plan
        self._by_address = {link_local_of(port.mac): port for port in plan.spec.ports}

    async def start(self, handle: socket.socket) -> None:
        """Serve on a socket of `dhcp6_socket`; the server owns it from now on."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, sock=handle)

    def stop(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """The socket can be used."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int, int, int]) -> None:  # type: ignore[override]
        """One message of a client, which must be on the link."""
        sender = addr[0].partition("%")[0]
        message = read_message(data)
        if message is None or not sender.startswith("fe80:"):
            return
        port = self._by_address.get(sender)
        if port is None:
            mac = mac_of(message)
            ports = self._plan.spec.ports
            port = next((p for p in ports if p.mac == mac and not p.anti_spoofing), None)
        if port is None or not port.ipv6_address:
            return
        reply = answer(self._plan, port, message)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)

    def error_received(self, exc: Exception) -> None:
        """A machine is gone that was to be answered."""
        log.debug("dhcp6.not_sent", network=self._plan.spec.id, reason=str(exc))


def dhcp6_socket() -> socket.socket:
    """A socket that hears what clients ask; call it inside the network's namespace."""
    handle = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with contextlib.ExitStack() as undo:
        undo.callback(handle.close)
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        handle.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        handle.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, INNER_LINK.encode() + b"\0")
        handle.bind(("::", _PORT))
        group = socket.inet_pton(socket.AF_INET6, _ALL_SERVERS)
        index = struct.pack("=I", socket.if_nametoindex(INNER_LINK))
        handle.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + index)
        handle.setblocking(False)
        undo.pop_all()
    return handle
