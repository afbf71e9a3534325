"""What support asks for when something failed: code, job, step; folded, and copied by a click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol.errors import ApiError, ErrorBody
from appliance.protocol.resources import Job, StepState
from desktop import texts
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import copyable

Facts = Sequence[tuple[str, str]]


def error_facts(
    error: BaseException | ErrorBody, *, job: Job | None = None, step: str = ""
) -> list[tuple[str, str]]:
    """Titles and values; what is not known is left out."""
    code = error.code if isinstance(error, ApiError | ErrorBody) else type(error).__name__
    if job is not None and not step:
        failed = (one.name for one in job.steps if one.state is StepState.FAILED)
        step = next(failed, "")
    found = [
        (translate("ErrorDetails", "Code"), code),
        (translate("ErrorDetails", "Job"), f"{job.operation} {job.id}" if job is not None else ""),
        (translate("ErrorDetails", "Step"), step),
        (translate("ErrorDetails", "Request"), str(getattr(error, "request_id", ""))),
        (translate("ErrorDetails", "Time"), texts.moment(job.finished_at) if job else ""),
    ]
    return [(title, value) for title, value in found if value]


class ErrorDetails(QWidget):
    """A button that unfolds the facts, each on a line, and one that copies them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = ""
        self.toggle = FlatButton(translate("ErrorDetails", "Details"), "chevron-down", "quiet")
        self.toggle.setCheckable(True)
        self.copy = FlatButton(translate("ErrorDetails", "Copy"), "content-copy", "quiet")
        for button in (self.toggle, self.copy):
            button.setAutoDefault(False)
        self.lines = copyable("", "mono")
        self.lines.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.toggle)
        row.addWidget(self.copy)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.lines)
        self.toggle.toggled.connect(self._fold)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self._fold(is_open=False)
        self.hide()

    def show_facts(self, message: str, facts: Facts) -> None:
        """Offer these, folded; nothing is offered when there are none."""
        self._message = message
        if self.lines.text() != _lines(facts):
            self.lines.setText(_lines(facts))
            self.toggle.setChecked(False)
        self.setVisible(bool(facts))

    def text(self) -> str:
        """What is copied: the message, and below it the facts."""
        return f"{self._message}\n{self.lines.text()}".strip()

    def _fold(self, is_open: bool) -> None:
        self.toggle.set_icon_name("chevron-up" if is_open else "chevron-down")
        self.copy.setVisible(is_open)
        self.lines.setVisible(is_open)


def _lines(facts: Facts) -> str:
    return "\n".join(f"{title}: {value}" for title, value in facts)
