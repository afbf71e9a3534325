"""The rail at the wizard's left: all steps, which are done, and where one is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop import theme

ROW = 44
CIRCLE = 24
LEFT = 24


class Rail(QWidget):
    """A column of numbered steps. Steps that are done, and the next one, can be clicked."""

    chosen = Signal(int)

    def __init__(self, titles: list[str]) -> None:
        super().__init__()
        self._titles = titles
        self._done: set[int] = set()
        self._current = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(", ".join(titles))

    def show_place(self, current: int, done: set[int]) -> None:
        """Mark where one is and what is done."""
        self._current, self._done = current, done
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for the longest title."""
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(title) for title in self._titles)
        return QSize(max(200, LEFT + CIRCLE + 12 + widest + 24), 0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go back to a step that is done."""
        row = int((event.position().y() - 24) // ROW)
        if row in self._done or row == self._current:
            self.chosen.emit(row)

    def paintEvent(self, _event: object) -> None:
        """Draw circles, connecting lines and titles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c = theme.colours()
        painter.fillRect(self.rect(), theme.colour(c.raised))
        for index, title in enumerate(self._titles):
            self._paint_row(painter, index, title)

    def _mark(self, index: int) -> str:
        """Steps have numbers; start and end have none."""
        return "•" if index in (0, len(self._titles) - 1) else str(index)

    def _paint_row(self, painter: QPainter, index: int, title: str) -> None:
        c = theme.colours()
        top = 24 + index * ROW
        circle = QRectF(LEFT, top + (ROW - CIRCLE) / 2, CIRCLE, CIRCLE)
        if index + 1 < len(self._titles):
            painter.setPen(QPen(theme.colour(c.line), 2))
            x = int(circle.center().x())
            painter.drawLine(x, int(circle.bottom()) + 3, x, top + ROW + 7)
        is_done, is_here = index in self._done, index == self._current
        fill = c.accent if is_here else c.ok if is_done else c.base
        painter.setPen(QPen(theme.colour(fill if is_here or is_done else c.line), 1.5))
        painter.setBrush(theme.colour(fill))
        painter.drawEllipse(circle)
        painter.setPen(theme.colour(c.base if is_here or is_done else c.muted))
        painter.setFont(theme.font("small"))
        mark = "✓" if is_done and not is_here else self._mark(index)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, mark)
        painter.setFont(theme.font("strong" if is_here else "body"))
        painter.setPen(theme.colour(c.text if is_here or is_done else c.muted))
        box = QRectF(circle.right() + 12, top, self.width() - circle.right() - 16, ROW)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, title)
