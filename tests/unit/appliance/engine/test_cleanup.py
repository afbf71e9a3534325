"""What cannot be undone at once: kept, tried in order, and never while a job works on the same."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from appliance.engine.calls import SYSTEM, Wishes
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.engine.models import CleanupRow, JobLogRow
from appliance.engine.runner import Runner
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, NotFound
from appliance.store.database import Store
from tests.unit.appliance.engine.trace import Trace, launch


async def _left(store: Store) -> list[tuple[str, str, int]]:
    def read() -> list[tuple[str, str, int]]:
        return [(row.step, row.error, row.attempts) for row in CleanupRow.select()]

    return await store.read(read)


async def _only(store: Store) -> str:
    return await store.read(lambda: CleanupRow.get().id)


async def _fail(store: Store, runner: Runner, definition: JobDefinition) -> None:
    job_id = await launch(store, runner, definition)
    with pytest.raises(ApiError):
        await finished(store, job_id)


async def test_steps_before_one_that_cannot_be_undone_are_left_as_well(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at, trace.undo_fails = "b", 1
    definition = runner.define(trace.definition())
    await runner.start()
    await _fail(store, runner, definition)
    assert await _left(store) == [("b", "cannot undo now", 1)]
    assert trace.done == ["a", "b"]
    await runner.cleanup.retry(await _only(store))
    assert await _left(store) == []
    assert trace.done == ["a", "b", "undo b", "undo a"]
    await runner.stop()


async def test_a_retry_goes_on_where_the_last_one_failed(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at, trace.undo_fails = "c", 1
    definition = runner.define(trace.definition())
    await runner.start()
    await _fail(store, runner, definition)
    trace.undo_fails_at = "b"
    ref = await _only(store)
    with pytest.raises(OSError, match="cannot undo"):
        await runner.cleanup.retry(ref)
    assert await _left(store) == [("b", "cannot undo b", 2)]
    trace.undo_fails_at = None
    await runner.cleanup.retry(ref)
    assert trace.done == ["a", "b", "c", "undo c", "undo b", "undo a"]
    with pytest.raises(NotFound):
        await runner.cleanup.retry(ref)
    await runner.stop()


async def test_clean_up_work_takes_turns_with_jobs_on_the_same_resource(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at, trace.undo_fails = "a", 1
    definition = runner.define(trace.definition())
    gate, reached = asyncio.Event(), asyncio.Event()

    async def wait(run: JobRun) -> None:
        trace.done.append("later job")
        reached.set()
        await gate.wait()

    later = runner.define(JobDefinition(operation="vm.stop", steps=(Step("wait", wait),)))
    await runner.start()
    await _fail(store, runner, definition)
    job_id = await launch(store, runner, later)
    await reached.wait()
    retry = asyncio.ensure_future(runner.cleanup.retry(await _only(store)))
    other = await launch(store, runner, later, queue="another")
    await asyncio.sleep(0.05)
    assert not retry.done()
    gate.set()
    await retry
    await finished(store, job_id)
    await finished(store, other)
    assert trace.done == ["a", "later job", "later job", "undo a"]
    await runner.stop()


async def test_a_job_waits_for_clean_up_work_that_has_begun(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at, trace.undo_fails = "a", 1
    definition = runner.define(trace.definition())
    trace.undo_gate = asyncio.Event()
    trace.undo_gate.set()

    async def note(run: JobRun) -> None:
        trace.done.append("later job")

    later = runner.define(JobDefinition(operation="vm.stop", steps=(Step("note", note),)))
    await runner.start()
    await _fail(store, runner, definition)
    trace.undo_gate.clear()
    retry = asyncio.ensure_future(runner.cleanup.retry(await _only(store)))
    await trace.undo_reached.wait()
    job_id = await launch(store, runner, later)
    await asyncio.sleep(0.05)
    assert "later job" not in trace.done
    trace.undo_gate.set()
    await retry
    await finished(store, job_id)
    assert trace.done == ["a", "undo a", "later job"]
    await runner.stop()


async def test_a_deadline_lets_jobs_end_that_cannot_be_cancelled(store: Store) -> None:
    gate, reached = asyncio.Event(), asyncio.Event()

    async def wait(run: JobRun) -> None:
        reached.set()
        await gate.wait()

    runner = Runner(store)
    definition = runner.define(
        JobDefinition(operation="vm.expunge", steps=(Step("wait", wait),), can_cancel=False)
    )
    await runner.start()
    caller = dataclasses.replace(SYSTEM, wishes=Wishes(deadline_s=0.05))
    job_id = await launch(store, runner, definition, caller=caller)
    await reached.wait()
    await asyncio.sleep(0.1)
    gate.set()
    await finished(store, job_id)
    await runner.stop()
    codes = await store.read(lambda: [row.code for row in JobLogRow.select()])
    assert codes == ["job.not_stopped"]
