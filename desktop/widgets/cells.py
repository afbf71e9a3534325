"""How tables are drawn: a flat header, and cells with states as shape and word."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from desktop import theme
from desktop.models.table_model import FRACTION_ROLE, STATE_ROLE
from desktop.widgets import state
from desktop.widgets.bars import paint_bar

_PAD = 10
_EDGE = 16  # left of the first column, in line with the page's margin


class Header(QHeaderView):
    """A flat header: small muted titles, an arrow on the sorted column, one line below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsMovable(True)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSortIndicatorShown(True)
        self.setSortIndicatorClearable(True)
        self.setMinimumSectionSize(48)
        self.setFixedHeight(32)
        self.setFont(theme.font("small"))

    def paintSection(self, painter: QPainter, rect: QRect, index: int) -> None:  # noqa: N802
        """Draw one title."""
        c = theme.colours()
        painter.save()
        painter.fillRect(rect, theme.colour(c.base))
        painter.setPen(QPen(theme.colour(c.line), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        model = self.model()
        title = str(model.headerData(index, Qt.Orientation.Horizontal) or "")
        is_sorted = self.sortIndicatorSection() == index
        painter.setPen(theme.colour(c.text if is_sorted else c.muted))
        painter.setFont(self.font())
        flags = model.headerData(
            index, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole
        )
        box = rect.adjusted(_EDGE if self.visualIndex(index) == 0 else _PAD, 0, -_PAD, 0)
        arrow = 16 if is_sorted else 0
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, box.width() - arrow)
        right = bool(flags & Qt.AlignmentFlag.AlignRight) if flags is not None else False
        text_box = box.adjusted(0, 0, -arrow, 0) if right else box
        painter.drawText(
            text_box,
            int(Qt.AlignmentFlag.AlignVCenter)
            | int(Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft),
            shown,
        )
        if is_sorted:
            down = self.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
            x = box.right() - 12 if right else box.left() + metrics.horizontalAdvance(shown) + 2
            theme.icon("menu-down" if down else "menu-up", "text").paint(
                painter, QRect(x, box.center().y() - 8, 16, 16)
            )
        painter.restore()


class CellDelegate(QStyledItemDelegate):
    """Draws cells: states as shape and word, fractions as bars, the rest as text."""

    def _first_left(self) -> int:
        view = self.parent()
        assert isinstance(view, QTableView)
        return -view.horizontalScrollBar().value()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one cell."""
        c = theme.colours()
        # PySide's stubs know no fields of option classes.
        rect: QRect = option.rect  # type: ignore[attr-defined]
        flags: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        selected = bool(flags & QStyle.StateFlag.State_Selected)
        hovered = bool(flags & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            painter.fillRect(rect, theme.colour(c.selection if selected else c.window))
        painter.setPen(theme.colour(c.line))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        shown = index.data(Qt.ItemDataRole.DisplayRole) or ""
        left = _EDGE if rect.left() <= self._first_left() else _PAD
        box = rect.adjusted(left, 0, -_PAD, 0)
        colour = c.text
        pair = index.data(STATE_ROLE)
        if pair is not None:
            look = state.look_of(*pair)
            centre = QPointF(box.left() + 6, rect.center().y() + 0.5)
            state.paint_shape(painter, centre, look.role)
            box.setLeft(box.left() + 20)
            colour = look.colour
        bar_of = index.data(FRACTION_ROLE)
        if bar_of is not None:
            bar = QRectF(box.left(), rect.bottom() - 8, box.width(), 3)
            paint_bar(painter, bar, *bar_of)
            box.setBottom(box.bottom() - 6)
        painter.setPen(theme.colour(colour))
        view: Any = option.widget  # type: ignore[attr-defined]
        if view is not None:
            painter.setFont(view.font())
        text = painter.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(index.data(Qt.ItemDataRole.TextAlignmentRole)), text)
