"""What cannot be undone at once: kept, tried in order, and never while a job works on the same."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from appliance.engine.calls import SYSTEM, Wishes
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.engine.models import CleanupRow, JobLogRow, JobRow
from appliance.engine.runner import Runner
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, Conflict, NotFound
from appliance.protocol.resources import JobState, StepState
from appliance.store.database import Store
from tests.unit.appliance.engine.trace import Trace, launch


async def _left(store: Store) -> list[tuple[str, str, int]]:
    def read() -> list[tuple[str, str, int]]:
        return [
            (row.step, row.error.message if row.error else "", row.attempts)
            for row in CleanupRow.select()
        ]

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
    assert await _left(store) == [("b", "It did not work: cannot undo now.", 1)]
    assert trace.done == ["a", "b"]
    await runner.cleanup.retry(await _only(store))
    assert await _left(store) == []
    assert trace.done == ["a", "b", "undo b", "undo a"]
    await runner.stop()


async def test_what_can_never_be_done_is_forgotten(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at, trace.undo_fails = "b", 1
    definition = runner.define(trace.definition())
    await runner.start()
    await _fail(store, runner, definition)
    ref = await _only(store)
    await runner.cleanup.dismiss(ref)
    assert await _left(store) == []
    with pytest.raises(NotFound):
        await runner.cleanup.dismiss(ref)
    await runner.stop()
    assert trace.done == ["a", "b"]


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
    assert await _left(store) == [("b", "It did not work: cannot undo b.", 2)]
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
    caller = msgspec.structs.replace(SYSTEM, wishes=Wishes(deadline_s=0.05))
    job_id = await launch(store, runner, definition, caller=caller)
    await reached.wait()
    await asyncio.sleep(0.1)
    gate.set()
    await finished(store, job_id)
    await runner.stop()
    codes = await store.read(lambda: [row.code for row in JobLogRow.select()])
    assert codes == ["job.not_stopped"]


def _no_way_back(trace: Trace, ended: list[str]) -> JobDefinition:
    """Steps a, b, c; from b on only forward."""
    a, b, c = (trace.step(name) for name in "abc")
    return JobDefinition(
        operation="vm.expunge",
        steps=(a, Step("b", b.run, forward_only=True), Step("c", c.run)),
        done=lambda tx, run: ended.append("done"),
        failed=lambda tx, run, error: ended.append("failed"),
    )


@pytest.mark.parametrize(("fail_at", "rest"), [("b", ["b", "c"]), ("c", ["c"])])
async def test_without_a_way_back_the_rest_is_left_and_the_job_ends_well(
    store: Store, fail_at: str, rest: list[str]
) -> None:
    trace, runner, ended = Trace(), Runner(store), list[str]()
    trace.fail_at = fail_at
    definition = runner.define(_no_way_back(trace, ended))
    await runner.start()
    job_id = await launch(store, runner, definition)
    await finished(store, job_id)
    assert ended == ["done"]
    ((step, _, attempts),) = await _left(store)
    assert (step, attempts) == (fail_at, 1)
    with pytest.raises(ApiError):
        await runner.cleanup.retry(await _only(store))
    trace.fail_at, trace.done = None, []
    await runner.cleanup.retry(await _only(store))
    assert trace.done == rest
    assert await _left(store) == []
    await runner.stop()
    codes = await store.read(lambda: [row.code for row in JobLogRow.select()])
    assert codes == ["job.step_postponed"]


async def test_a_step_before_it_takes_the_job_back(store: Store) -> None:
    trace, runner, ended = Trace(), Runner(store), list[str]()
    trace.fail_at = "a"
    definition = runner.define(_no_way_back(trace, ended))
    await runner.start()
    await _fail(store, runner, definition)
    assert (trace.done, ended) == (["a", "undo a"], ["failed"])
    assert await _left(store) == []
    await runner.stop()


async def test_a_job_without_a_way_back_cannot_be_cancelled(store: Store) -> None:
    trace, runner, ended = Trace(), Runner(store), list[str]()
    trace.hang_at = "b"
    definition = runner.define(_no_way_back(trace, ended))
    await runner.start()
    job_id = await launch(store, runner, definition)
    await trace.reached.wait()
    with pytest.raises(Conflict, match="cannot be cancelled"):
        await runner.cancel(SYSTEM, job_id)
    await runner.stop()
    row = await store.read(lambda: JobRow.get(JobRow.id == job_id))
    assert (row.state, row.cancelled_by) == (JobState.RUNNING, "")
    # As if the order to stop had come just before: it is gone on with all the same.
    trace.hang_at = None
    await store.write(
        lambda tx: JobRow.update(cancelled_by="somebody").where(JobRow.id == job_id).execute()
    )
    runner = Runner(store)
    runner.define(_no_way_back(trace, ended))
    await runner.start()
    await finished(store, job_id)
    await runner.stop()
    row = await store.read(lambda: JobRow.get(JobRow.id == job_id))
    assert [step.state for step in row.steps] == [StepState.DONE] * 3
    assert (trace.done, ended) == (["a", "b", "b", "c"], ["done"])


async def test_work_that_belongs_to_no_job_is_tried_until_it_works(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    step = trace.step("a")
    definition = runner.define(
        JobDefinition(operation="host.delete", steps=(Step("a", step.run, forward_only=True),))
    )
    trace.fail_at = "a"
    ref = await store.write(lambda tx: runner.cleanup.leave(tx, definition, "x", "x", {}))
    told = store.feed.subscribe()
    with told as changes:
        await runner.cleanup.attempt([ref])
        change = await anext(aiter(changes))
    assert (change.kind, change.id, change.action) == ("cleanup", ref, "put")
    ((step_name, _, attempts),) = await _left(store)
    assert (step_name, attempts) == ("a", 1)
    trace.fail_at = None
    await runner.cleanup.retry(ref)
    assert (trace.done, await _left(store)) == (["a", "a"], [])
