"""Rows of inputs of which there may be several, each with a button that leaves it out."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from desktop.widgets.buttons import FlatButton
from desktop.wizard.fields import INPUT_HEIGHT


class RemovableRow(QWidget):
    """Inputs side by side; `remove_words` say what the button at the end does.

    A subclass may put more inputs below them, into `lines`.
    """

    changed = Signal()
    removed = Signal()

    def __init__(self, remove_words: str) -> None:
        super().__init__()
        self.lines = QVBoxLayout(self)
        self.lines.setContentsMargins(0, 0, 0, 0)
        self.lines.setSpacing(8)
        remove = FlatButton("", "close", "quiet")
        remove.setToolTip(remove_words)
        remove.setAccessibleName(remove_words)
        remove.setAutoDefault(False)
        remove.clicked.connect(self.removed)
        self._first = self.new_line()
        self._first.addWidget(remove)

    def new_line(self) -> QHBoxLayout:
        """A further line of inputs."""
        line = QHBoxLayout()
        line.setSpacing(8)
        self.lines.addLayout(line)
        return line

    def add(self, field: QWidget, words: str, share: int, line: QHBoxLayout | None = None) -> None:
        """An input, called `words`, with its share of the width of its line: the first, unless
        another is given. Its changes are the row's.
        """
        field.setAccessibleName(words)
        field.setMinimumHeight(INPUT_HEIGHT)
        if line is None:
            self._first.insertWidget(self._first.count() - 1, field, share)
        else:
            line.addWidget(field, share)
        match field:
            case QComboBox():
                field.currentIndexChanged.connect(lambda _: self.changed.emit())
            case QSpinBox():
                field.valueChanged.connect(lambda _: self.changed.emit())
            case QLineEdit():
                field.textEdited.connect(lambda _: self.changed.emit())
            case _:
                raise TypeError(field)
