"""The summary at the end of `build.py test`."""

from __future__ import annotations

import threading

import pytest

from installer.testrun import Result, _side_by_side, _summarise

GOOD_LINT = Result("lint", 0, "good")


def test_counts_of_all_stages_are_added(capsys: pytest.CaptureFixture[str]) -> None:
    code = _summarise(
        [
            GOOD_LINT,
            Result("unit", 0, "===== 10 passed, 1 skipped in 2.00s ====="),
            Result("gui", 0, "5 passed in 1.00s"),
        ],
        3.0,
    )

    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == "===== 15 passed, 1 skipped in 3.00s ====="


def test_one_bad_stage_fails_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    code = _summarise([GOOD_LINT, Result("unit", 1, "1 failed, 2 passed, 1 error in 1.00s")], 1.0)

    assert code == 1
    assert "1 failed, 2 passed, 1 error in" in capsys.readouterr().out


def test_bad_lint_is_named_in_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert _summarise([Result("lint", 1, "FAILED"), Result("unit", 0, "1 passed in 1s")], 1.0) == 1
    assert "lint failed" in capsys.readouterr().out.splitlines()[-1]


def test_stage_that_died_without_a_summary_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert _summarise([GOOD_LINT, Result("gui", -11, "")], 1.0) == 1
    assert "gui: ended with code -11 before" in capsys.readouterr().out


def test_lanes_run_at_once_and_tell_in_their_order() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet(name: str) -> Result:
        meeting.wait()
        return Result(name, 0, "")

    lanes = [
        [lambda: meet("lint"), lambda: Result("unit", 0, "")],
        [lambda: meet("system")],
    ]

    assert [result.name for result in _side_by_side(lanes)] == ["lint", "unit", "system"]
