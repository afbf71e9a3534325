"""Tells the machines of a private network about its IPv6 router, which is the host itself.

The agent does so itself, from the bridge: a machine takes the sender of an advertisement for its
router, so it cannot come from the network's namespace. Each machine is told by itself, because
not all are told the same: a NIC that is not its machine's default one gets no default route.
What was told holds for hours, so machines do without the agent for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from ipaddress import IPv6Address

import structlog

from hostagent.network.links.netlink import Link
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.services.router_advertisement import (
    LASTING,
    OVER,
    ROUTER_SOLICITATION,
    SIDE_LIFETIMES,
    Lifetimes,
    advertisement,
)
from hostagent.protocol.ipv6 import link_local_of

INTERVAL_S = 300.0
_SOON_S = 3.0  # RFC 4861, 10: MIN_DELAY_BETWEEN_RAS
_ANSWERS_MAX = 100  # a second; who asks more is told with all others
_ICMP6_FILTER = 1
_SO_BINDTODEVICE = 25
_ALL_NODES, _ALL_ROUTERS = "ff02::1", "ff02::2"
_HOP_LIMIT = 255  # receivers demand it
_READ_BYTES = 2048
_READS_AT_ONCE = 64

log = structlog.get_logger(__name__)


class RouterAdvertiser:
    """The router's voice on one bridge."""

    def __init__(self, plan: NetworkPlan, bridge: Link) -> None:
        self.bridge = bridge
        self._plan = plan
        self._socket = _open(bridge)
        self._loop = asyncio.get_running_loop()
        self._said = b""
        self._told: dict[str, Lifetimes] = {}
        self._next: asyncio.TimerHandle | None = None
        self._second, self._answers = 0, 0
        self._loop.add_reader(self._socket, self._read)
        self.update(plan)

    def update(self, plan: NetworkPlan) -> None:
        """Speak of another plan of the same network from now on."""
        before, self._plan = self._plan, plan
        assert plan.ipv6 is not None
        assert before.ipv6 is not None
        if before.ipv6.cidr != plan.ipv6.cidr:
            self._tell(before, _ALL_NODES, OVER)
        said, wanted = advertisement(plan), self._lifetimes()
        # Machines that come and go are no news for the others.
        known = self._told if said == self._said else {}
        self._said, self._told = said, wanted
        for address, lifetimes in wanted.items():
            if known.get(address) != lifetimes:
                self._tell(plan, address, lifetimes)
        self._again(INTERVAL_S)

    def close(self, *, farewell: bool = False) -> None:
        """Fall silent, with `farewell` after telling the machines that the router is none now."""
        if farewell:
            self._tell(self._plan, _ALL_NODES, OVER)
        if self._next is not None:
            self._next.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(_READS_AT_ONCE):
            try:
                data, (sender, *_) = self._socket.recvfrom(_READ_BYTES)
            except BlockingIOError:
                return
            except OSError as error:  # the bridge went away: the next pass makes all anew
                log.debug("router_advertiser.deaf", bridge=self.bridge.name, reason=str(error))
                return
            if data[:1] == bytes([ROUTER_SOLICITATION]):
                self._answer(sender.partition("%")[0])

    def _answer(self, sender: str) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._answers = second, 0
        self._answers += 1
        address = IPv6Address(sender)
        if address.is_link_local and self._answers <= _ANSWERS_MAX:
            self._tell(self._plan, sender, self._told.get(sender, LASTING))
        elif address.is_unspecified or address.is_link_local:
            self._again(_SOON_S)  # it has no address yet that could be told

    def _lifetimes(self) -> dict[str, Lifetimes]:
        """What each machine is told, by its link-local address."""
        return {
            link_local_of(port.mac): LASTING if port.is_default else SIDE_LIFETIMES
            for port in self._plan.spec.ports
        }

    def _again(self, pause_s: float) -> None:
        when = self._loop.time() + pause_s
        if self._next is not None:
            if self._next.when() <= when and not self._next.cancelled():
                return
            self._next.cancel()
        self._next = self._loop.call_at(when, self._round)

    def _round(self) -> None:
        self._next = None
        self._tell_all()
        self._again(INTERVAL_S)

    def _tell_all(self) -> None:
        for address, lifetimes in self._told.items():
            self._tell(self._plan, address, lifetimes)

    def _tell(self, plan: NetworkPlan, address: str, lifetimes: Lifetimes) -> None:
        # Machines that are off, or a bridge that goes away: neither is for us to mend.
        with contextlib.suppress(OSError):
            message = advertisement(plan, lifetimes)
            self._socket.sendto(message, (address, 0, 0, self.bridge.index))


def _open(bridge: Link) -> socket.socket:
    handle = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    try:
        handle.setblocking(False)
        handle.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, bridge.name.encode() + b"\0")
        # A bit that is set keeps a type out (RFC 3542, 3.2).
        words = [0xFFFF_FFFF] * 8
        words[ROUTER_SOLICITATION // 32] &= ~(1 << ROUTER_SOLICITATION % 32)
        handle.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *words))
        for option in (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS):
            handle.setsockopt(socket.IPPROTO_IPV6, option, _HOP_LIMIT)
        group = socket.inet_pton(socket.AF_INET6, _ALL_ROUTERS) + struct.pack("=I", bridge.index)
        handle.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    except OSError:
        handle.close()
        raise
    return handle
