"""Facts of a resource in two columns: name and value, each value copyable."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from desktop.widgets.labels import Label, copyable


class FactGrid(QWidget):
    """Shows (name, value) pairs in `columns` columns; keeps its labels when values change."""

    def __init__(self, columns: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self._names: list[Label] = []
        self._values: list[Label] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        for column in range(columns):
            self._grid.setColumnStretch(column * 2 + 1, 1)

    def set_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show these; a value of several lines is kept so."""
        while len(self._names) < len(facts):
            self._add_row()
        rows = -(-len(facts) // self._columns)
        for index, (name, value) in enumerate(facts):
            column, row = divmod(index, max(1, rows))
            self._grid.addWidget(self._names[index], row, column * 2, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(
                self._values[index], row, column * 2 + 1, Qt.AlignmentFlag.AlignTop
            )
            self._names[index].setText(name)
            if self._values[index].text() != (value or "–"):
                self._values[index].setText(value or "–")
        for index in range(len(self._names)):
            self._names[index].setVisible(index < len(facts))
            self._values[index].setVisible(index < len(facts))

    def _add_row(self) -> None:
        name = Label("", "small")
        name.setWordWrap(False)
        value = copyable("", "table")
        value.setWordWrap(True)
        value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._names.append(name)
        self._values.append(value)
