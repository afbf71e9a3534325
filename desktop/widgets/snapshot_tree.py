"""Draws snapshot trees: a row for each snapshot, with lines that say what stands on what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from appliance.protocol.snapshots import Snapshot, SnapshotStatus
from desktop import texts, theme
from desktop.models.snapshot_rows import TreeRow
from desktop.texts import translate
from desktop.widgets.state import look_of, paint_shape

HEIGHT, HEAD_HEIGHT = 44, 36
LANE, LEFT = 22.0, 26.0
ROW = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


def title_of(row: TreeRow) -> str:
    """What a row is called."""
    if row.is_head:
        return row.volume.name
    return row.snapshot.name if row.snapshot else translate("Snapshots", "You are here")


def detail_of(row: TreeRow) -> str:
    """What is said of a row in small letters."""
    if row.is_head:
        kind = texts.word(f"volume.kind.{row.volume.kind}")
        return f"{kind}, {texts.size(row.volume.size_bytes)}"
    one = row.snapshot
    if one is None:
        if row.volume.snapshot_id is None:
            return translate("Snapshots", "The volume as it is now, without any snapshot below it")
        return translate("Snapshots", "The volume as it is now")
    if one.status is not SnapshotStatus.READY:
        return texts.word(f"snapshot.status.{one.status.value}")
    words = [texts.minute(one.created_at), texts.size(one.used_bytes)]
    if one.is_quiesced:
        words.append(translate("Snapshots", "file systems were frozen"))
    return "  ·  ".join(words)


class _Rows(QAbstractListModel):
    """The rows as a list."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[TreeRow] = []

    def rowCount(self, parent: Index = _NO_PARENT) -> int:  # noqa: N802 Qt's name
        """How many there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself, and its words for those who cannot see the lines."""
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{title_of(row)}, {detail_of(row)}"
        if role == Qt.ItemDataRole.ToolTipRole and row.snapshot is not None:
            return row.snapshot.description or None
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only snapshots can be chosen."""
        row = self.rows[index.row()]
        if row.snapshot is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def replace(self, rows: Sequence[TreeRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()


class _Painter(QStyledItemDelegate):
    """Lines, circle and words of one row."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Rows have one height, names of volumes less."""
        row: TreeRow = index.data(ROW)
        return QSize(320, HEAD_HEIGHT if row.is_head else HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it."""
        row: TreeRow = index.data(ROW)
        box: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, theme.colour(theme.colours().selection))
        if row.is_head:
            self._head(painter, row, box)
        else:
            self._lines(painter, row, box)
            self._mark(painter, row, box)
            self._words(painter, row, box)
        painter.restore()

    def _head(self, painter: QPainter, row: TreeRow, box: QRect) -> None:
        colours = theme.colours()
        painter.fillRect(box, theme.colour(colours.raised))
        inner = QRectF(box).adjusted(16, 0, -16, 0)
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.colour(colours.text))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, row.volume.name)
        width = QFontMetrics(painter.font()).horizontalAdvance(row.volume.name) + 16
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour(colours.muted))
        rest = inner.adjusted(width, 0, 0, 0)
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, detail_of(row))

    def _lines(self, painter: QPainter, row: TreeRow, box: QRect) -> None:
        top, middle, bottom = box.top(), box.center().y() + 0.5, box.bottom() + 1
        own = _x(box, row.lane)
        pen = QPen(theme.colour(theme.colours().frame), 2)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for lane in row.through:
            painter.drawLine(QPointF(_x(box, lane), top), QPointF(_x(box, lane), bottom))
        if row.branch_from is not None:
            from_x = _x(box, row.branch_from)
            path = QPainterPath(QPointF(from_x, top))
            path.cubicTo(QPointF(from_x, middle), QPointF(from_x, middle), QPointF(own, middle))
            painter.drawPath(path)
        if row.snapshot is None:
            pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
        if row.comes_from_above:
            painter.drawLine(QPointF(own, top), QPointF(own, middle))
        if row.goes_on:
            painter.drawLine(QPointF(own, middle), QPointF(own, bottom))

    def _mark(self, painter: QPainter, row: TreeRow, box: QRect) -> None:
        colours = theme.colours()
        centre = QPointF(_x(box, row.lane), box.center().y() + 0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(colours.base))
        painter.drawEllipse(centre, 8, 8)
        if row.snapshot is None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(colours.accent), 2.4))
            painter.drawEllipse(centre, 6, 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(colours.accent))
            painter.drawEllipse(centre, 2.5, 2.5)
            return
        paint_shape(painter, centre, look_of("snapshot", row.snapshot.status.value).role, size=12)

    def _words(self, painter: QPainter, row: TreeRow, box: QRect) -> None:
        colours = theme.colours()
        used = (row.lane, *row.through)
        left = _x(box, max(used)) + 20
        inner = QRectF(left, box.top() + 4, box.right() - left - 16, box.height() - 8)
        is_faint = row.snapshot is not None and row.snapshot.status is SnapshotStatus.HIDDEN
        font = theme.font("body" if is_faint else "strong")
        painter.setFont(font)
        plain = colours.muted if is_faint else colours.text
        painter.setPen(theme.colour(colours.accent if row.snapshot is None else plain))
        upper = QRectF(inner.left(), inner.top(), inner.width(), inner.height() / 2)
        tag = _tag(row.snapshot)
        room = int(inner.width()) - (_tag_width(tag) if tag else 0)
        title = QFontMetrics(font).elidedText(title_of(row), Qt.TextElideMode.ElideRight, room)
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter, title)
        if tag:
            self._tag(painter, tag, upper, QFontMetrics(font).horizontalAdvance(title) + 8)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour(colours.muted))
        lower = upper.translated(0, upper.height())
        metrics = QFontMetrics(painter.font())
        words = metrics.elidedText(detail_of(row), Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, words)

    def _tag(self, painter: QPainter, tag: str, upper: QRectF, left: float) -> None:
        """A snapshot of all disks of a machine has a mark."""
        colours = theme.colours()
        painter.setFont(theme.font("small"))
        width = QFontMetrics(painter.font()).horizontalAdvance(tag) + 12
        box = QRectF(upper.left() + left, upper.center().y() - 8, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(colours.raised))
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(theme.colour(colours.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag)


class SnapshotTree(QListView):
    """The trees of one or several volumes. One snapshot can be chosen."""

    chosen = Signal()
    menu_wanted = Signal(object)
    """A menu that is to be filled with what can be done."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = _Rows(self)
        self.setModel(self._rows)
        self.setItemDelegate(_Painter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(translate("Snapshots", "Snapshots"))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())

    def show_rows(self, rows: Sequence[TreeRow]) -> None:
        """Show other rows; what was chosen stays so, and the view where it was."""
        if list(rows) == self._rows.rows:
            return
        kept = [one.id for one in self.selected()]
        place = self.verticalScrollBar().value()
        self._rows.replace(rows)
        for ref in kept:
            self.select(ref)
        self.verticalScrollBar().setValue(place)
        self.chosen.emit()

    def rows(self) -> list[TreeRow]:
        """What is shown."""
        return list(self._rows.rows)

    def select(self, ref: str) -> None:
        """Choose the snapshot with this id if it is there."""
        for place, row in enumerate(self._rows.rows):
            if row.snapshot is not None and row.id == ref:
                self.setCurrentIndex(self._rows.index(place))

    def selected(self) -> list[Snapshot]:
        """The snapshot that is chosen, if one is."""
        found = (index.data(ROW).snapshot for index in self.selectedIndexes())
        return [one for one in found if one is not None]

    def _open_menu(self, where: QPoint) -> None:
        if not self.selected():
            return
        menu = QMenu(self)
        self.menu_wanted.emit(menu)
        menu.popup(self.viewport().mapToGlobal(where))


def _x(box: QRect, lane: int) -> float:
    return box.left() + LEFT + lane * LANE


def _tag(snapshot: Snapshot | None) -> str:
    is_of_all = snapshot is not None and snapshot.group_id
    return translate("Snapshots", "all disks") if is_of_all else ""


def _tag_width(tag: str) -> int:
    return QFontMetrics(theme.font("small")).horizontalAdvance(tag) + 24
