"""The product's mark, drawn from assets/brand."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_FILE = Path(__file__).resolve().parents[1] / "brand" / "mark.svg"


def mark(size: int, ratio: float = 1.0) -> QPixmap:
    """The mark as a square pixmap of `size` logical pixels."""
    pixels = QPixmap(int(size * ratio), int(size * ratio))
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    QSvgRenderer(str(_FILE)).render(painter)
    painter.end()
    pixels.setDevicePixelRatio(ratio)
    return pixels


def window_icon() -> QIcon:
    """The icon of windows and task bar."""
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(mark(size))
    return icon
