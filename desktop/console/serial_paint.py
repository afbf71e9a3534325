"""Draws the cells of a terminal."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter
from pyte.screens import Char

from desktop.console.terminal import Row

BACKGROUND = "#14171a"
FOREGROUND = "#d6dae0"
SELECTION = "#2f5d9c"
FIXED_FONTS = ("Cascadia Mono", "Menlo", "Consolas", "JetBrains Mono", "DejaVu Sans Mono")
CJK_FONTS = ("Noto Sans Mono CJK SC", "Microsoft YaHei UI", "PingFang SC", "Noto Sans CJK SC")
_NAMED = {
    "black": ("#14171a", "#6b7480"),
    "red": ("#e0626a", "#ff8087"),
    "green": ("#5fbf7f", "#7fdc9e"),
    "brown": ("#d0a24c", "#f0c674"),
    "yellow": ("#d0a24c", "#f0c674"),
    "blue": ("#5a9bea", "#82b8ff"),
    "magenta": ("#b98ae0", "#d3adf5"),
    "cyan": ("#4fb8c4", "#7adbe6"),
    "white": ("#c5cad1", "#f4f6f8"),
}
BLANK = Char(" ")


@cache
def colour(name: str, is_bright: bool, default: str) -> QColor:
    """The colour pyte calls `name`: a name, `bright…`, or six hex digits."""
    if name == "default":
        return QColor(default)
    if name.startswith("bright"):
        name, is_bright = name.removeprefix("bright"), True
    if name in _NAMED:
        return QColor(_NAMED[name][is_bright])
    return QColor(f"#{name}") if len(name) == 6 else QColor(default)


class CellPainter:
    """Knows the font and the size of a cell."""

    def __init__(self, size_points: float) -> None:
        font = QFont()
        font.setFamilies(_families())
        font.setPointSizeF(size_points)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setKerning(False)
        self._fonts = {}
        for is_bold in (False, True):
            for is_italic in (False, True):
                variant = QFont(font)
                variant.setBold(is_bold)
                variant.setItalic(is_italic)
                self._fonts[is_bold, is_italic] = variant
        metrics = QFontMetricsF(font)
        self.cell_width = metrics.horizontalAdvance("M" * 100) / 100
        self.cell_height = float(round(metrics.lineSpacing()))
        self._ascent = metrics.ascent()

    def draw_row(
        self,
        painter: QPainter,
        row: Row,
        y: float,
        columns: int,
        selected: range,
        left: float = 0.0,
    ) -> None:
        """Draw one row at height `y`; `selected` are the columns marked by the user."""
        start = 0
        while start < columns:
            char = row.get(start, BLANK)
            is_selected = start in selected
            end = start + 1
            while (
                end < columns
                and (end in selected) == is_selected
                and _same_look(char, row.get(end, BLANK))
            ):
                end += 1
            self._draw_run(painter, row, char, start, end, y, is_selected, left)
            start = end

    def _draw_run(
        self,
        painter: QPainter,
        row: Row,
        look: Char,
        start: int,
        end: int,
        y: float,
        is_selected: bool,
        left: float,
    ) -> None:
        front = colour(look.fg, look.bold, FOREGROUND)
        back = colour(look.bg, False, BACKGROUND)
        if look.reverse:
            front, back = back, front
        if is_selected:
            front, back = QColor(FOREGROUND), QColor(SELECTION)
        x = left + start * self.cell_width
        width = (end - start) * self.cell_width
        if back.name() != BACKGROUND:
            painter.fillRect(QRectF(x, y, width, self.cell_height), back)
        painter.setPen(front)
        painter.setFont(self._fonts[look.bold, look.italics])
        self._draw_text(painter, row, start, end, y, left)
        if look.underscore:
            line = y + self._ascent + 2
            painter.drawLine(QPointF(x, line), QPointF(x + width, line))
        if look.strikethrough:
            line = y + self.cell_height / 2
            painter.drawLine(QPointF(x, line), QPointF(x + width, line))

    def _draw_text(
        self, painter: QPainter, row: Row, start: int, end: int, y: float, left: float
    ) -> None:
        """Narrow characters in one go, wide ones each in its own two cells."""
        text = ""
        first = start
        for column in range(start, end + 1):
            data = row.get(column, BLANK).data if column < end else ""
            if column < end and data and data < "\u1100":
                text += data
                continue
            if text.strip():
                origin = QPointF(left + first * self.cell_width, y + self._ascent)
                painter.drawText(origin, text)
            text, first = "", column + 1
            if column < end and data:
                painter.drawText(QPointF(left + column * self.cell_width, y + self._ascent), data)

    def draw_cursor(
        self, painter: QPainter, row: Row, place: tuple[int, float], left: float, *, is_solid: bool
    ) -> None:
        """Draw the cursor at (column, height): a block, or a frame without the focus."""
        column, y = place
        char = row.get(column, BLANK)
        wide = 2 if row.get(column + 1, BLANK).data == "" else 1
        x = left + column * self.cell_width
        box = QRectF(x, y, self.cell_width * wide, self.cell_height)
        if not is_solid:
            painter.setPen(QColor(FOREGROUND))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        painter.fillRect(box, QColor(FOREGROUND))
        painter.setPen(QColor(BACKGROUND))
        painter.setFont(self._fonts[char.bold, char.italics])
        painter.drawText(QPointF(x, y + self._ascent), char.data)


def _families() -> list[str]:
    """A good fixed font of this machine, then fonts for the characters it lacks."""
    known = set(QFontDatabase.families())
    fixed = [name for name in FIXED_FONTS if name in known][:1]
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    return [*fixed, system, *CJK_FONTS]


def _same_look(one: Char, other: Char) -> bool:
    return one[1:] == other[1:]
