"""The scheduler: order in queues, dependencies, priorities, fairness; never stuck."""

from __future__ import annotations

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engine.scheduler import Entry, Scheduler


def entry(
    job_id: str, queue: str = "", account: str = "a", priority: int = 0, after: tuple[str, ...] = ()
) -> Entry:
    return Entry(job_id, queue or job_id, account, priority, after)


def taken(scheduler: Scheduler) -> list[str]:
    return [item.job_id for item in scheduler.take()]


def test_one_queue_is_served_in_order() -> None:
    scheduler = Scheduler(10)
    for name in "abc":
        scheduler.add(entry(name, queue="q"))
    assert taken(scheduler) == ["a"]
    assert taken(scheduler) == []
    scheduler.finished("a")
    assert taken(scheduler) == ["b"]


def test_dependencies_hold_a_job_back() -> None:
    scheduler = Scheduler(10)
    scheduler.add(entry("a"))
    scheduler.add(entry("b"))
    scheduler.add(entry("c", after=("a", "b", "long gone")))
    assert taken(scheduler) == ["a", "b"]
    scheduler.finished("b")
    assert taken(scheduler) == []
    scheduler.finished("a")
    assert taken(scheduler) == ["c"]


def test_higher_priority_goes_first() -> None:
    scheduler = Scheduler(1)
    scheduler.add(entry("low", priority=-1))
    scheduler.add(entry("normal"))
    scheduler.add(entry("high", priority=5))
    order = []
    while len(scheduler):
        (name,) = taken(scheduler)
        order.append(name)
        scheduler.finished(name)
    assert order == ["high", "normal", "low"]


def test_accounts_take_turns() -> None:
    scheduler = Scheduler(2)
    for number in range(100):
        scheduler.add(entry(f"many{number}", account="big"))
    assert len(taken(scheduler)) == 2
    scheduler.add(entry("mine", account="small"))
    assert scheduler.in_line()[:2] == ["many2", "mine"]
    scheduler.finished("many0")
    scheduler.finished("many1")
    assert set(taken(scheduler)) == {"many2", "mine"}


def test_a_job_that_is_given_up_may_start_at_once() -> None:
    scheduler = Scheduler(1)
    scheduler.add(entry("runs", queue="q"))
    assert taken(scheduler) == ["runs"]
    scheduler.add(entry("second", queue="q"))
    scheduler.add(entry("waits", after=("runs",)))
    scheduler.add(entry("in line"))
    assert scheduler.seize("second") is None, "its turn has not come"
    for name in ("waits", "in line"):
        given_up = scheduler.seize(name)
        assert given_up is not None
        scheduler.finished(name)
    assert scheduler.in_line() == []
    scheduler.finished("runs")
    assert taken(scheduler) == ["second"]


@pytest.mark.parametrize("job_id", ["first", "middle", "last"])
def test_waiting_jobs_can_go(job_id: str) -> None:
    scheduler = Scheduler(0)
    names = ["first", "middle", "last"]
    for name in names:
        scheduler.add(entry(name, queue="q"))
    scheduler.finished(job_id)
    assert len(scheduler) == 2
    names.remove(job_id)
    assert scheduler.in_line() == names[:1]


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_every_job_runs_once_and_nothing_is_stuck(seed: int, parallel: int) -> None:
    chance = random.Random(seed)
    scheduler = Scheduler(parallel)
    numbers, known, running, ended = count(), [], set(), []
    queue_of: dict[str, str] = {}
    after_of: dict[str, tuple[str, ...]] = {}
    for _ in range(60):
        if chance.random() < 0.6:
            name = f"j{next(numbers)}"
            after = tuple(chance.sample(known, min(len(known), chance.randint(0, 2))))
            queue_of[name], after_of[name] = chance.choice("qrst"), after
            known.append(name)
            scheduler.add(
                Entry(name, queue_of[name], chance.choice("xy"), chance.randint(-1, 1), after)
            )
        for item in scheduler.take():
            assert item.job_id not in ended
            assert item.queue not in {queue_of[name] for name in running}
            assert all(name in ended for name in after_of[item.job_id])
            running.add(item.job_id)
        assert len(running) <= parallel
        if running and chance.random() < 0.5:
            name = chance.choice(sorted(running))
            running.remove(name)
            ended.append(name)
            scheduler.finished(name)
    while len(scheduler):
        running |= {item.job_id for item in scheduler.take()}
        assert running, f"stuck, seed {seed}"
        name = running.pop()
        ended.append(name)
        scheduler.finished(name)
    assert sorted(ended) == sorted(known)
    in_queue = {queue: [name for name in ended if queue_of[name] == queue] for queue in "qrst"}
    for queue, names in in_queue.items():
        assert names == [name for name in known if queue_of[name] == queue]
