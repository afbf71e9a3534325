"""What a job shows when it is opened: steps, who asked, parts, log, and a button to cancel it."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.errors import ErrorBody
from desktop import texts
from desktop.net.jobs import JobCalls
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.facts import FactGrid
from desktop.widgets.job_texts import cancel_refusal, job_facts
from desktop.widgets.labels import Elided, Label, copyable
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.state import StateLabel

SHOWN_PARTS = 30
_ORDER = [
    r.JobState.FAILED,
    r.JobState.UNDOING,
    r.JobState.RUNNING,
    r.JobState.QUEUED,
    r.JobState.CANCELLED,
    r.JobState.SUCCEEDED,
]


class CancelBar(QWidget):
    """A button that asks before it cancels a job, and shows a refusal in its place."""

    def __init__(self, calls: JobCalls) -> None:
        super().__init__()
        self._calls = calls
        self._job_id = ""
        self.ask = FlatButton(translate("Jobs", "Cancel job"), "cancel")
        self._question = Label(
            translate("Jobs", "Cancel this job? What it has done so far is undone."), "strong"
        )
        self.confirm = FlatButton(translate("Jobs", "Cancel job"), "cancel", "danger")
        self.keep = FlatButton(translate("Jobs", "Let it go on"))
        self.error = ErrorLabel()
        self.ask.clicked.connect(self.start_asking)
        self.keep.clicked.connect(lambda: self._set_asking(asking=False))
        self.confirm.clicked.connect(self._cancel)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.ask, self._question, self.confirm, self.keep):
            row.addWidget(widget)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.addLayout(row)
        layout.addWidget(self.error)
        self._set_asking(asking=False)

    def show_job(self, job: r.Job) -> None:
        """Offer to cancel this job, if it can be; another job begins without a question."""
        if job.id != self._job_id:
            self._job_id = job.id
            self.error.clear()
            self._set_asking(asking=False)
        self.setVisible(not cancel_refusal(job))

    def start_asking(self) -> None:
        """Ask whether it is meant."""
        self.error.clear()
        self._set_asking(asking=True)
        self.keep.setFocus()

    def _set_asking(self, *, asking: bool) -> None:
        self.ask.setVisible(not asking)
        for widget in (self._question, self.confirm, self.keep):
            widget.setVisible(asking)
        self.confirm.setEnabled(True)

    def _cancel(self) -> None:
        self.confirm.setEnabled(False)
        self._calls.cancel(
            self, self._job_id, lambda: self._set_asking(asking=False), self._refused
        )

    def _refused(self, error: BaseException) -> None:
        self._set_asking(asking=False)
        self.error.show_error(error)


class Steps(QWidget):
    """The steps of a job, with how long each took."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._lines: list[tuple[StateLabel, Label]] = []

    def show_job(self, job: r.Job) -> None:
        """Show these steps; lines are kept."""
        while len(self._lines) < len(job.steps):
            self._add_line()
        for index, (state, took) in enumerate(self._lines):
            shown = index < len(job.steps)
            state.setVisible(shown)
            took.setVisible(shown)
            if shown:
                step = job.steps[index]
                state.set_state("step", step.state.value, texts.word(f"step.{step.name}"))
                took.setText(_took(step))
        self.setVisible(bool(job.steps))

    def _add_line(self) -> None:
        row = QHBoxLayout()
        state, took = StateLabel(), Label("", "small")
        row.addWidget(state)
        row.addWidget(took)
        row.addStretch()
        self._layout.addLayout(row)
        self._lines.append((state, took))


class Parts(QWidget):
    """The parts of a bulk job with their results: what failed first, the rest in order."""

    def __init__(self, calls: JobCalls) -> None:
        super().__init__()
        self._calls = calls
        self._asked: tuple[str, bool] | None = None
        self.lines: list[tuple[StateLabel, Elided, Elided]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 4)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)
        self._more = Label("", "small")
        self._error = ErrorLabel()
        self._grid.addWidget(self._more, SHOWN_PARTS, 0, 1, 3)
        self._grid.addWidget(self._error, SHOWN_PARTS + 1, 0, 1, 3)

    def show_job(self, job: r.Job) -> None:
        """Show what is known of the parts, and ask for those that are not known."""
        self.setVisible(job.children is not None)
        if job.children is None:
            return
        parts = self._calls.known_parts(job.id)
        self._show(parts, job.children.total)
        asked = (job.id, job.finished_at is not None)
        if len(parts) < job.children.total and asked != self._asked:
            self._asked = asked
            total = job.children.total
            self._calls.parts(
                self,
                job.id,
                lambda: self._show(self._calls.known_parts(job.id), total),
                self._error.show_error,
            )

    def _show(self, parts: list[r.Job], total: int) -> None:
        shown = sorted(parts, key=lambda job: _ORDER.index(job.state))[:SHOWN_PARTS]
        while len(self.lines) < len(shown):
            self._add_line()
        for index, line in enumerate(self.lines):
            for widget in line:
                widget.setVisible(index < len(shown))
            if index < len(shown):
                state, name, words = line
                job = shown[index]
                state.set_state("job", job.state.value)
                name.setText(job.resource_name or job.resource_id)
                words.setText(_part_words(job))
        left = total - len(shown)
        self._more.setVisible(left > 0)
        self._more.setText(translate("Jobs", "and {count} more").format(count=texts.number(left)))

    def _add_line(self) -> None:
        line = StateLabel(), Elided("", "body", least=160), Elided("", "small")
        for column, widget in enumerate(line):
            self._grid.addWidget(widget, len(self.lines), column)
        self.lines.append(line)


class Log(QWidget):
    """What a job noted on its way, read when it is shown and whenever the job moves on."""

    def __init__(self, calls: JobCalls) -> None:
        super().__init__()
        self._calls = calls
        self._shown: object = None
        self._error = ErrorLabel()
        self._title = Label(translate("Jobs", "Log"), "strong")
        self.lines = QWidget()
        self._grid = QGridLayout(self.lines)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(4)
        for widget in (self._title, self.lines, self._error):
            layout.addWidget(widget)
        self.hide()

    def show_job(self, job: r.Job) -> None:
        """Read the log, unless nothing happened since it was read."""
        place = (job.id, job.state, job.attempts, [step.state for step in job.steps])
        if place != self._shown:
            self._shown = place
            self._calls.log(self, job.id, self._arrived, self._failed)

    def texts(self) -> list[str]:
        """The words of all lines."""
        found = (self._grid.itemAtPosition(row, 1) for row in range(self._grid.rowCount()))
        widgets = (item.widget() for item in found if item is not None)
        return [widget.text() for widget in widgets if isinstance(widget, Label)]

    def _arrived(self, log: r.JobLog) -> None:
        self._error.clear()
        self._clear()
        for row, entry in enumerate(log.items):
            words = texts.error_text(ErrorBody(code=entry.code, params=entry.params)).message
            role = {"warning": "warn", "error": "error"}.get(entry.level, "body")
            text = copyable(words, role)
            text.setWordWrap(True)
            at = Label(texts.moment(entry.at)[11:], "small")
            self._grid.addWidget(at, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1, Qt.AlignmentFlag.AlignTop)
        self.setVisible(bool(log.items))

    def _failed(self, error: BaseException) -> None:
        self._shown = None
        self._clear()
        self._error.show_error(error)
        self.show()

    def _clear(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


class JobMore(QWidget):
    """All of it, below the line of a job."""

    def __init__(self, calls: JobCalls | None) -> None:
        super().__init__()
        self.steps = Steps()
        self.facts = FactGrid(columns=1)
        self.cancel = CancelBar(calls) if calls is not None else None
        self.parts = Parts(calls) if calls is not None else None
        self.log = Log(calls) if calls is not None else None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 0, 16, 8)
        layout.setSpacing(8)
        for widget in (self.cancel, self.steps, self.facts, self.parts, self.log):
            if widget is not None:
                layout.addWidget(widget)

    def show_job(self, job: r.Job) -> None:
        """Follow the job."""
        facts = job_facts(job)
        self.steps.show_job(job)
        self.facts.set_facts(facts)
        self.facts.setVisible(bool(facts))
        for widget in (self.cancel, self.parts, self.log):
            if widget is not None:
                widget.show_job(job)


def _part_words(job: r.Job) -> str:
    if job.error is not None:
        return texts.error_text(job.error).message
    if job.waiting and job.finished_at is None:
        return texts.waiting(job.waiting)
    return ""


def _took(step: r.JobStep) -> str:
    if step.started_at is None:
        return ""
    end = step.finished_at or datetime.now(UTC)
    return f"{(end - step.started_at).total_seconds():.1f} s"
