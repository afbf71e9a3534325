"""The page of jobs: all work, newest first, with its steps and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.net.cache import FINISHED
from desktop.operation_titles import operation_title
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.detail import Detail
from desktop.pages.resource_page import ResourcePage
from desktop.texts import translate
from desktop.widgets.cleanups import CleanupBar
from desktop.widgets.job_list import JobLine
from desktop.widgets.job_texts import cancel_refusal, job_title, job_words


class JobDetail(Detail):
    """The steps and the error of a job."""

    def make_overview(self) -> QWidget:
        """Facts, and the job opened below."""
        self._line: JobLine | None = None
        content = QWidget()
        self._layout = QVBoxLayout(content)
        self._layout.setContentsMargins(16, 12, 16, 16)
        self._layout.addWidget(self.facts)
        self._layout.addStretch()
        return content

    def resource_changed(self) -> None:
        """Follow the job."""
        if self._line is not None and (
            self.resource is None or self._line.job.id != self.resource.id
        ):
            self._line.deleteLater()
            self._line = None
        if self.resource is None:
            return
        self._name.setText(job_title(self.resource))
        if self._line is None:
            self._line = JobLine(self.resource, calls=self.shell.job_calls, is_open=True)
            self._layout.insertWidget(1, self._line)
        else:
            self._line.show_job(self.resource)

    def ask_to_cancel(self) -> None:
        """Ask whether the job is to be cancelled, in its details."""
        more = self._line.more if self._line is not None else None
        if more is not None and more.cancel is not None:
            more.cancel.start_asking()


class JobPage(ResourcePage):
    """Jobs, newest first."""

    kind = "job"
    detail: JobDetail

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.detail.tabs.hide()
        self.table.horizontalHeader().setSortIndicator(4, Qt.SortOrder.DescendingOrder)

    def title(self) -> str:
        """The page's title."""
        return translate("JobPage", "Jobs")

    def belongs(self, job: r.Job) -> bool:
        """Parts are listed by the job that they are parts of."""
        return job.parent_id is None

    def banner(self) -> QWidget:
        """Clean-up work that waits."""
        self.cleanups = CleanupBar(self.shell.bridge, self.shell.ref, self.shell.cache)
        return self.cleanups

    def show_cleanups(self) -> None:
        """Unfold the clean-up work."""
        self.cleanups.button.setChecked(True)

    def open_resource(self, resource_id: str) -> None:
        """Select a job, or the one that it is a part of."""
        job = self.shell.cache.get("job", resource_id)
        super().open_resource(job.parent_id if job and job.parent_id else resource_id)

    def actions_of(self) -> list[Action]:
        """Cancelling asks in the details."""

        async def ask(_shell: Shell, _jobs: list[Any]) -> None:
            self.detail.ask_to_cancel()

        return [
            Action(
                name="cancel",
                title=translate("JobPage", "Cancel job …"),
                icon="cancel",
                run=ask,
                reason=cancel_refusal,
                is_single=True,
                is_main=True,
            )
        ]

    def make_detail(self) -> JobDetail:
        """Steps, log and error."""
        return JobDetail(self.shell, self.facts, self.state_of)

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            Column(
                name="operation",
                title=translate("JobPage", "What"),
                text=lambda job: operation_title(job.operation),
                width=208,
            ),
            Column(
                name="resource",
                title=translate("JobPage", "On what"),
                text=lambda job: job.resource_name,
                width=176,
            ),
            Column(
                name="state",
                title=translate("JobPage", "State"),
                text=lambda job: texts.word(f"job.state.{job.state.value}"),
                state=lambda job: ("job", job.state.value),
                width=120,
            ),
            Column(
                name="progress",
                title=translate("JobPage", "Progress"),
                text=_progress_words,
                key=lambda job: job.percent,
                fraction=lambda job: None if job.finished_at else job.percent / 100,
                bar_role="accent",
                is_searched=False,
                width=240,
            ),
            Column(
                name="created",
                title=translate("JobPage", "Started"),
                text=lambda job: texts.moment(job.created_at),
                key=lambda job: job.created_at,
                is_searched=False,
                width=160,
            ),
            Column(
                name="took",
                title=translate("JobPage", "Took"),
                text=_took,
                key=_seconds,
                is_right=True,
                is_searched=False,
                width=88,
            ),
        ]

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """By state."""
        return [
            (
                translate("JobPage", "State"),
                lambda job: job.state.value,
                lambda value: texts.word(f"job.state.{value}"),
            )
        ]

    def facts(self, job: r.Job) -> list[tuple[str, str]]:
        """What the detail shows."""
        return [
            (translate("JobPage", "Started"), texts.moment(job.created_at)),
            (translate("JobPage", "Finished"), texts.moment(job.finished_at)),
            (translate("JobPage", "Operation"), job.operation),
            (translate("JobPage", "ID"), job.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What jobs are."""
        words = translate("JobPage", "Work that takes a while appears here with its steps.")
        return "progress-check", words, ""

    def opened(self, job: r.Job) -> None:
        """A double click goes to what the job works on."""
        self.shell.go(job.resource_kind, job.resource_id)


def _progress_words(job: r.Job) -> str:
    if job.state in FINISHED:
        return job_words(job)
    return f"{job.percent} %  {job_words(job)}"


def _seconds(job: r.Job) -> float:
    if job.started_at is None or job.finished_at is None:
        return 0.0
    return (job.finished_at - job.started_at).total_seconds()


def _took(job: r.Job) -> str:
    return f"{_seconds(job):.1f} s" if job.finished_at and job.started_at else "–"
