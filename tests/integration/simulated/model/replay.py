"""The change feed, followed from the beginning: what is there, and how often each job ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from contextlib import aclosing
from typing import Any

import msgspec

from appliance.client import Client
from appliance.client.feed import Connected
from appliance.protocol.events import Change
from appliance.protocol.resources import Job, Vm
from tests.integration.simulated.model.expected import ENDED

DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "vm": msgspec.json.Decoder(Vm),
    "job": msgspec.json.Decoder(Job),
}


class Replay:
    """Use as a context, before anything happens."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._task: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self.vms: dict[str, Vm] = {}
        self.jobs: dict[str, Job] = {}
        self.ends: Counter[str] = Counter()
        self.resets = 0

    async def __aenter__(self) -> Replay:
        self._task = asyncio.create_task(self._follow(), name="replay")
        await asyncio.wait_for(self._begun.wait(), 20)
        self.vms = {vm.id: vm async for vm in self._client.iterate("vm.list")}
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    @property
    def unfinished(self) -> int:
        """Jobs of which no end is known."""
        return sum(job.state not in ENDED for job in self.jobs.values())

    async def _follow(self) -> None:
        async with aclosing(self._client.follow()) as events:
            async for event in events:
                if isinstance(event, Connected):
                    self.resets += event.reset and self._begun.is_set()
                    self._begun.set()
                elif isinstance(event, Change) and event.seq and event.kind in DECODERS:
                    self._take(event)

    def _take(self, change: Change) -> None:
        known: dict[str, Any] = self.vms if change.kind == "vm" else self.jobs
        if change.action == "delete":
            known.pop(change.id, None)
            return
        found = known[change.id] = DECODERS[change.kind].decode(change.data)
        if change.kind == "job" and found.state in ENDED:
            self.ends[change.id] += 1
