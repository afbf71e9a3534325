"""Small corrections of the Fusion style: flat inputs and slim scroll bars in our palette."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOptionSlider, QWidget

from desktop import theme

_BAR = 12  # width of a scroll bar in pixels


class FlatStyle(QProxyStyle):
    """Fusion with flat frames. Used on Linux; Windows and macOS keep their native style."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def drawPrimitive(  # noqa: N802
        self, element: Any, option: Any, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draw line edits flat; leave the rest to Fusion."""
        if element == QStyle.PrimitiveElement.PE_PanelLineEdit:
            if getattr(option, "lineWidth", 1) > 0:
                self._draw_input(option, painter)
            return
        if element == QStyle.PrimitiveElement.PE_FrameFocusRect:
            c = theme.colours()
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour(c.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.restore()
            return
        if element == QStyle.PrimitiveElement.PE_Frame:
            self._draw_outline(option, painter)
            return
        if element == QStyle.PrimitiveElement.PE_IndicatorCheckBox:
            self._draw_mark(option, painter, is_round=False)
            return
        if element == QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            self._draw_mark(option, painter, is_round=True)
            return
        super().drawPrimitive(element, option, painter, widget)  # type: ignore[arg-type]

    def drawComplexControl(  # noqa: N802
        self, control: Any, option: Any, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draw scroll bars as a rounded thumb alone."""
        if control == QStyle.ComplexControl.CC_ScrollBar and isinstance(option, QStyleOptionSlider):
            self._draw_scroll_bar(option, painter, widget)
            return
        if control == QStyle.ComplexControl.CC_ComboBox and not getattr(option, "editable", True):
            self._draw_combo_box(option, painter)
            return
        super().drawComplexControl(control, option, painter, widget)  # type: ignore[arg-type]
        if control == QStyle.ComplexControl.CC_SpinBox:
            self._draw_outline(option, painter)

    def pixelMetric(  # noqa: N802
        self, metric: Any, option: Any = None, widget: QWidget | None = None
    ) -> int:
        """Slim scroll bars."""
        if metric == QStyle.PixelMetric.PM_ScrollBarExtent:
            return _BAR
        return super().pixelMetric(metric, option, widget)

    def subElementRect(  # noqa: N802
        self, element: Any, option: Any, widget: QWidget | None = None
    ) -> Any:
        """Room at both ends of line edits."""
        rect = super().subElementRect(element, option, widget)  # type: ignore[arg-type]
        if element == QStyle.SubElement.SE_LineEditContents:
            return rect.adjusted(5, 0, -5, 0)
        return rect

    def subControlRect(  # noqa: N802
        self, control: Any, option: Any, sub: Any, widget: QWidget | None = None
    ) -> Any:
        """Scroll bars without arrows: the thumb has the whole length."""
        if control == QStyle.ComplexControl.CC_ScrollBar and isinstance(option, QStyleOptionSlider):
            return self._scroll_rect(option, sub)
        return super().subControlRect(control, option, sub, widget)  # type: ignore[arg-type]

    def _draw_input(self, option: Any, painter: QPainter) -> None:
        c = theme.colours()
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.colour(c.base if enabled else c.window))
        painter.setPen(QPen(theme.colour(c.accent if focused else c.frame), 1))
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.restore()

    def _draw_outline(self, option: Any, painter: QPainter) -> None:
        c = theme.colours()
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(c.accent if focused else c.frame), 1))
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.restore()

    def _draw_combo_box(self, option: Any, painter: QPainter) -> None:
        self._draw_input(option, painter)
        rect = option.rect
        theme.icon("chevron-down").paint(
            painter, QRect(rect.right() - 22, rect.center().y() - 7, 16, 16)
        )

    def _draw_mark(self, option: Any, painter: QPainter, *, is_round: bool) -> None:
        """A check box or radio button: a frame; filled with the accent when it is on."""
        c = theme.colours()
        is_on = bool(option.state & QStyle.StateFlag.State_On)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        strong = theme.colour(c.accent if enabled else c.thumb)
        box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(strong if is_on else theme.colour(c.frame), 1))
        painter.setBrush(strong if is_on else theme.colour(c.base))
        if is_round:
            painter.drawEllipse(box)
        else:
            painter.drawRoundedRect(box, 3, 3)
        if is_on:
            painter.setPen(QPen(theme.colour(c.accent_text), 1.8))
            painter.setBrush(theme.colour(c.accent_text))
            self._draw_sign(painter, box, is_round=is_round)
        painter.restore()

    def _draw_sign(self, painter: QPainter, box: QRectF, *, is_round: bool) -> None:
        width, height = box.width(), box.height()
        if is_round:
            painter.drawEllipse(box.center(), width * 0.16, height * 0.16)
            return
        points = [(0.24, 0.52), (0.43, 0.70), (0.76, 0.32)]
        painter.drawPolyline(
            [QPointF(box.left() + x * width, box.top() + y * height) for x, y in points]
        )

    def _scroll_rect(self, option: QStyleOptionSlider, sub: Any) -> Any:
        o: Any = option
        rect: QRect = o.rect
        upright = o.orientation == Qt.Orientation.Vertical
        length = rect.height() if upright else rect.width()
        span = o.maximum - o.minimum
        thumb = length if span <= 0 else max(32, length * o.pageStep // (span + o.pageStep))
        thumb = min(thumb, length)
        place = QStyle.sliderPositionFromValue(
            o.minimum, o.maximum, o.sliderPosition, length - thumb, o.upsideDown
        )
        kind = QStyle.SubControl
        parts = {
            kind.SC_ScrollBarSlider: (place, thumb),
            kind.SC_ScrollBarGroove: (0, length),
            kind.SC_ScrollBarSubPage: (0, place),
            kind.SC_ScrollBarAddPage: (place + thumb, length - place - thumb),
        }
        start, size = parts.get(sub, (0, 0))
        if upright:
            return QRect(rect.left(), rect.top() + start, rect.width() if size else 0, size)
        return QRect(rect.left() + start, rect.top(), size, rect.height() if size else 0)

    def _draw_scroll_bar(
        self, option: QStyleOptionSlider, painter: QPainter, widget: QWidget | None
    ) -> None:
        o: Any = option
        if o.maximum <= o.minimum:
            return
        c = theme.colours()
        thumb = self._scroll_rect(option, QStyle.SubControl.SC_ScrollBarSlider)
        hovered = bool(o.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(c.muted if hovered else c.thumb))
        box = QRectF(thumb).adjusted(3, 3, -3, -3)
        painter.drawRoundedRect(box, 3, 3)
        painter.restore()
