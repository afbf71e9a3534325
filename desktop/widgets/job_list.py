"""Jobs as lines that open: what is done, how far it is, its steps, and what went wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from desktop import texts
from desktop.net.cache import FINISHED, Cache
from desktop.net.jobs import JobCalls
from desktop.texts import translate
from desktop.widgets.bars import Bar
from desktop.widgets.buttons import FlatButton
from desktop.widgets.job_more import JobMore
from desktop.widgets.job_texts import job_title, job_words
from desktop.widgets.labels import Elided, Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.state import StateLabel

_SHOWN = 30


class JobLine(QWidget):
    """One job: one line, and its steps, log and error when opened."""

    def __init__(self, job: r.Job, *, calls: JobCalls | None = None, is_open: bool = False) -> None:
        super().__init__()
        self._calls = calls
        self.more: JobMore | None = None
        self._state = StateLabel()
        self._title = Elided("", "body", least=240)
        self._bar = Bar()
        self._bar.setFixedWidth(96)
        self._words = Elided("", "small")
        self._when = Label("", "small")
        self._open = FlatButton("", "chevron-down", "quiet")
        self._open.setAccessibleName(translate("Jobs", "Steps, log and errors"))
        self._open.setToolTip(self._open.accessibleName())
        self._open.clicked.connect(self.toggle)
        self._error = ErrorLabel()
        self._is_open = is_open
        self._build()
        self.show_job(job)

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(16, 2, 8, 2)
        line.setSpacing(12)
        line.addWidget(self._state)
        line.addWidget(self._title)
        line.addWidget(self._bar)
        line.addWidget(self._words)
        line.addStretch()
        line.addWidget(self._when)
        line.addWidget(self._open)
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        self._error.setContentsMargins(32, 0, 16, 8)
        layout.addWidget(self._error)

    def toggle(self) -> None:
        """Open or close the steps."""
        self._is_open = not self._is_open
        self.show_job(self.job)

    def show_job(self, job: r.Job) -> None:
        """Show a new version of the job."""
        self.job = job
        finished = job.state in FINISHED
        self._state.set_state("job", job.state.value)
        self._title.setText(job_title(job))
        self._bar.setVisible(not finished)
        self._bar.set_fraction(job.percent / 100, "accent")
        words = "" if finished else f"{job.percent} %  {job_words(job)}"
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._when.setText(_when(job))
        self._open.set_icon_name("chevron-up" if self._is_open else "chevron-down")
        self._show_more(job)
        if job.error is not None and (self._is_open or finished):
            self._error.show_error(job.error, job=job)
        else:
            self._error.clear()

    def show_times(self) -> None:
        """Show how long ago it was, as of now."""
        self._when.setText(_when(self.job))

    def _show_more(self, job: r.Job) -> None:
        """Most lines are never opened: what is below is made when one is."""
        if self._is_open and self.more is None:
            self.more = JobMore(self._calls)
            self._column.insertWidget(1, self.more)
        if self.more is not None:
            self.more.setVisible(self._is_open)
            if self._is_open:
                self.more.show_job(job)


class JobList(QScrollArea):
    """The jobs of one resource, or of all, newest first; parts are shown by their whole.

    With `calls` a job can be cancelled, and shows its log and parts.
    """

    def __init__(
        self, cache: Cache, calls: JobCalls | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._cache = cache
        self._calls = calls
        self._resource_id: str | None = None
        self._lines: dict[str, JobLine] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self._content = QWidget()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._layout = QVBoxLayout(self._content)
        self._layout.setContentsMargins(0, 8, 0, 8)
        self._layout.setSpacing(2)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._hint = Label(translate("Jobs", "No jobs yet."), "muted")
        self._hint.setContentsMargins(16, 8, 16, 8)
        self._layout.addWidget(self._hint)
        self.setWidget(self._content)
        self._clock = QTimer(self)
        self._clock.setInterval(10_000)
        self._clock.timeout.connect(self._refresh_times)
        self._clock.start()
        self._content.setAutoFillBackground(False)
        cache.changed.connect(self._changed)
        cache.reset.connect(lambda kind: self.reload() if kind == "job" else None)

    def show_resource(self, resource_id: str | None) -> None:
        """Show the jobs of a resource; None for all."""
        if resource_id != self._resource_id:
            self._resource_id = resource_id
            self.reload()

    def reload(self) -> None:
        """Make the lines anew."""
        for line in self._lines.values():
            line.deleteLater()
        self._lines.clear()
        jobs = [job for job in self._cache.all("job") if self._fits(job)]
        jobs.sort(key=lambda job: job.id, reverse=True)
        for job in reversed(jobs[:_SHOWN]):
            self._add(job)
        self._hint.setVisible(not self._lines)

    def showEvent(self, event: Any) -> None:
        """What was missed while hidden."""
        super().showEvent(event)
        self.reload()

    def _refresh_times(self) -> None:
        if self.isVisible():
            for line in self._lines.values():
                line.show_times()

    def _fits(self, job: r.Job) -> bool:
        if self._resource_id is None:
            return job.parent_id is None
        return job.resource_id == self._resource_id

    def _changed(self, kind: str, puts: list[Any], _gone: list[str]) -> None:
        if kind != "job" or not self.isVisible():
            return
        for job in puts:
            if job.id in self._lines:
                self._lines[job.id].show_job(job)
            elif self._fits(job):
                self._add(job)
        self._hint.setVisible(not self._lines)

    def _add(self, job: r.Job) -> None:
        line = JobLine(job, calls=self._calls)
        self._lines[job.id] = line
        self._layout.insertWidget(0, line)
        while len(self._lines) > _SHOWN:
            oldest = min(self._lines)
            self._lines.pop(oldest).deleteLater()


def _when(job: r.Job) -> str:
    ago = translate("Jobs", "{time} ago")
    if job.finished_at is not None:
        return ago.format(time=texts.since(job.finished_at))
    return texts.since(job.started_at) if job.started_at else ""
