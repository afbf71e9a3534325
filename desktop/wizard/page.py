"""What every step of the wizard has: fields filled from the plan, and what was typed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from appliance.client.setup import SetupFlow
from appliance.protocol.errors import ErrorBody
from appliance.protocol.resources import CheckResult
from desktop import texts
from desktop.texts import translate
from desktop.widgets.abstract import AbstractQObject
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField, line

Request = Mapping[str, Any]
LINES_HEIGHT = 96


def problem_words(problem: ErrorBody) -> str:
    """What is wrong and what to do, in one line below a field."""
    text = texts.error_text(problem)
    return " ".join(part for part in (text.message, text.remedy) if part)


def choose(field: QComboBox, value: str) -> None:
    """Show one of the values of a choice; others leave it as it is."""
    place = field.findData(value)
    if place >= 0:
        field.setCurrentIndex(place)


class StepPage(QWidget, metaclass=AbstractQObject):
    """One form; `names` are the steps of the plan that it shows.

    Wizard and dialogs use the same pages: a dialog fills one from a request of its own.
    """

    names: tuple[str, ...] = ()
    tested_field: ClassVar[str] = ""
    """Where the words of a successful test stand; empty if nothing can be tested."""
    changed = Signal()

    def __init__(self, title: str, intro: str) -> None:
        super().__init__()
        self.fields: dict[str, FormField] = {}
        self._edited = False
        self.is_filling = False
        self.is_done = False
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(16)
        if title:
            self.body.addWidget(Label(title, "title"))
            self.body.addWidget(Label(intro, "muted"))

    def add_line(self, key: str, title: str, hint: str = "", placeholder: str = "") -> QLineEdit:
        """A titled line of text, known as `key` (a field of the request)."""
        field = line(placeholder=placeholder)
        field.textEdited.connect(self.touched)
        self.add_field(key, FormField(title, field, hint))
        return field

    def add_lines(self, key: str, title: str, hint: str, text: str) -> QPlainTextEdit:
        """A titled field of a few lines of text; the tab key leaves it."""
        field = QPlainTextEdit(text)
        field.setTabChangesFocus(True)
        field.setFixedHeight(LINES_HEIGHT)
        field.textChanged.connect(self.chosen_by_hand)
        self.add_field(key, FormField(title, field, hint))
        return field

    def add_choice(
        self, key: str, title: str, items: Sequence[tuple[str, str]], hint: str = ""
    ) -> QComboBox:
        """A titled choice of a few values, given as pairs of words and value."""
        field = QComboBox()
        for words, value in items:
            field.addItem(words, value)
        field.currentIndexChanged.connect(lambda _: self.chosen_by_hand())
        self.add_field(key, FormField(title, field, hint))
        return field

    def add_field(self, key: str, field: FormField) -> None:
        """Add a titled input."""
        self.fields[key] = field
        self.body.addWidget(field)

    def side_by_side(self, *keys: str) -> None:
        """Put inputs that were just added into one row."""
        row = QHBoxLayout()
        row.setSpacing(16)
        for key in keys:
            row.addWidget(self.fields[key], 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)

    def add_radios(self, group: QButtonGroup, titles: Mapping[int, str]) -> None:
        """A column of choices, known to their group by these numbers."""
        column = QVBoxLayout()
        column.setSpacing(8)
        for number, title in titles.items():
            button = QRadioButton(title)
            group.addButton(button, number)
            column.addWidget(button)
        self.body.addLayout(column)

    # What was typed

    def touched(self) -> None:
        """Somebody typed: keep it, and check it."""
        self._edited = True
        self.forget_findings()
        self.review()
        self.changed.emit()

    def chosen_by_hand(self) -> None:
        """A choice was made: by somebody, unless the plan is just being shown."""
        if not self.is_filling:
            self.touched()

    @property
    def is_edited(self) -> bool:
        """Whether somebody has typed what the service does not have yet."""
        return self._edited

    def forget_edits(self) -> None:
        """What was typed is kept by the service now."""
        self._edited = False

    def show_plan(self, flow: SetupFlow) -> None:
        """Fill the fields from the plan, unless somebody has typed here."""
        self.is_done = all(flow.step(name).done for name in self.names)
        if not self._edited:
            self.show_requests({name: flow.step(name).request for name in self.names})
        for field in self.fields.values():
            field.setEnabled(not self.is_done)

    def show_requests(self, requests: Mapping[str, Request]) -> None:
        """Fill the fields from requests, by the names of their steps."""
        self.is_filling = True
        self.fill(requests)
        self.is_filling = False

    @abstractmethod
    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""

    @abstractmethod
    def values(self, name: str) -> dict[str, Any]:
        """What the fields say for one step of the plan."""

    @property
    def upload_from(self) -> Path | None:
        """The file to send with it, if it needs one and it is there."""
        return None

    def focus_first(self) -> None:
        """Put the cursor into the first input."""
        for form in self.fields.values():
            if form.isVisibleTo(self) and form.isEnabled():
                form.field.setFocus()
                return

    # What fits

    def review(self) -> bool:
        """Check what can be checked while typing; False if something does not fit."""
        return True

    def review_names(self) -> bool:
        """A name is needed."""
        is_good = True
        for key, form in self.fields.items():
            if not key.endswith("name") or not isinstance(form.field, QLineEdit):
                continue
            is_blank = not form.field.text().strip()
            self.tell(key, translate("Wizard", "Give a name.") if is_blank else "")
            is_good = is_good and not is_blank
        return is_good

    def tell(self, key: str, problem: str) -> None:
        """Show what is wrong with a field; an empty text means nothing."""
        self.fields[key].set_problem(problem)

    # What the service says

    @property
    def tested_step(self) -> str:
        """The step whose values the service can test now; empty for none."""
        return self.names[0] if self.tested_field else ""

    def forget_findings(self) -> None:
        """What the service said was about other values."""
        for form in self.fields.values():
            form.set_finding("")

    def await_findings(self) -> None:
        """Say that the service is being asked."""
        self.forget_findings()
        if self.tested_step:
            self.fields[self.tested_field].set_finding(translate("Wizard", "Testing…"))

    def show_findings(self, found: CheckResult) -> None:
        """Show beside the fields what a test has found."""
        self.forget_findings()
        if not found.problems:
            self.fields[self.tested_field].set_finding(self.good_words(found.facts), "ok")
        for role, items in (("warn", found.warnings), ("error", found.problems)):
            for item in items:
                form = self.field_of(item) or self.fields[self.tested_field]
                form.set_finding(problem_words(item), role)

    def good_words(self, facts: Mapping[str, Any]) -> str:
        """What a test says that found nothing wrong."""
        return ""

    def field_of(self, problem: ErrorBody) -> FormField | None:
        """The field that a problem is about, if it is one of this page."""
        return self.fields.get(problem.field or "")

    def show_problem(self, problem: ErrorBody, step: str = "") -> bool:
        """Show a refusal of a step beside its field; False if no field of this page is meant."""
        form = self.field_of(problem)
        if form is None:
            return False
        form.set_finding(problem_words(problem), "error")
        form.field.setFocus()
        return True
