"""A field of operation patterns, one on a line; they can be typed, or chosen from a list."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QCompleter, QPlainTextEdit, QVBoxLayout, QWidget

from appliance.protocol.operations import OPERATIONS, Access
from desktop.operation_titles import operation_title
from desktop.texts import translate
from desktop.wizard.fields import INPUT_HEIGHT, FormField
from desktop.wizard.page import StepPage

HEIGHT = 88


def offered() -> list[tuple[str, str]]:
    """(words, pattern) of what can be chosen: everything of a kind, then single operations."""
    nouns = dict.fromkeys(
        spec.noun for spec in OPERATIONS.values() if spec.access in (Access.TENANT, Access.ADMIN)
    )
    found = [("*.list", "*.list"), ("*.get", "*.get")]
    for noun in nouns:
        found.append((f"{noun}.*", f"{noun}.*"))
        found += [
            (f"{name}  {operation_title(name)}", name)
            for name, spec in OPERATIONS.items()
            if spec.noun == noun and spec.access in (Access.TENANT, Access.ADMIN)
        ]
    return found


class PatternField(QWidget):
    """The lines, and above them a list that adds to them."""

    def __init__(self) -> None:
        super().__init__()
        self.choice = QComboBox()
        self.choice.setEditable(True)
        self.choice.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.choice.setMinimumHeight(INPUT_HEIGHT)
        self.choice.setAccessibleName(translate("Patterns", "Add an operation"))
        for words, pattern in offered():
            self.choice.addItem(words, pattern)
        completer = self.choice.completer() or QCompleter(self.choice.model(), self.choice)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self._empty()
        self.lines = QPlainTextEdit()
        self.lines.setFixedHeight(HEIGHT)
        self.lines.setTabChangesFocus(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.choice)
        column.addWidget(self.lines)
        self.choice.activated.connect(self._add)
        self.setFocusProxy(self.choice)

    def patterns(self) -> list[str]:
        """What the lines say."""
        return self.lines.toPlainText().split()

    def set_patterns(self, patterns: list[str]) -> None:
        """Show these."""
        self.lines.setPlainText("\n".join(patterns))

    def _add(self, place: int) -> None:
        pattern = self.choice.itemData(place)
        if pattern and pattern not in self.patterns():
            self.set_patterns([*self.patterns(), pattern])
        self._empty()

    def _empty(self) -> None:
        self.choice.setCurrentIndex(-1)
        line = self.choice.lineEdit()
        if line is not None:
            line.clear()
            line.setPlaceholderText(translate("Patterns", "Add an operation …"))


def add_patterns(form: StepPage, key: str, title: str, hint: str) -> PatternField:
    """Add a titled field of patterns to a form."""
    field = PatternField()
    field.lines.textChanged.connect(form.touched)
    form.add_field(key, FormField(title, field, hint))
    return field
