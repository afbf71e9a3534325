"""Leads packets to the right one of several private networks with the same addresses.

Each of these has a routing table with its bridge alone, and a rule that leads there what bears
its mark (`zones`). Everything else, and each network that is alone with its addresses, goes by
the host's main table.
"""

from __future__ import annotations

from collections.abc import Sequence

from hostagent.network.links.netlink import Links
from hostagent.network.links.tables import PRIVATE, Rule, Tables
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.rules.zones import way_mark

_RULE_PRIORITY = 20_900  # before those of elastic addresses


def doubles(plans: Sequence[NetworkPlan]) -> list[NetworkPlan]:
    """The private networks that share addresses with another one."""
    found: dict[str, NetworkPlan] = {}
    widest: NetworkPlan | None = None
    # In this order a network overlaps an earlier one only if it overlaps the one that ends last.
    private = (plan for plan in plans if plan.is_nat)
    for plan in sorted(private, key=lambda plan: (plan.cidr, plan.spec.id)):
        if widest is not None and plan.cidr.overlaps(widest.cidr):
            found |= {widest.spec.id: widest, plan.spec.id: plan}
        if widest is None or plan.cidr.broadcast_address > widest.cidr.broadcast_address:
            widest = plan
    return list(found.values())


class Ways:
    """The tables of the private networks of one agent. Changes only what differs."""

    def __init__(self, tag: str) -> None:
        self._tables = Tables(PRIVATE, tag)

    async def converge(self, links: Links, plans: Sequence[NetworkPlan]) -> None:
        """Have a way to each of these networks; raises LookupError or NetlinkError."""
        rules: set[Rule] = set()
        for plan in plans:
            bridge = await links.need(plan.spec.bridge)
            table = self._tables.first + plan.number
            route = {"dst": str(plan.cidr), "oif": bridge.index}
            await self._tables.fill(links, table, [route])
            rules.add(Rule(priority=_RULE_PRIORITY, table=table, fwmark=way_mark(plan.number)))
        await self._tables.set_rules(links, rules)
        await self._tables.forget(links, {rule.table for rule in rules})
