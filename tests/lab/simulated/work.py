"""What one operation on hosts is, to be played with trouble at each of its commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.lab.simulated.stages import Stage

Prepare = Callable[[Stage], Awaitable[str]]
Ask = Callable[[Stage, str], Awaitable[Accepted]]


@dataclass(frozen=True, kw_only=True)
class Work:
    """One operation in one situation.

    `prepare` makes what it works on and returns the id; `ask` has it accepted. `before` and
    `after` are how the resource stands if the job was undone, and if it succeeded. `fails_at`
    is a command that fails at first, so that the `commands` are those of the way back. `halfway`
    is how it may stand besides: what cannot be made good again is at least said. What is asked by
    others at the same time, too, is `shared`: trouble might strike those instead of the job.
    """

    operation: str
    situation: str = ""
    prepare: Prepare
    ask: Ask
    commands: tuple[str, ...]
    before: str
    after: str
    fails_at: str = ""
    halfway: tuple[str, ...] = ()
    can_cancel: bool = True
    shared: bool = False

    @property
    def name(self) -> str:
        """Operation and situation."""
        return f"{self.operation} {self.situation}".strip()


async def fresh_id(_: Stage) -> str:
    """Nothing is there before."""
    return new_id()


def asked(operation: str, **fields: Any) -> Ask:
    """An operation on what was prepared."""
    return lambda stage, ref: stage.client.call(operation, id=ref, **fields)
