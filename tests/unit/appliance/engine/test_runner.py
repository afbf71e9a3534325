"""Jobs run step by step, are undone when they fail, and go on after a crash at any point."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.engine.calls import SYSTEM
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import CLEANUP_KIND, JOB_KIND, CleanupRow, JobRow
from appliance.engine.runner import Runner
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, Conflict
from appliance.protocol.resources import JobState, StepState
from appliance.store.database import Store, Transaction
from appliance.store.kinds import Kinds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    kinds = Kinds()
    kinds.add(JOB_KIND)
    kinds.add(CLEANUP_KIND)
    store = Store(tmp_path / "test.db", kinds)
    await store.start()
    yield store
    await store.stop()


class Trace:
    """Steps that note what was done, and fail or hang where told."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fail_at: str | None = None
        self.hang_at: str | None = None
        self.undo_fails = 0
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
            self.done.append(f"undo {name}")

        return Step(name, run, undo)

    def definition(self) -> JobDefinition:
        return JobDefinition(operation="vm.start", steps=tuple(self.step(n) for n in "abc"))


async def launch(store: Store, runner: Runner, definition: JobDefinition, queue: str = "q") -> str:
    def accept_one(tx: Transaction) -> str:
        new = NewJob(
            definition=definition,
            queue=queue,
            resource_kind="vm",
            resource_id="x",
            resource_name="x",
        )
        return runner.accept(tx, SYSTEM, new).jobs[0].id

    return await store.write(accept_one)


def row_of(job_id: str) -> JobRow:
    return JobRow.get(JobRow.id == job_id)


async def test_steps_run_in_order_and_are_recorded(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    definition = runner.define(trace.definition())
    await runner.start()
    job_id = await launch(store, runner, definition)
    await finished(store, job_id)
    row = await store.read(lambda: row_of(job_id))
    assert trace.done == ["a", "b", "c"]
    assert row.state == JobState.SUCCEEDED
    assert [step.state for step in row.steps] == [StepState.DONE] * 3
    assert row.data == {"a": 1, "b": 1, "c": 1}
    await runner.stop()


@pytest.mark.parametrize("failing", ["a", "b", "c"])
async def test_a_failing_step_undoes_what_began(store: Store, failing: str) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at = failing
    definition = runner.define(trace.definition())
    await runner.start()
    job_id = await launch(store, runner, definition)
    with pytest.raises(ApiError) as caught:
        await finished(store, job_id)
    began = "abc"[: "abc".index(failing) + 1]
    assert trace.done == [*began, *(f"undo {name}" for name in reversed(began))]
    assert caught.value.code == "resource.disabled"
    row = await store.read(lambda: row_of(job_id))
    assert row.state == JobState.FAILED
    await runner.stop()


@pytest.mark.parametrize("at", ["a", "b", "c"])
async def test_a_job_goes_on_where_the_service_died(store: Store, at: str) -> None:
    first, runner = Trace(), Runner(store)
    first.hang_at = at
    definition = runner.define(first.definition())
    await runner.start()
    job_id = await launch(store, runner, definition)
    await first.reached.wait()
    await runner.stop()

    second, again = Trace(), Runner(store)
    again.define(second.definition())
    await again.start()
    await finished(store, job_id)
    assert second.done == list("abc"["abc".index(at) :])
    await again.stop()


async def test_jobs_of_one_queue_run_one_after_the_other(store: Store) -> None:
    running = 0

    async def alone(job: JobRun) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1

    runner = Runner(store)
    definition = runner.define(JobDefinition(operation="vm.start", steps=(Step("a", alone),)))
    await runner.start()
    jobs = [await launch(store, runner, definition) for _ in range(5)]
    for job_id in jobs:
        await finished(store, job_id)
    await runner.stop()


async def test_an_undo_that_fails_is_kept_as_cleanup_work(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at, trace.undo_fails = "b", 1
    definition = runner.define(trace.definition())
    await runner.start()
    job_id = await launch(store, runner, definition)
    with pytest.raises(ApiError):
        await finished(store, job_id)
    left = await store.read(lambda: [(row.step, row.error) for row in CleanupRow.select()])
    assert left == [("b", "cannot undo now")]
    assert trace.done == ["a", "b", "undo a"]
    await runner.stop()


async def test_ends_of_jobs_share_the_jobs_transaction(store: Store) -> None:
    def broken(tx: Transaction, run: JobRun) -> None:
        raise Conflict("resource.disabled", name="end")

    trace, runner = Trace(), Runner(store)
    definition = runner.define(
        JobDefinition(operation="vm.start", steps=(trace.step("a"),), done=broken)
    )
    await runner.start()
    job_id = await launch(store, runner, definition)
    with pytest.raises(ApiError):
        await finished(store, job_id)
    assert trace.done == ["a", "undo a"]
    await runner.stop()
