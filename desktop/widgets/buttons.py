"""Flat buttons: one primary a view, plain ones, quiet ones for bars, dangerous ones."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from desktop import theme

_ICON = 18


class FlatButton(QPushButton):
    """A button drawn from the palette: kind is primary, plain, quiet or danger."""

    def __init__(
        self, text: str = "", icon: str = "", kind: str = "plain", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._icon_name = icon
        self._kind = kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        if kind == "primary":
            self.setDefault(True)

    def set_icon_name(self, icon: str) -> None:
        """Show another icon."""
        self._icon_name = icon
        self.update()

    def sizeHint(self) -> QSize:
        """Text and icon with eight pixels around."""
        metrics = QFontMetrics(self.font())
        text = self.text().replace("&", "")
        width = metrics.horizontalAdvance(text) if text else 0
        padding = 12 if text else 7
        if self._icon_name:
            width += _ICON + (6 if text else 0)
        if self.menu() is not None and text:
            width += 16
        return QSize(width + 2 * padding, max(32, metrics.height() + 12))

    def minimumSizeHint(self) -> QSize:
        """Never smaller than its text."""
        return self.sizeHint()

    def _colours(self) -> tuple[str, str, str]:
        """Fill, frame and text colour; empty for none."""
        c = theme.colours()
        hover = self.isEnabled() and (self.underMouse() or self.isDown() or self.isChecked())
        if not self.isEnabled():
            frame = "" if self._kind == "quiet" else c.line
            return (c.raised if self._kind in ("primary", "danger") else "", frame, "")
        if self._kind == "primary":
            return (c.accent_hover if hover else c.accent, "", c.accent_text)
        if self._kind == "danger":
            return (c.error, "", c.base)
        if self._kind == "quiet":
            return (c.raised if hover else "", "", c.text)
        return (c.raised if hover else c.base, c.line, c.text)

    def paintEvent(self, _event: object) -> None:
        """Draw the button."""
        fill, frame, text_colour = self._colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.colour(frame), 1) if frame else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 5, 5)
        if self.hasFocus() and self.isEnabled():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(theme.colours().accent), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        self._paint_content(painter, text_colour)

    def _paint_content(self, painter: QPainter, text_colour: str) -> None:
        text = self.text()
        metrics = QFontMetrics(self.font())
        arrow = 16 if self.menu() is not None and text else 0
        content = (metrics.horizontalAdvance(text.replace("&", "")) if text else 0) + arrow
        if self._icon_name:
            content += _ICON + (6 if text else 0)
        x = (self.width() - content) // 2
        if self._icon_name:
            role = {"primary": "accent_text", "danger": "base"}.get(self._kind, "muted")
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            box = QRect(x, (self.height() - _ICON) // 2, _ICON, _ICON)
            theme.icon(self._icon_name, role).paint(
                painter, box, Qt.AlignmentFlag.AlignCenter, mode
            )
            x += _ICON + 6
        if text_colour:
            painter.setPen(theme.colour(text_colour))
        else:
            painter.setPen(
                self.palette().color(
                    self.palette().ColorGroup.Disabled, self.palette().ColorRole.ButtonText
                )
            )
        if text:
            box = self.rect().adjusted(x, 0, 0, 0)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(box, int(flags) | int(Qt.TextFlag.TextShowMnemonic), text)
        if arrow:
            right = QRect(self.width() - 12 - 14, (self.height() - 14) // 2, 14, 14)
            theme.icon("chevron-down").paint(painter, right)
