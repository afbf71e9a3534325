"""Routes that follow a NIC's addresses when they move to a bridge and back."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from typing import Any

import msgspec

from hostagent.network.links.netlink import Link, Links, ignored

_PROTO_KERNEL = 2
_PROTO_ROUTER_ADVERTISEMENT = 9
_TYPE_UNICAST = 1
_SCOPE_LINK = 253
_LOCAL_TABLE = 255
_FLAG_ONLINK = 4


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route out of a link, without the link."""

    family: int
    dst: str
    gateway: str | None = None
    priority: int | None = None
    prefsrc: str | None = None
    table: int = 254
    proto: int = 4
    scope: int = 0
    onlink: bool = False


async def routes_of(links: Links, link: Link) -> list[Route]:
    """Unicast routes through a link that somebody set (not those the kernel makes itself)."""
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        async for message in await links.ipr.get_routes(family=family):
            if message.get_attr("RTA_OIF") != link.index or message["type"] != _TYPE_UNICAST:
                continue
            if message["proto"] in (_PROTO_KERNEL, _PROTO_ROUTER_ADVERTISEMENT):
                continue
            table = message.get_attr("RTA_TABLE") or message["table"]
            if table == _LOCAL_TABLE:
                continue
            dst = message.get_attr("RTA_DST")
            found.append(
                Route(
                    family=family,
                    dst=f"{dst}/{message['dst_len']}" if dst else "default",
                    gateway=message.get_attr("RTA_GATEWAY"),
                    priority=message.get_attr("RTA_PRIORITY"),
                    prefsrc=message.get_attr("RTA_PREFSRC"),
                    table=table,
                    proto=message["proto"],
                    scope=message["scope"],
                    onlink=bool(message["flags"] & _FLAG_ONLINK),
                )
            )
    return found


async def add_routes(links: Links, link: Link, routes: Iterable[Route]) -> None:
    """Set routes through `link`: those without a gateway first, for the others lean on them."""
    for route in sorted(routes, key=lambda r: (r.gateway is not None, r.scope != _SCOPE_LINK)):
        with ignored(errno.EEXIST):
            await links.ipr.route("add", **_fields(link, route))


async def remove_routes(links: Links, link: Link, routes: Iterable[Route]) -> None:
    """Take routes off `link`; IPv6 would refuse the same route through another link."""
    for route in routes:
        with ignored(errno.ESRCH):
            await links.ipr.route("del", **_fields(link, route))


def _fields(link: Link, route: Route) -> dict[str, Any]:
    optional = {
        "gateway": route.gateway,
        "priority": route.priority,
        "prefsrc": route.prefsrc,
        "flags": _FLAG_ONLINK if route.onlink else None,
    }
    return {
        "family": route.family,
        "dst": route.dst,
        "oif": link.index,
        "table": route.table,
        "proto": route.proto,
        "scope": route.scope,
        **{name: value for name, value in optional.items() if value is not None},
    }
