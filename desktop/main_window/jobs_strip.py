"""The strip at the bottom: the newest job on one line; opened, the jobs with their steps."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from desktop.net.cache import Cache
from desktop.net.jobs import JobCalls
from desktop.texts import translate
from desktop.widgets.bars import Bar
from desktop.widgets.buttons import FlatButton
from desktop.widgets.job_list import JobList
from desktop.widgets.job_texts import job_title, job_words
from desktop.widgets.labels import Elided, Label, Line, Surface
from desktop.widgets.state import StateLabel

BUSY = (r.JobState.RUNNING, r.JobState.UNDOING, r.JobState.QUEUED)


class JobsStrip(Surface):
    """One line while closed. `counted` carries how many jobs are at work, and how many failed."""

    counted = Signal(int, int)
    failed = Signal(object)
    """A job that this client saw running has failed."""

    def __init__(
        self, cache: Cache, calls: JobCalls | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("base", parent=parent)
        self._cache = cache
        self._busy: dict[str, r.Job] = {}
        self._unseen_failures = 0
        self._last: r.Job | None = None
        self._state = StateLabel()
        self._title = Elided("", "body")
        self._bar = Bar()
        self._bar.setFixedWidth(160)
        self._words = Elided("", "small")
        self._more = Label("", "small")
        self.button = FlatButton(translate("Jobs", "Jobs"), "chevron-up", "quiet")
        self.button.clicked.connect(self.toggle)
        line = QHBoxLayout()
        line.setContentsMargins(16, 2, 8, 2)
        line.setSpacing(12)
        for widget in (self._state, self._title, self._bar, self._words, self._more):
            line.addWidget(widget)
        line.addStretch()
        line.addWidget(self.button)
        self.list = JobList(cache, calls)
        self.list.setFixedHeight(216)
        self.list.hide()
        self._edge = Line()
        self._edge.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(Line())
        layout.addLayout(line)
        layout.addWidget(self._edge)
        layout.addWidget(self.list)
        cache.changed.connect(self._changed)
        cache.reset.connect(lambda kind: self._reload() if kind == "job" else None)
        self._reload()

    def toggle(self) -> None:
        """Open or close the list; opening it marks failures as seen."""
        opened = self.list.isHidden()
        self.list.setVisible(opened)
        self._edge.setVisible(opened)
        self.button.set_icon_name("chevron-down" if opened else "chevron-up")
        if opened:
            self._unseen_failures = 0
            self._show()

    def open(self) -> None:
        """Open the list."""
        if self.list.isHidden():
            self.toggle()

    def _reload(self) -> None:
        # The parts of a bulk job count with their whole.
        jobs: list[r.Job] = [job for job in self._cache.all("job") if job.parent_id is None]
        self._busy = {job.id: job for job in jobs if job.state in BUSY}
        self._last = max(jobs, key=lambda job: job.id, default=None)
        self._show()

    def _changed(self, kind: str, puts: list[Any], gone: list[str]) -> None:
        if kind != "job":
            return
        for job in (one for one in puts if one.parent_id is None):
            if job.state in BUSY:
                self._busy[job.id] = job
            elif self._busy.pop(job.id, None) is not None and job.state is r.JobState.FAILED:
                self._unseen_failures += 1
                self.failed.emit(job)
            if self._last is None or job.id >= self._last.id:
                self._last = job
        for key in gone:
            self._busy.pop(key, None)
        self._show()

    def _show(self) -> None:
        working = [job for job in self._busy.values() if job.state is not r.JobState.QUEUED]
        job = max(working or self._busy.values(), key=lambda one: one.id, default=self._last)
        is_busy = job is not None and job.state in BUSY
        for widget in (self._state, self._title):
            widget.setVisible(job is not None)
        self._bar.setVisible(is_busy)
        more = len(self._busy) - 1
        self._more.setVisible(more > 0)
        if more > 0:
            self._more.setText(translate("Jobs", "and {count} more").format(count=more))
        if job is None:
            self._words.setText(translate("Jobs", "No jobs yet."))
        else:
            self._state.set_state("job", job.state.value)
            self._title.setText(job_title(job))
            self._bar.set_fraction(job.percent / 100, "accent")
            self._words.setText(f"{job.percent} %  {job_words(job)}" if is_busy else "")
        self.counted.emit(len(self._busy), self._unseen_failures)

    def sizeHint(self) -> Any:
        """As high as its content."""
        hint = super().sizeHint()
        hint.setWidth(400)
        return hint

    def minimumSizeHint(self) -> Any:
        """Words may be cut when the window is narrow."""
        hint = super().minimumSizeHint()
        hint.setWidth(200)
        return hint

    def keyPressEvent(self, event: Any) -> None:
        """Esc closes the list."""
        if event.key() == Qt.Key.Key_Escape and not self.list.isHidden():
            self.toggle()
        else:
            super().keyPressEvent(event)
