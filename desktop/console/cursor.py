"""The mouse pointer over the console: the guest's own shape, or a dot that is never lost."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QCursor, QImage, QPainter, QPixmap

from desktop.console.rfb.events import CursorChanged

MAX_SIDE_PIXELS = 128


def dot_cursor(pixel_ratio: float) -> QCursor:
    """A small dot, for guests that draw their pointer themselves or show none."""
    side = round(7 * pixel_ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(pixel_ratio, pixel_ratio)
    painter.setPen(QColor(255, 255, 255))
    painter.setBrush(QColor(0, 0, 0))
    painter.drawEllipse(1, 1, 5, 5)
    painter.end()
    pixmap.setDevicePixelRatio(pixel_ratio)
    return QCursor(pixmap, 3, 3)


def guest_cursor(shape: CursorChanged, scale: float, pixel_ratio: float) -> QCursor:
    """The guest's pointer, enlarged with the picture in whole steps and never shrunk.

    `scale`: device pixels for one guest pixel; `pixel_ratio`: device pixels for a logical one.
    """
    if shape.pixels is None:
        return dot_cursor(pixel_ratio)
    height, width = shape.pixels.shape[:2]
    image = QImage(
        shape.pixels.tobytes(), width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied
    )
    factor = max(1, int(scale))
    while factor > 1 and max(width, height) * factor > MAX_SIDE_PIXELS * pixel_ratio:
        factor -= 1
    pixmap = QPixmap.fromImage(image.scaled(width * factor, height * factor))
    pixmap.setDevicePixelRatio(pixel_ratio)
    return QCursor(
        pixmap,
        int(shape.hot_x * factor / pixel_ratio),
        int(shape.hot_y * factor / pixel_ratio),
    )
