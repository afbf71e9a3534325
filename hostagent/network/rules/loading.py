"""Loads our two nft tables in one transaction and notices when somebody changed them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re

from hostagent.network.plan.host import HostPlan
from hostagent.network.processes import ProcessFailed, run
from hostagent.network.rules.generation import ruleset_generation
from hostagent.network.rules.ruleset import guard_table, render_removal, render_rules, route_table


class Firewall:
    """The nft tables of one agent in the namespace that it runs in."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._memory = ("", "")
        self._intact_at: int | None = None  # number of the ruleset that was looked at last

    async def load(self, plan: HostPlan) -> bool:
        """Make the tables say what `plan` needs; False if they already did.

        Both are replaced at once, drop counters go on. On ProcessFailed the old ones stay.
        """
        if await self.intact(plan):
            return False
        text = render_rules(plan, self.tag, await self.counters())
        before = ruleset_generation()
        await run("nft", "-f", "-", text=text)
        state = await self._state()
        self._memory = (_digest(render_rules(plan, self.tag, {})), state)
        self._intact_at = before + 1
        if ruleset_generation() != self._intact_at:  # somebody changed something meanwhile
            self._forget()
        return True

    async def intact(self, plan: HostPlan) -> bool:
        """Whether the rules of `plan` are loaded and nobody touched them since."""
        wanted = _digest(render_rules(plan, self.tag, {}))
        if self._memory[0] != wanted:
            return False
        generation = ruleset_generation()
        if generation != self._intact_at:
            if self._memory[1] != await self._state():
                return False
            self._intact_at = generation
        return True

    def remember(self) -> tuple[str, str]:
        """What is loaded, as two digests to be kept over a restart of the agent."""
        return self._memory

    def recall(self, memory: tuple[str, str]) -> None:
        """Take over what `remember` returned before the restart."""
        self._memory, self._intact_at = memory, None

    async def remove(self) -> None:
        """Remove both tables."""
        await run("nft", "-f", "-", text=render_removal(self.tag))
        self._forget()

    def _forget(self) -> None:
        self._memory, self._intact_at = ("", ""), None

    async def counters(self) -> dict[str, tuple[int, int]]:
        """Packets and bytes of each named counter; empty if the tables are not there."""
        counted = {}
        for family, table in self._tables:
            with contextlib.suppress(ProcessFailed):
                text = await run("nft", "-j", "list", "counters", "table", family, table)
                found = (item.get("counter") for item in json.loads(text)["nftables"])
                counted |= {
                    counter["name"]: (counter["packets"], counter["bytes"])
                    for counter in found
                    if counter and counter["table"] == table
                }
        return counted

    @property
    def _tables(self) -> tuple[tuple[str, str], ...]:
        return (("bridge", guard_table(self.tag)), ("inet", route_table(self.tag)))

    async def _state(self) -> str:
        listings = []
        for family, table in self._tables:
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
