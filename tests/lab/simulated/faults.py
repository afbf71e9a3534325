"""What shall go wrong on simulated hosts: delays, failures, hangs, crashes, by host and command."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from hostagent.protocol.link import CommandFailed

Kind = Literal["delay", "fail", "sick", "hang", "crash", "vanish"]
When = Literal["before", "after"]


class Fault(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One rule. `host` and `command` are patterns as of file names.

    kind: `delay` waits `seconds`, or between these and `seconds_to`; `fail` answers with `code`;
        `sick` fails, and so does the host whatever it is asked after that; `hang` never answers,
        until `FaultPlan.thaw`; `crash` drops the link, and the host dials again; `vanish` drops
        it for good.
    when: before or after the command's effect.
    times: how often it strikes, None for always. `share`: of how many of the calls.
    images: calls that are about other images than these are spared; None spares none.
    """

    kind: Kind
    command: str = "*"
    host: str = "*"
    when: When = "before"
    seconds: float = 0.0
    seconds_to: float | None = None
    code: str = "sim.failed"
    message: str = "the simulated host was told to fail"
    params: dict[str, Any] = {}
    times: int | None = None
    share: float = 1.0
    images: list[str] | None = None

    def spares(self, image_id: str) -> bool:
        """Whether a call about this image is none of the rule's business."""
        return self.images is not None and bool(image_id) and image_id not in self.images


class FaultPlan:
    """The rules of a fleet. The same `seed` gives the same choices in the same order of calls."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._rules: list[Fault] = []
        self._left: list[int | None] = []
        self._sick: dict[str, Fault] = {}
        self._thawed = asyncio.Event()
        self.struck = 0
        self.hanging = 0  # commands that hang now
        self.replace(faults)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Follow these rules from now on, and heal; what hangs goes on hanging."""
        self._sick.clear()
        self._rules = list(faults)
        self._left = [fault.times for fault in self._rules]

    def thaw(self) -> None:
        """Let everything that hangs go on."""
        self._thawed.set()
        self._thawed = asyncio.Event()

    async def hang(self) -> None:
        """Wait for the next thaw."""
        self.hanging += 1
        try:
            await self._thawed.wait()
        finally:
            self.hanging -= 1

    def due(self, host: str, command: str, image_id: str = "") -> list[Fault]:
        """The rules that strike this call: delays, and at most one of the others.

        `image_id` is the image that the call is about, if it is about one.
        """
        if not self._rules:
            return []
        illness = self._sick.get(host)
        if illness is not None and not illness.spares(image_id):
            return [illness]
        found: list[Fault] = []
        for index, fault in enumerate(self._rules):
            is_second = fault.kind != "delay" and any(one.kind != "delay" for one in found)
            if is_second or fault.spares(image_id):
                continue
            if self._strikes(index, fault, host, command):
                found.append(fault)
                if fault.kind == "sick":
                    self._sick[host] = msgspec.structs.replace(fault, when="before")
        return found

    async def wait(self, fault: Fault) -> None:
        """Wait as a delay says."""
        upper = fault.seconds if fault.seconds_to is None else fault.seconds_to
        await asyncio.sleep(self._random.uniform(fault.seconds, upper))

    def _strikes(self, index: int, fault: Fault, host: str, command: str) -> bool:
        left = self._left[index]
        if left == 0 or not fnmatchcase(command, fault.command):
            return False
        if not fnmatchcase(host, fault.host) or self._random.random() >= fault.share:
            return False
        self._left[index] = None if left is None else left - 1
        self.struck += 1
        return True


def refusal(fault: Fault) -> CommandFailed:
    """The error that a `fail` rule answers with."""
    return CommandFailed(fault.code, fault.message, **fault.params)
