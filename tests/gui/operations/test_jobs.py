"""The page and the pane of jobs: who asked, what is waited for, log, parts, and cancelling."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from appliance.protocol import resources as r
from appliance.protocol.errors import Conflict
from desktop.main_window.window import MainWindow
from desktop.net.cache import Cache
from desktop.pages.jobs import JobPage
from desktop.widgets.facts import FactGrid
from desktop.widgets.job_list import JobLine
from desktop.widgets.job_more import JobMore
from tests.gui.operations.conftest import Operations, job_id, make_bulk
from tests.gui.samples import NOW, make_job
from tests.gui.screens import clipped, is_blank, take

RUNNING = job_id(11)
SUCCEEDED = job_id(5)


def opened(window: MainWindow, ref: str) -> JobMore:
    """The details of a job on the page of jobs."""
    window.go("job", ref)
    QApplication.processEvents()
    lines = window.page("job").findChildren(JobLine)
    more = [line.more for line in lines if line.isVisible() and line.job.id == ref]
    assert len(more) == 1
    assert more[0] is not None
    return more[0]


def facts(more: JobMore) -> dict[str, str]:
    """Names and values of the details."""
    grid = more.findChild(FactGrid)
    assert grid is not None
    words = [label.text() for label in grid.findChildren(QLabel) if not label.isHidden()]
    return dict(zip(words[::2], words[1::2], strict=True))


def entry(number: int, level: str, code: str, **params: object) -> r.JobLogEntry:
    """A line of a log."""
    at = NOW + timedelta(seconds=number)
    return r.JobLogEntry(number=number, at=at, level=level, code=code, params=params)  # type: ignore[arg-type]


def test_details_say_who_asked_why_and_until_when(window: MainWindow, cache: Cache) -> None:
    job = make_job(
        50,
        r.JobState.QUEUED,
        account_name="kim",
        address="10.0.0.9",
        reason="move to the new rack",
        attempts=3,
        priority=5,
        deadline_at=NOW,
        waiting=r.Waiting(code="wait.place", params={"before": 4}),
    )
    cache.put("job", [job])
    shown = facts(opened(window, job.id))
    assert shown["Asked for by"] == "kim, from 10.0.0.9"
    assert shown["Reason"] == "move to the new rack"
    assert shown["Attempts"] == "3"
    assert shown["Priority"] == "5"
    assert shown["To be done by"].startswith("2026-11-23")
    assert "4 jobs are before it" in shown["Waits for"]


def test_usual_jobs_are_not_explained_at_length(window: MainWindow) -> None:
    assert set(facts(opened(window, SUCCEEDED))) <= {"Asked for by"}


def test_cancelling_asks_first(window: MainWindow, service: Operations, qtbot: QtBot) -> None:
    bar = opened(window, RUNNING).cancel
    assert bar is not None
    assert not bar.confirm.isVisible()
    bar.ask.click()
    assert bar.confirm.isVisible()
    assert service.changes() == []
    bar.keep.click()
    assert not bar.confirm.isVisible()
    bar.ask.click()
    bar.confirm.click()
    qtbot.waitUntil(lambda: service.changes() == [("job.cancel", {"id": RUNNING})])


def test_the_action_above_the_list_asks_as_well(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    more = opened(window, RUNNING)
    page = window.page("job")
    assert isinstance(page, JobPage)
    page.qactions["cancel"].trigger()
    assert more.cancel is not None
    qtbot.waitUntil(more.cancel.confirm.isVisible)
    assert service.changes() == []
    window.go("job", SUCCEEDED)
    assert not page.qactions["cancel"].isEnabled()
    assert "no longer" in page.qactions["cancel"].toolTip()


def test_a_refused_cancel_is_told_in_place(
    window: MainWindow, service: Operations, qtbot: QtBot
) -> None:
    service.refusals["job.cancel"] = Conflict("job.cannot_cancel", operation="zone.delete")
    bar = opened(window, RUNNING).cancel
    assert bar is not None
    bar.ask.click()
    bar.confirm.click()
    qtbot.waitUntil(lambda: "cannot be cancelled" in bar.error.text())
    assert bar.ask.isVisible()


def test_what_is_over_offers_no_cancel(window: MainWindow) -> None:
    bar = opened(window, SUCCEEDED).cancel
    assert bar is not None
    assert not bar.isVisible()


def test_the_log_is_read_when_details_open_and_when_the_job_moves_on(
    window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    service.log = [entry(1, "warning", "job.moved", host="node-a", other="node-b")]
    assert "job.log" not in [name for name, _ in service.asked]
    log = opened(window, RUNNING).log
    assert log is not None
    qtbot.waitUntil(lambda: len(log.texts()) == 1)
    assert "placed on node-b" in log.texts()[0]
    service.log.append(entry(2, "error", "job.step_failed", reason="no space"))
    cache.put("job", [make_job(11, r.JobState.FAILED)])
    qtbot.waitUntil(lambda: len(log.texts()) == 2)
    assert "no space" in log.texts()[1]


def test_parts_are_listed_with_their_results(
    window: MainWindow, service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    whole, *service.parts = make_bulk()
    cache.put("job", [whole])
    more = opened(window, whole.id)
    assert facts(more)["Parts"] == "1 of 3 parts done, 1 failed"
    assert more.parts is not None
    lines = more.parts.lines
    qtbot.waitUntil(lambda: len(lines) == 3)
    assert [line[1].text() for line in lines] == ["web-92", "web-93", "web-91"]
    assert "The disk is full" in lines[0][2].text()
    asked = ("job.list", {"parent_id": whole.id, "limit": 1000})
    assert service.asked.count(asked) == 1


def test_parts_do_not_flood_the_lists(window: MainWindow, cache: Cache) -> None:
    before = window.page("job")
    assert isinstance(before, JobPage)
    count = before.model.total()
    whole, *parts = make_bulk()
    cache.put("job", [whole, *parts])
    assert before.model.total() == count + 1
    window.go("job", parts[0].id)
    assert [job.id for job in before.selection()] == [whole.id]
    window.jobs.open()
    assert {line.job.id for line in window.jobs.findChildren(JobLine)}.isdisjoint(
        {job.id for job in parts}
    )


def test_failed_parts_give_no_notice_of_their_own(
    window: MainWindow, cache: Cache, qtbot: QtBot
) -> None:
    whole, part, *_ = make_bulk()
    failures: list[r.Job] = []
    window.jobs.failed.connect(failures.append)
    running = make_job(91, r.JobState.RUNNING, parent_id=whole.id)
    cache.put("job", [whole, running])
    cache.put("job", [make_job(91, r.JobState.FAILED, parent_id=whole.id)])
    cache.put("job", [make_job(90, r.JobState.FAILED)])
    assert [job.id for job in failures] == [whole.id]
    assert part.parent_id == whole.id


def test_pictures(
    told: tuple[MainWindow, str], service: Operations, cache: Cache, qtbot: QtBot
) -> None:
    window, language = told
    service.log = [
        entry(1, "warning", "job.moved", host="node-a", other="node-b"),
        entry(2, "error", "job.step_failed", reason="no space"),
    ]
    cache.put("job", make_bulk())
    window.show()
    more = opened(window, job_id(90))
    assert more.log is not None
    qtbot.waitUntil(lambda: more.log is not None and len(more.log.texts()) == 2)
    assert more.cancel is not None
    more.cancel.ask.click()
    image = take(window, f"job-details-{language}")
    assert not is_blank(image)
    assert clipped(window) == []
