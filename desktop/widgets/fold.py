"""A part of a form that is folded until it is wanted; folded, it says what was chosen in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Elided, Line


class Fold(QWidget):
    """A line with a title that opens what is below it."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self.content = content
        self.button = FlatButton(title, "chevron-right", "quiet")
        self.button.setCheckable(True)
        self.button.setAutoDefault(False)
        self._summary = Elided("", "small", least=24)
        keeps_its_place = self._summary.sizePolicy()
        keeps_its_place.setRetainSizeWhenHidden(True)
        self._summary.setSizePolicy(keeps_its_place)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        head.addWidget(self.button)
        head.addWidget(self._summary, 1, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(Line())
        layout.addLayout(head)
        layout.addWidget(content)
        content.setContentsMargins(8, 0, 0, 8)
        content.hide()
        self.button.toggled.connect(self._toggled)

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self.button.isChecked()

    def open(self) -> None:
        """Show the content."""
        self.button.setChecked(True)

    def set_summary(self, words: str) -> None:
        """What the part says, to be read while it is folded."""
        self._summary.setText(words)

    def summary(self) -> str:
        """What is read while it is folded."""
        return self._summary.text()

    def _toggled(self, is_open: bool) -> None:
        self.button.set_icon_name("chevron-down" if is_open else "chevron-right")
        self._summary.setVisible(not is_open)
        self.content.setVisible(is_open)
