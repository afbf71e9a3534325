"""The IPv6 part of one network on this host: addresses, and who tells machines of it."""

from __future__ import annotations

import errno
import socket

import structlog

from hostagent.network.links.netlink import (
    Address,
    Link,
    Links,
    disable_ipv6,
    ignored,
    ipv6_disabled,
    write_sysctl,
)
from hostagent.network.links.netns import call_inside, namespace_path
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.services.dhcp import INNER_LINK
from hostagent.network.services.dhcp6_server import Dhcp6Server, dhcp6_socket
from hostagent.network.services.router_advertiser import RouterAdvertiser

_SETTINGS = {
    "addr_gen_mode": "0",  # link-local addresses from MACs: rules and machines know them
    "accept_ra": "0",  # it is the router
    "accept_dad": "0",  # the address is its own, and is needed at once
}

log = structlog.get_logger(__name__)


def set_up_ipv6(link: str) -> None:
    """Turn IPv6 of a link of ours on, with nothing that it would learn from others."""
    if not ipv6_disabled(link):
        raise OSError(errno.EAFNOSUPPORT, "this host's kernel has no IPv6 (ipv6.disable)", link)
    for name, value in _SETTINGS.items():
        write_sysctl(f"ipv6/conf/{link}/{name}", value)
    disable_ipv6(link, "0")


def gateway_addresses(plan: NetworkPlan) -> list[Address]:
    """What the bridge of a private network carries."""
    if plan.ipv6 is None:
        return []
    return [_address(plan.ipv6.gateway, plan.ipv6.cidr.prefixlen)]


def service_addresses(plan: NetworkPlan) -> list[Address]:
    """What the namespace's link carries."""
    if plan.ipv6 is None:
        return []
    return [_address(plan.ipv6.service_address, plan.ipv6.cidr.prefixlen)]


async def prepare_inside(plan: NetworkPlan) -> None:
    """Turn IPv6 of the namespace's link on or off, before it gets addresses."""
    if plan.ipv6 is None:
        await call_inside(plan.namespace, lambda: disable_ipv6(INNER_LINK))
    else:
        await call_inside(plan.namespace, lambda: set_up_ipv6(INNER_LINK))


async def route_inside(inside: Links, inner: Link, plan: NetworkPlan) -> None:
    """The forwarder's way out of a private network, once the link has its addresses."""
    if plan.ipv6 is not None and plan.is_nat:
        with ignored(errno.EEXIST):
            await inside.ipr.route(
                "replace",
                family=socket.AF_INET6,
                dst="default",
                gateway=plan.ipv6.gateway,
                oif=inner.index,
            )


class Ipv6Services:
    """Router advertisements and DHCPv6 of one network. Every method changes only what differs."""

    def __init__(self) -> None:
        self._advertiser: RouterAdvertiser | None = None
        self._dhcp: Dhcp6Server | None = None
        self._inode = 0

    async def converge(self, plan: NetworkPlan, bridge: Link, *, fresh: bool) -> None:
        """Serve what `plan` says; with `fresh` the namespace's link is a new one."""
        self._advertise(plan, bridge)
        await self._serve_dhcp(plan, fresh=fresh)

    def stop(self, *, farewell: bool = False) -> None:
        """Stop what runs inside the agent; with `farewell` machines are told that it is over."""
        if self._advertiser is not None:
            self._advertiser.close(farewell=farewell)
            self._advertiser = None
        if self._dhcp is not None:
            self._dhcp.stop()
            self._dhcp = None

    def drift(self, plan: NetworkPlan) -> list[str]:
        """What does not run though it should."""
        wrong = []
        if plan.ipv6 is not None and plan.is_nat and self._advertiser is None:
            wrong.append("router_advertisements")
        if plan.has_dhcp6 and self._dhcp is None:
            wrong.append("dhcpv6")
        return wrong

    def _advertise(self, plan: NetworkPlan, bridge: Link) -> None:
        """On a wire the routers there speak for themselves."""
        if self._advertiser is not None and self._advertiser.bridge.index != bridge.index:
            self._advertiser.close()
            self._advertiser = None
        if plan.ipv6 is None or not plan.is_nat:
            return
        if self._advertiser is None:
            self._advertiser = RouterAdvertiser(plan, bridge)
        else:
            self._advertiser.update(plan)

    async def _serve_dhcp(self, plan: NetworkPlan, *, fresh: bool) -> None:
        inode = namespace_path(plan.namespace).stat().st_ino
        if self._dhcp is not None and (not plan.has_dhcp6 or fresh or inode != self._inode):
            self._dhcp.stop()
            self._dhcp = None
        if not plan.has_dhcp6:
            return
        if self._dhcp is not None:
            self._dhcp.update(plan)
            return
        server = Dhcp6Server(plan)
        await server.start(await call_inside(plan.namespace, dhcp6_socket))
        self._dhcp, self._inode = server, inode


def _address(text: str, prefix: int) -> Address:
    return Address(family=socket.AF_INET6, address=text, prefix=prefix)
