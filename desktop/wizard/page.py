"""What every step of the wizard has: fields filled from the plan, and what was typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from appliance.client.setup import SetupFlow
from appliance.protocol.errors import ErrorBody
from desktop import texts
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField, line


class StepPage(QWidget):
    """One screen; `names` are the steps of the plan that it shows."""

    names: tuple[str, ...] = ()
    changed = Signal()

    def __init__(self, title: str, intro: str) -> None:
        super().__init__()
        self.fields: dict[str, FormField] = {}
        self._edited = False
        self.is_filling = False
        self._refused = ""  # the field that the service refused, until somebody types
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(16)
        self.body.addWidget(Label(title, "title"))
        words = Label(intro, "muted")
        self.body.addWidget(words)

    def add_line(self, key: str, title: str, hint: str = "", placeholder: str = "") -> QLineEdit:
        """A titled line of text, known as `key` (a field of the request)."""
        field = line(placeholder=placeholder)
        field.textEdited.connect(self.touched)
        self.add_field(key, FormField(title, field, hint))
        return field

    def add_field(self, key: str, field: FormField) -> None:
        """Add a titled input."""
        self.fields[key] = field
        self.body.addWidget(field)

    def touched(self) -> None:
        """Somebody typed: keep it, and check it."""
        self._edited = True
        self._refused = ""
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

    def show_plan(self, flow: SetupFlow) -> None:
        """Fill the fields from the plan, unless somebody has typed here."""
        if not self._edited:
            self.fill(flow)
        is_done = all(flow.step(name).done for name in self.names)
        for field in self.fields.values():
            field.setEnabled(not is_done)

    def forget_edits(self) -> None:
        """What was typed is kept by the service now."""
        self._edited = False

    def fill(self, flow: SetupFlow) -> None:
        """Show the plan's values."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say for one step of the plan."""
        raise NotImplementedError

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

    def show_problem(self, problem: ErrorBody) -> bool:
        """Show a problem beside its field; False if no field of this page is meant."""
        key = {"ranges": "first"}.get(problem.field or "", problem.field or "")
        form = self.fields.get(key)
        if form is None:
            return False
        text = texts.error_text(problem)
        form.set_problem(" ".join(part for part in (text.message, text.remedy) if part))
        self._refused = key
        form.field.setFocus()
        return True

    def tell(self, key: str, problem: str) -> None:
        """Show what is wrong with a field; what the service refused stays until one types."""
        if problem or key != self._refused:
            self.fields[key].set_problem(problem)
