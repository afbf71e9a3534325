"""Routing tables and rules of ours: numbers that nobody else uses, and changing what differs."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from hostagent.network.links.netlink import Links, ignored

PUBLIC, PRIVATE = 0x6100_0000, 0x6200_0000  # kinds of tables
_TAG_SHIFT, _TABLES_EACH = 12, 1 << 12
_HOST_PREFIX = 32


@dataclass(frozen=True, order=True)
class Rule:
    """Who is led to a table: packets with a mark, or from one address of a bridge."""

    priority: int
    table: int
    fwmark: int = 0
    iifname: str = ""
    src: str = ""

    def fields(self) -> dict[str, Any]:
        """As netlink wants it."""
        given = {name: value for name, value in asdict(self).items() if value}
        return given | ({"src_len": _HOST_PREFIX} if self.src else {})


class Tables:
    """The tables of one kind of the agent with this tag, and the rules that lead there."""

    def __init__(self, kind: int, tag: str) -> None:
        self.first = kind | int(tag[:3], 16) << _TAG_SHIFT

    def is_ours(self, table: int) -> bool:
        """Whether a table is one of these."""
        return self.first <= table < self.first + _TABLES_EACH

    async def set_rules(self, links: Links, wanted: set[Rule]) -> None:
        """Have exactly these rules."""
        present: set[Rule] = set()
        async for message in await links.ipr.get_rules(family=socket.AF_INET):
            if self.is_ours(message.get_attr("FRA_TABLE") or message["table"]):
                present.add(_rule_of(message))
        for verb, rules in (("add", wanted - present), ("del", present - wanted)):
            for rule in sorted(rules):
                with ignored(errno.ENOENT, errno.EEXIST):
                    await links.ipr.rule(verb, family=socket.AF_INET, **rule.fields())

    async def fill(self, links: Links, table: int, wanted: Iterable[dict[str, Any]]) -> None:
        """Have exactly these routes, each with `dst` and `oif`, in one of the tables."""
        routes = list(wanted)
        kept = {(route["dst"], route.get("gateway"), route["oif"]) for route in routes}
        await self._delete(links, table, lambda key: key not in kept)
        for route in routes:
            await links.ipr.route("replace", family=socket.AF_INET, table=table, **route)

    async def forget(self, links: Links, kept: set[int]) -> None:
        """Empty all tables but those that are kept."""
        async for message in await links.ipr.get_routes(family=socket.AF_INET):
            table = message.get_attr("RTA_TABLE") or message["table"]
            if self.is_ours(table) and table not in kept:
                await _delete_route(links, message, table)

    async def _delete(
        self, links: Links, table: int, is_unwanted: Callable[[tuple[str, str | None, int]], bool]
    ) -> None:
        async for message in await links.ipr.get_routes(family=socket.AF_INET, table=table):
            if is_unwanted(
                (
                    _destination(message),
                    message.get_attr("RTA_GATEWAY"),
                    message.get_attr("RTA_OIF"),
                )
            ):
                await _delete_route(links, message, table)


def _rule_of(message: Any) -> Rule:
    return Rule(
        priority=message.get_attr("FRA_PRIORITY") or 0,
        table=message.get_attr("FRA_TABLE") or message["table"],
        fwmark=message.get_attr("FRA_FWMARK") or 0,
        iifname=message.get_attr("FRA_IIFNAME") or "",
        src=message.get_attr("FRA_SRC") or "",
    )


def _destination(message: Any) -> str:
    dst = message.get_attr("RTA_DST")
    return f"{dst}/{message['dst_len']}" if dst else "default"


async def _delete_route(links: Links, message: Any, table: int) -> None:
    gateway = message.get_attr("RTA_GATEWAY")
    with ignored(errno.ESRCH):
        await links.ipr.route(
            "del",
            family=socket.AF_INET,
            table=table,
            dst=_destination(message),
            oif=message.get_attr("RTA_OIF"),
            **({"gateway": gateway} if gateway else {}),
        )
