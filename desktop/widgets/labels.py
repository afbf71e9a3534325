"""Labels in the client's text sizes, whose text can be selected and copied."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from desktop import theme


class Label(QLabel):
    """A label of one role: body, title, strong, small, muted, figure, mono, warn or error."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role in ("muted", "error", "warn", "body"):
            self.setWordWrap(role != "body")
        self._restyle()

    def set_role(self, role: str) -> None:
        """Show the text in another role from now on."""
        self._role = role
        self._restyle()

    def _restyle(self) -> None:
        self.setFont(theme.font(self._role))
        c = theme.colours()
        value = {
            "muted": c.muted,
            "small": c.muted,
            "error": c.error,
            "warn": c.warn,
            "ok": c.ok,
        }.get(self._role, c.text)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme.colour(value))
        self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the colour scheme."""
        if event.type() == QEvent.Type.ApplicationPaletteChange:
            self._restyle()
        super().changeEvent(event)


class Elided(QWidget):
    """One line of small or body text that is cut with … when there is too little room."""

    def __init__(self, text: str = "", role: str = "body", least: int = 48) -> None:
        super().__init__()
        self._text = text
        self._role = role
        self._least = least
        self.setFont(theme.font(role))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:  # noqa: N802 - like QLabel
        """Show other words."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def text(self) -> str:
        """The whole words, cut or not."""
        return self._text

    def sizeHint(self) -> QSize:
        """Room for all words."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Room for some of the words."""
        hint = self.sizeHint()
        return QSize(min(self._least, hint.width()), hint.height())

    def paintEvent(self, _event: object) -> None:
        """Draw the words, cut at the right."""
        c = theme.colours()
        painter = QPainter(self)
        painter.setPen(theme.colour(c.muted if self._role == "small" else c.text))
        shown = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), shown)
        self.setToolTip(self._text if shown != self._text else "")


def label(text: str = "", role: str = "body") -> Label:
    """A label of `role`."""
    return Label(text, role)


def copyable(text: str = "", role: str = "body") -> Label:
    """A label whose text can be selected with mouse and keyboard."""
    result = Label(text, role)
    result.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return result


class Line(QFrame):
    """A hairline between regions."""

    def __init__(self, *, vertical: bool = False) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        if vertical:
            self.setFixedWidth(1)
            self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        else:
            self.setFixedHeight(1)
        self._restyle()

    def _restyle(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, theme.colour(theme.colours().line))
        self.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the colour scheme."""
        if event.type() == QEvent.Type.ApplicationPaletteChange:
            self._restyle()
        super().changeEvent(event)


class Surface(QFrame):
    """A region with a background of its own: base, raised or window; `is_card` adds a frame."""

    def __init__(
        self, kind: str = "base", *, is_card: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self._is_card = is_card

    def paintEvent(self, _event: object) -> None:
        """Fill, and draw the frame of a card."""
        c = theme.colours()
        painter = QPainter(self)
        fill = theme.colour(getattr(c, self._kind))
        if not self._is_card:
            painter.fillRect(self.rect(), fill)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(fill)
        painter.setPen(QPen(theme.colour(c.line), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
