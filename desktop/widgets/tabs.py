"""A row of flat tabs: words, the chosen one underlined in the accent colour."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from desktop import theme


class _Tab(QPushButton):
    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 24, metrics.height() + 16)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: object) -> None:
        c = theme.colours()
        painter = QPainter(self)
        strong = self.isChecked() or self.underMouse()
        painter.setPen(theme.colour(c.text if strong else c.muted))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())
        if self.isChecked() or self.hasFocus():
            line = self.rect().adjusted(8, self.height() - 2, -8, 0)
            painter.fillRect(line, theme.colour(c.accent if self.isChecked() else c.muted))


class TabRow(QWidget):
    """The tabs; `chosen` carries the index of the one that was pressed."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._group.idToggled.connect(lambda index, on: self.chosen.emit(index) if on else None)

    def add(self, title: str) -> None:
        """Add a tab at the right; the first is chosen."""
        tab = _Tab(title)
        index = len(self._group.buttons())
        self._group.addButton(tab, index)
        self._layout.addWidget(tab)
        if index == 0:
            tab.setChecked(True)

    def choose(self, index: int) -> None:
        """Show a tab."""
        self._group.button(index).setChecked(True)
