"""What the answers of two hosts mean: never that a machine is let go on twice."""

from __future__ import annotations

from itertools import product

import pytest

from appliance.protocol.resources import VmState
from appliance.services.migration.settling import ALIVE, FETCHED, Verdict, found, judge
from hostagent.protocol.migration import MigrationSide as Side
from hostagent.protocol.migration import SideReport

ANSWERS = [None, *(SideReport(side=side) for side in Side)]
ANSWERS += [SideReport(side=side, is_working=True) for side in Side]
ALL = list(product(ANSWERS, ANSWERS))


def on(side: Side) -> SideReport:
    return SideReport(side=side)


@pytest.mark.parametrize(("source", "destination"), ALL)
def test_nobody_lets_it_go_on_while_the_source_may_have_it(
    source: SideReport | None, destination: SideReport | None
) -> None:
    verdict = judge(source, destination)
    if verdict == Verdict.RESUME:
        assert source is not None
        assert source.side not in (*ALIVE, Side.HELD)
        assert destination is not None
        assert destination.side == Side.PAUSED, "all of it has come"


@pytest.mark.parametrize(("source", "destination"), ALL)
def test_a_source_that_gives_memory_is_left_alone(
    source: SideReport | None, destination: SideReport | None
) -> None:
    """It would take the machine along that runs on the other side."""
    verdict = judge(source, destination)
    fetching = destination is not None and destination.side == Side.POSTCOPY
    if fetching and (source is None or source.is_working):
        assert verdict not in (Verdict.DESTINATION, Verdict.LOST)
    if verdict == Verdict.LOST:
        assert source is not None
        broken = destination is not None and destination.side == Side.BROKEN
        assert source.side in FETCHED or broken


@pytest.mark.parametrize(
    ("source", "destination", "verdict"),
    [
        (SideReport(side=Side.POSTCOPY, is_working=True), on(Side.POSTCOPY), Verdict.WAIT),
        (None, on(Side.POSTCOPY), Verdict.WAIT),
        (on(Side.POSTCOPY), None, Verdict.WAIT),
        (on(Side.POSTCOPY), on(Side.POSTCOPY), Verdict.WAIT),
        (on(Side.BROKEN), on(Side.BROKEN), Verdict.LOST),
        (on(Side.BROKEN), on(Side.POSTCOPY), Verdict.LOST),
        (SideReport(side=Side.BROKEN, is_working=True), on(Side.POSTCOPY), Verdict.WAIT),
        (on(Side.BROKEN), on(Side.RUNNING), Verdict.DESTINATION),
        (on(Side.BROKEN), on(Side.ABSENT), Verdict.LOST),
        (on(Side.ABSENT), on(Side.POSTCOPY), Verdict.WAIT),
        (on(Side.ABSENT), on(Side.BROKEN), Verdict.LOST),
        (on(Side.ABSENT), on(Side.RUNNING), Verdict.DESTINATION),
        (on(Side.RUNNING), on(Side.POSTCOPY), Verdict.SOURCE),
    ],
)
def test_of_post_copy(
    source: SideReport | None, destination: SideReport | None, verdict: Verdict
) -> None:
    assert judge(source, destination) == verdict


@pytest.mark.parametrize(("source", "destination"), ALL)
def test_nobody_guesses(source: SideReport | None, destination: SideReport | None) -> None:
    if judge(source, destination) == Verdict.SOURCE:
        assert source is not None
        assert source.side in ALIVE or destination is not None
    if judge(source, destination) == Verdict.DESTINATION:
        assert destination is not None
        assert destination.side == Side.RUNNING or source is not None


@pytest.mark.parametrize(
    ("source", "destination", "where", "state"),
    [
        (on(Side.RUNNING), None, "source", VmState.RUNNING),
        (on(Side.PAUSED), on(Side.HELD), "source", VmState.PAUSED),
        (on(Side.ABSENT), on(Side.RUNNING), "destination", VmState.RUNNING),
        (None, on(Side.RUNNING), "destination", VmState.RUNNING),
        (on(Side.OFF), on(Side.ABSENT), "source", VmState.STOPPED),
        (on(Side.ABSENT), on(Side.OFF), "destination", VmState.STOPPED),
    ],
)
def test_where_it_is(
    source: SideReport | None, destination: SideReport | None, where: str, state: VmState
) -> None:
    verdict = judge(source, destination)
    assert found(verdict, source, destination) == (where, state)


def test_what_stands_still_for_a_migration_is_broken_off() -> None:
    working = SideReport(side=Side.RUNNING, is_working=True)
    for destination in (None, on(Side.HELD), on(Side.PAUSED)):
        assert judge(working, destination) == Verdict.BREAK_OFF
        assert judge(on(Side.HELD), destination) == Verdict.BREAK_OFF
