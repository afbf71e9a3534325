"""Capacity bars: how much of something is used, with words beside the picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from desktop import theme
from desktop.widgets.labels import Label


def paint_bar(painter: QPainter, box: QRectF, fraction: float, role: str = "") -> None:
    """Draw a bar filled to `fraction`; amber from 80 %, red from 95 % unless `role` is given."""
    c = theme.colours()
    fraction = min(1.0, max(0.0, fraction))
    if not role:
        role = "error" if fraction >= 0.95 else "warn" if fraction >= 0.8 else "accent"
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = box.height() / 2
    painter.setBrush(theme.colour(c.track))
    painter.drawRoundedRect(box, radius, radius)
    if fraction > 0:
        filled = QRectF(box)
        filled.setWidth(max(box.height(), box.width() * fraction))
        painter.setBrush(theme.colour(getattr(c, role)))
        painter.drawRoundedRect(filled, radius, radius)
    painter.restore()


class Bar(QWidget):
    """The bar alone, 6 pixels high."""

    def __init__(self, parent: QWidget | None = None, height: int = 6) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self._role = ""
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_fraction(self, fraction: float, role: str = "") -> None:
        """Fill to `fraction` from 0 to 1."""
        if (fraction, role) != (self._fraction, self._role):
            self._fraction, self._role = fraction, role
            self.update()

    def sizeHint(self) -> QSize:
        """A modest width, to be stretched."""
        return QSize(120, self.height())

    def paintEvent(self, _event: object) -> None:
        """Draw the bar."""
        paint_bar(QPainter(self), QRectF(self.rect()), self._fraction, self._role)


class CapacityBar(QWidget):
    """A title, `used of total`, and the bar below."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = Label(title, "strong")
        self._words = Label("", "table")
        self._bar = Bar()
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self._bar)

    def set_values(self, fraction: float, words: str) -> None:
        """Show the fraction used, and the same in words."""
        self._bar.set_fraction(fraction)
        self._words.setText(words)
        self.setAccessibleName(f"{self._title.text()}: {words}")


class ThinProgress(QProgressBar):
    """Progress in a line of 6 pixels; unknown progress moves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextVisible(False)
        self.setFixedHeight(6)
        self.setRange(0, 100)

    def paintEvent(self, _event: object) -> None:
        """Draw it like every other bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        span = self.maximum() - self.minimum()
        paint_bar(painter, QRectF(self.rect()), self.value() / span if span else 0.5, "accent")
        painter.setPen(Qt.PenStyle.NoPen)
