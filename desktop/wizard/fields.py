"""Form fields of wizard and dialogs: a title, the input, and the reason when it does not fit."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.widgets.labels import Label

INPUT_HEIGHT = 32


class FormField(QWidget):
    """A title above an input, and a line of words below it.

    The line shows what is wrong with what was typed; without that, what the service found
    when it tested the value; without that, a hint. Beside the title may stand what follows from
    the value.
    """

    def __init__(self, title: str, field: QWidget, hint: str = "", *, says: str = "") -> None:
        super().__init__()
        self.field = field
        self._problem = ""
        self._finding = ("", "muted")
        self._hint = hint
        self._name = Label(title, "small")
        self._name.setBuddy(field)
        self._name.setVisible(bool(title))
        self._aside = Label("", "small")
        self._aside.hide()
        field.setAccessibleName(says or title)
        if not isinstance(field, QPlainTextEdit):
            field.setMinimumHeight(INPUT_HEIGHT)
        self._note = Label("", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(self._name)
        head.addStretch()
        head.addWidget(self._aside)
        layout.addLayout(head)
        layout.addWidget(field)
        layout.addWidget(self._note)
        self._show()

    def set_title(self, text: str) -> None:
        """Call the input something else."""
        self._name.setText(text)
        self.field.setAccessibleName(text)

    def set_hint(self, text: str) -> None:
        """Say something else below the input while nothing is wrong."""
        self._hint = text
        self._show()

    def set_problem(self, text: str) -> None:
        """Show what is wrong with the value; an empty text means nothing."""
        self._problem = text
        self._show()

    def set_finding(self, text: str, role: str = "muted") -> None:
        """Show what the service says of the value: role ok, warn, error, or muted meanwhile."""
        self._finding = (text, role)
        self._show()

    def set_aside(self, text: str) -> None:
        """Show beside the title what follows from the value."""
        self._aside.setText(text)
        self._aside.setVisible(bool(text))

    def aside(self) -> str:
        """The words beside the title."""
        return self._aside.text()

    def note(self) -> str:
        """The words below the input."""
        return self._note.text()

    def _show(self) -> None:
        text, role = (self._problem, "error") if self._problem else self._finding
        self._note.set_role(role if text else "muted")
        self._note.setText(text or self._hint)
        self._note.setVisible(bool(text or self._hint))
        self.field.setAccessibleDescription(text)


def line(text: str = "", placeholder: str = "") -> QLineEdit:
    """A line of text."""
    field = QLineEdit(text)
    field.setPlaceholderText(placeholder)
    return field
