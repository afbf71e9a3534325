"""Jobs whose steps only note what is done, and fail or hang where told."""

from __future__ import annotations

import asyncio

from appliance.engine.calls import SYSTEM, Caller
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.runner import Runner
from appliance.protocol.errors import Conflict
from appliance.store.database import Store, Transaction


class Trace:
    """Steps that note what was done, and fail or hang where told."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fail_at: str | None = None
        self.hang_at: str | None = None
        self.undo_fails = 0
        self.undo_fails_at: str | None = None
        self.undo_gate: asyncio.Event | None = None
        self.undo_reached = asyncio.Event()
        self.reached = asyncio.Event()

    def step(self, name: str) -> Step:
        async def run(job: JobRun) -> None:
            self.done.append(name)
            job.data[name] = job.data.get(name, 0) + 1
            if name == self.hang_at:
                self.reached.set()
                await asyncio.Event().wait()
            if name == self.fail_at:
                raise Conflict("resource.disabled", name=name)

        async def undo(job: JobRun) -> None:
            if self.undo_fails:
                self.undo_fails -= 1
                raise OSError("cannot undo now")
            if name == self.undo_fails_at:
                raise OSError(f"cannot undo {name}")
            if self.undo_gate is not None:
                self.undo_reached.set()
                await self.undo_gate.wait()
            self.done.append(f"undo {name}")

        return Step(name, run, undo)

    def definition(self) -> JobDefinition:
        return JobDefinition(operation="vm.start", steps=tuple(self.step(n) for n in "abc"))


async def launch(
    store: Store,
    runner: Runner,
    definition: JobDefinition,
    queue: str = "q",
    caller: Caller = SYSTEM,
) -> str:
    def accept_one(tx: Transaction) -> str:
        new = NewJob(
            definition=definition,
            queue=queue,
            resource_kind="vm",
            resource_id="x",
            resource_name="x",
        )
        return runner.accept(tx, caller, new).jobs[0].id

    return await store.write(accept_one)
