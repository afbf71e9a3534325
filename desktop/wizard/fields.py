"""Form fields of wizard and dialogs: a title, the input, and the reason when it does not fit."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.widgets.labels import Label

INPUT_HEIGHT = 32


class FormField(QWidget):
    """A title above an input, and below it a hint or, in its place, what is wrong."""

    def __init__(self, title: str, field: QWidget, hint: str = "") -> None:
        super().__init__()
        self.field = field
        self._hint = hint
        name = Label(title, "small")
        name.setBuddy(field)
        field.setAccessibleName(title)
        if not isinstance(field, QPlainTextEdit):
            field.setMinimumHeight(INPUT_HEIGHT)
        self._note = Label(hint, "muted")
        self._note.setVisible(bool(hint))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(name)
        layout.addWidget(field)
        layout.addWidget(self._note)

    def set_problem(self, text: str) -> None:
        """Show what is wrong with the value; an empty text means nothing."""
        self._note.set_role("error" if text else "muted")
        self._note.setText(text or self._hint)
        self._note.setVisible(bool(text or self._hint))
        self.field.setAccessibleDescription(text)

    def set_hint(self, text: str) -> None:
        """Show another hint."""
        self._hint = text
        self.set_problem("")


def line(text: str = "", placeholder: str = "") -> QLineEdit:
    """A line of text."""
    field = QLineEdit(text)
    field.setPlaceholderText(placeholder)
    return field
