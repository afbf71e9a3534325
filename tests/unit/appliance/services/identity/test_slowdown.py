"""Guessing gets slower with each failure, for the account and the address alike."""

from __future__ import annotations

import pytest

from appliance.protocol.errors import TooManyRequests
from appliance.services.identity import slowdown
from appliance.services.identity.slowdown import FREE_TRIES, LONGEST_WAIT_S, Slowdown


class Clock:
    """Time as the test wants it."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(slowdown, "time", clock)
    return clock


def wait_s(slow: Slowdown, *keys: str) -> int:
    try:
        slow.check(*keys)
    except TooManyRequests as error:
        assert error.code == "session.slow_down"  # noqa: PT017 no error is an answer as well
        return error.params["retry_after_s"]
    return 0


def fail(slow: Slowdown, times: int, *keys: str) -> None:
    for _ in range(times):
        slow.failed(*keys)


def test_a_few_mistakes_cost_nothing(clock: Clock) -> None:
    slow = Slowdown()
    fail(slow, FREE_TRIES - 1, "a")
    assert wait_s(slow, "a") == 0


def test_waits_double_up_to_a_limit(clock: Clock) -> None:
    slow = Slowdown()
    fail(slow, FREE_TRIES, "a")
    waits = []
    for _ in range(12):
        waits.append(wait_s(slow, "a"))
        clock.now += waits[-1]
        assert wait_s(slow, "a") == 0
        slow.failed("a")
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == LONGEST_WAIT_S


def test_any_of_the_keys_must_wait(clock: Clock) -> None:
    slow = Slowdown()
    fail(slow, FREE_TRIES, "account x", "address 1")
    assert wait_s(slow, "account x", "address 2") == 2
    assert wait_s(slow, "account y", "address 1") == 2
    assert wait_s(slow, "account y", "address 2") == 0


def test_success_forgives(clock: Clock) -> None:
    slow = Slowdown()
    fail(slow, 10, "a", "b")
    slow.succeeded("a")
    assert wait_s(slow, "a") == 0
    assert wait_s(slow, "b") > 0


def test_old_failures_are_forgotten(clock: Clock) -> None:
    slow = Slowdown()
    fail(slow, 10, "a")
    clock.now += slowdown.FORGET_AFTER_S + 1
    slow.failed("a")
    assert wait_s(slow, "a") == 0


def test_a_flood_of_names_does_not_fill_the_memory(clock: Clock) -> None:
    slow = Slowdown()
    for number in range(slowdown.MOST_KEYS * 2):
        slow.failed(f"account {number}")
    assert len(slow._records) <= slowdown.MOST_KEYS + 1
