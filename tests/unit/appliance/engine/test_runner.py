"""Jobs run step by step, are undone when they fail, and go on after a crash at any point."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest

import appliance.engine.runner as runner_module
from appliance.engine.calls import SYSTEM, Wishes
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.engine.models import (
    JobLogRow,
    JobRow,
    render_jobs,
)
from appliance.engine.runner import Runner
from appliance.engine.waiting import finished
from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.messages import sentence
from appliance.protocol.resources import Job, JobChildren, JobState, StepState
from appliance.store.database import Store, Transaction
from tests.unit.appliance.engine.trace import Trace, launch


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


def waiting_job(gate: asyncio.Event, reached: asyncio.Event, trace: list[str]) -> JobDefinition:
    """A job whose first step waits for `gate`."""

    async def run(job: JobRun) -> None:
        reached.set()
        await gate.wait()
        trace.append("done")

    async def undo(job: JobRun) -> None:
        trace.append("undone")

    return JobDefinition(operation="vm.start", steps=(Step("a", run, undo),))


def code_of(row: JobRow) -> str:
    return row.error.code if row.error is not None else ""


async def ended(store: Store, job_id: str) -> JobRow:
    with contextlib.suppress(ApiError):
        await finished(store, job_id)
    return await store.read(lambda: row_of(job_id))


async def test_a_running_job_can_be_cancelled_and_is_undone(store: Store) -> None:
    gate, reached, trace = asyncio.Event(), asyncio.Event(), list[str]()
    runner = Runner(store)
    definition = runner.define(waiting_job(gate, reached, trace))
    await runner.start()
    job_id = await launch(store, runner, definition)
    await reached.wait()
    await runner.cancel(SYSTEM, job_id)
    row = await ended(store, job_id)
    assert (row.state, code_of(row)) == (JobState.CANCELLED, "job.cancelled")
    assert row.cancelled_by == "system"
    assert trace == ["undone"]
    with pytest.raises(Conflict, match="over"):
        await runner.cancel(SYSTEM, job_id)
    await runner.stop()


async def test_a_waiting_job_is_cancelled_without_running(store: Store) -> None:
    gate, reached, trace = asyncio.Event(), asyncio.Event(), list[str]()
    runner = Runner(store, parallel=1)
    definition = runner.define(waiting_job(gate, reached, trace))
    await runner.start()
    first = await launch(store, runner, definition, "q1")
    await reached.wait()
    second = await launch(store, runner, definition, "q2")
    await runner.cancel(SYSTEM, second)
    assert (await ended(store, second)).state == JobState.CANCELLED
    gate.set()
    assert (await ended(store, first)).state == JobState.SUCCEEDED
    assert trace == ["done"]
    await runner.stop()


async def test_a_cancellation_survives_a_crash(store: Store) -> None:
    gate, reached, trace = asyncio.Event(), asyncio.Event(), list[str]()
    runner = Runner(store)
    definition = runner.define(waiting_job(gate, reached, trace))
    await runner.start()
    job_id = await launch(store, runner, definition)
    await reached.wait()
    await runner.stop()
    await store.write(
        lambda tx: JobRow.update(cancelled_by="somebody").where(JobRow.id == job_id).execute()
    )
    again = Runner(store)
    gate.set()
    again.define(waiting_job(gate, reached, trace))
    await again.start()
    assert (await ended(store, job_id)).state == JobState.CANCELLED
    assert "done" not in trace
    await again.stop()


async def test_a_deadline_takes_the_job_back(store: Store) -> None:
    gate, reached, trace = asyncio.Event(), asyncio.Event(), list[str]()
    runner = Runner(store)
    definition = runner.define(waiting_job(gate, reached, trace))
    await runner.start()
    hurried = msgspec.structs.replace(SYSTEM, wishes=Wishes(deadline_s=0.05))
    job_id = await launch(store, runner, definition, caller=hurried)
    row = await ended(store, job_id)
    assert (row.state, code_of(row)) == (JobState.FAILED, "job.deadline")
    assert trace == ["undone"]
    await runner.stop()


async def test_a_job_waits_for_others_and_fails_with_them(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    definition = runner.define(trace.definition())
    await runner.start()
    trace.fail_at = "b"
    first = await launch(store, runner, definition, "q1")
    after = msgspec.structs.replace(SYSTEM, wishes=Wishes(after=(first,)))
    second = await launch(store, runner, definition, "q2", caller=after)
    assert (await ended(store, first)).state == JobState.FAILED
    row = await ended(store, second)
    assert (row.state, code_of(row)) == (JobState.FAILED, "job.dependency_failed")
    assert trace.done == ["a", "b", "undo b", "undo a"]
    unknown = msgspec.structs.replace(SYSTEM, wishes=Wishes(after=("nothing",)))
    with pytest.raises(InvalidInput, match="nothing"):
        await launch(store, runner, definition, "q3", caller=unknown)
    await runner.stop()


async def test_waiting_tells_for_what_and_for_whom(store: Store) -> None:
    gate, reached, trace = asyncio.Event(), asyncio.Event(), list[str]()
    runner = Runner(store)
    definition = runner.define(waiting_job(gate, reached, trace))
    await runner.start()
    first = await launch(store, runner, definition)
    await reached.wait()
    second = await launch(store, runner, definition)
    (shown,) = await store.read(lambda: render_jobs([row_of(second)]))
    assert shown.waiting is not None
    assert shown.waiting.params == {
        "job": first,
        "operation": "vm.start",
        "name": "x",
        "account": "system",
    }
    text = sentence(shown.waiting.code, shown.waiting.params, "en")
    assert text == "waits for: Start VM x, begun by system"
    gate.set()
    assert (await ended(store, second)).waiting is None
    await runner.stop()


async def test_a_job_may_be_tried_in_another_way(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    trace.fail_at = "c"

    def again(tx: Transaction, run: JobRun, error: ApiError) -> bool:
        trace.fail_at = None
        run.data["other"] = True
        return True

    steps = tuple(trace.step(name) for name in "abc")
    definition = runner.define(JobDefinition(operation="vm.start", steps=steps, again=again))
    await runner.start()
    job_id = await launch(store, runner, definition)
    row = await ended(store, job_id)
    assert (row.state, row.attempts, row.data["other"]) == (JobState.SUCCEEDED, 2, True)
    assert trace.done == ["a", "b", "c", "undo c", "undo b", "undo a", "a", "b", "c"]
    assert row.error is None
    await runner.stop()
    lines = await store.read(lambda: [line.code for line in JobLogRow.select()])
    assert lines == ["job.again"]


async def test_a_bulk_operation_ends_with_its_last_part(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    definition = runner.define(trace.definition())
    await runner.start()

    def bulk(bad: int) -> Job:
        def accept(tx: Transaction) -> Job:
            parts = [
                NewJob(
                    definition=definition,
                    queue=f"q{number}",
                    resource_kind="vm",
                    resource_id=f"{number}",
                    resource_name="x",
                )
                for number in range(4)
            ]
            error = Conflict("resource.disabled", name="x")
            mixed = [(part, error) if at < bad else part for at, part in enumerate(parts)]
            return runner.accept_bulk(tx, SYSTEM, "vm.bulk", "vm", mixed).jobs[0]

        return accept  # type: ignore[return-value]

    good = await store.write(bulk(0))  # type: ignore[arg-type]
    row = await ended(store, good.id)
    assert row.state == JobState.SUCCEEDED
    assert row.children == JobChildren(total=4, succeeded=4)
    mixed = await store.write(bulk(1))  # type: ignore[arg-type]
    row = await ended(store, mixed.id)
    assert (row.state, code_of(row)) == (JobState.FAILED, "job.children_failed")
    assert row.children == JobChildren(total=4, succeeded=3, failed=1)
    bad = await store.write(bulk(4))  # type: ignore[arg-type]
    assert (await ended(store, bad.id)).children == JobChildren(total=4, failed=4)
    await runner.stop()


async def test_quick_jobs_are_written_once_a_step(store: Store) -> None:
    trace, runner = Trace(), Runner(store)
    definition = runner.define(trace.definition())
    await runner.start()
    with store.feed.subscribe() as changes:
        job_id = await launch(store, runner, definition)
        await finished(store, job_id)
        seen = []
        while not seen or msgspec.json.decode(seen[-1].data)["state"] != "succeeded":
            seen.append(await anext(changes))
    assert len([change for change in seen if change.seq]) == 4  # accepted, a, b, c with the end
    await runner.stop()


async def test_a_fault_in_an_end_does_not_leave_the_job_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "FIRST_PAUSE_S", 0.01)
    faults = iter([RuntimeError("a fault of ours"), None])

    def failed(tx: Transaction, run: JobRun, error: ApiError) -> None:
        fault = next(faults)
        if fault is not None:
            raise fault

    trace, runner = Trace(), Runner(store)
    trace.fail_at = "a"
    definition = runner.define(
        JobDefinition(operation="vm.start", steps=(trace.step("a"),), failed=failed)
    )
    await runner.start()
    job_id = await launch(store, runner, definition)
    assert (await ended(store, job_id)).state == JobState.FAILED
    await runner.stop()
