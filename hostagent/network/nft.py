"""Loads our two nft tables in one transaction and notices when somebody changed them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from hostagent.network.plan import NetworkPlan
from hostagent.network.processes import ProcessFailed, run
from hostagent.network.rules import guard_table, render_removal, render_rules, route_table


class Firewall:
    """The nft tables of one agent in the namespace that it runs in."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._memory = ("", "")

    async def check(self, plans: Sequence[NetworkPlan]) -> None:
        """Raise ProcessFailed if the kernel would not take the rules; changes nothing."""
        await run("nft", "-c", "-f", "-", text=render_rules(plans, self.tag, {}))

    async def load(self, plans: Sequence[NetworkPlan]) -> bool:
        """Make the tables say what `plans` need; False if they already did.

        Both are replaced at once, drop counters go on. On ProcessFailed the old ones stay.
        """
        if await self.intact(plans):
            return False
        await run("nft", "-f", "-", text=render_rules(plans, self.tag, await self.counters()))
        self._memory = (_digest(render_rules(plans, self.tag, {})), await self._state())
        return True

    async def intact(self, plans: Sequence[NetworkPlan]) -> bool:
        """Whether the rules of `plans` are loaded and nobody touched them since."""
        wanted = _digest(render_rules(plans, self.tag, {}))
        return self._memory == (wanted, await self._state())

    def remember(self) -> tuple[str, str]:
        """What is loaded, as two digests to be kept over a restart of the agent."""
        return self._memory

    def recall(self, memory: tuple[str, str]) -> None:
        """Take over what `remember` returned before the restart."""
        self._memory = memory

    async def remove(self) -> None:
        """Remove both tables."""
        await run("nft", "-f", "-", text=render_removal(self.tag))
        self._memory = ("", "")

    async def counters(self) -> dict[str, tuple[int, int]]:
        """Packets and bytes of each named counter; empty if the table is not there."""
        try:
            text = await run("nft", "-j", "list", "counters", "table", "bridge", self._guard)
        except ProcessFailed:
            return {}
        found = (item.get("counter") for item in json.loads(text)["nftables"])
        return {
            counter["name"]: (counter["packets"], counter["bytes"])
            for counter in found
            if counter and counter["table"] == self._guard
        }

    @property
    def _guard(self) -> str:
        return guard_table(self.tag)

    async def _state(self) -> str:
        listings = []
        for family, table in (("bridge", self._guard), ("inet", route_table(self.tag))):
            try:
                listings.append(await run("nft", "-s", "list", "table", family, table))
            except ProcessFailed:
                return "missing"
        # Elements of a set come in no fixed order, several on a line or one.
        words = sorted(
            word.strip(" \t{}")
            for listing in listings
            for word in re.split(r"[,\n]", listing.replace("elements = {", ""))
        )
        return _digest("\n".join(words))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
