"""The paths between hosts as a matrix: a row for who sends, a column for who should hear it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from appliance.protocol.paths import NetworkPaths, Path
from desktop import theme
from desktop.texts import translate
from desktop.widgets.state import ERROR, RUNNING, WARN, paint_shape

CELL_WIDTH, CELL_HEIGHT = 64, 28
NARROW_WIDTH, NARROW_FROM = 48, 13  # hosts, so that twenty fit a window
NAMES_WIDTH = 144
ROLES = {"works": RUNNING, "small": WARN, "silent": ERROR}
Index = QModelIndex | QPersistentModelIndex


def short_words(path: Path) -> str:
    """How a path is, in a cell: milliseconds, bytes, or that nothing arrives."""
    if path.state == "silent":
        return translate("Paths", "none")
    if path.state == "small":
        return str(path.max_bytes)
    return "" if path.round_trip_us is None else f"{path.round_trip_us / 1000:.1f}"


def path_words(path: Path, mtu: int) -> str:
    """How a path is, in a sentence."""
    if path.state == "silent":
        words = translate("Paths", "{source} → {target}: nothing arrives.")
    elif path.state == "small":
        words = translate(
            "Paths",
            "{source} → {target}: frames of up to {size} bytes arrive, and {mtu} are wanted.",
        )
    elif path.round_trip_us is None:
        words = translate("Paths", "{source} → {target}: everything arrives, but no answers.")
    else:
        words = translate(
            "Paths", "{source} → {target}: everything arrives, there and back {ms} ms."
        )
    return words.format(
        source=path.from_host_name,
        target=path.to_host_name,
        size=path.max_bytes,
        mtu=mtu,
        ms=f"{(path.round_trip_us or 0) / 1000:.2f}",
    )


class PathModel(QAbstractTableModel):
    """The matrix of one probe; hosts that took no part are left out."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._paths: dict[tuple[int, int], Path] = {}
        self._mtu = 0

    def show(self, found: NetworkPaths) -> None:
        """Show what a probe found."""
        self.beginResetModel()
        hosts = [host for host in found.hosts if host.limit_bytes is not None]
        place = {host.host_id: number for number, host in enumerate(hosts)}
        self._names = [host.host_name for host in hosts]
        self._paths = {
            (place[path.from_host_id], place[path.to_host_id]): path for path in found.paths
        }
        self._mtu = found.mtu
        self.endResetModel()

    def path(self, index: Index) -> Path | None:
        """The path of a cell; none from a host to itself."""
        return self._paths.get((index.row(), index.column()))

    def words(self, index: Index) -> str:
        """A cell in a sentence."""
        path = self.path(index)
        return path_words(path, self._mtu) if path is not None else ""

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802
        """One for each host that took part."""
        return len(self._names)

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: N802
        """The same."""
        return len(self._names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Short words, and the sentence for pointers and screen readers."""
        path = self.path(index)
        if path is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return short_words(path)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.words(index)
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names beside the rows, their numbers above the columns."""
        if section >= len(self._names):
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._names[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Vertical:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        number = str(section + 1)
        is_row = orientation == Qt.Orientation.Vertical
        return f"{number}  {self._names[section]}" if is_row else number


class _Cell(QStyledItemDelegate):
    """Shape, colour and word: never the colour alone."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a path."""
        model = index.model()
        assert isinstance(model, PathModel)
        rect: QRect = option.rect  # type: ignore[attr-defined] PySide does not declare it
        colours = theme.colours()
        path = model.path(index)
        if path is None:
            painter.fillRect(rect, theme.colour(colours.raised))
            return
        role = ROLES[path.state]
        state = option.state  # type: ignore[attr-defined]
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour(colours.selection))
        is_narrow = rect.width() < CELL_WIDTH
        left = 7 if is_narrow else 12
        paint_shape(painter, QPointF(rect.left() + left, rect.center().y() + 1), role, size=8)
        painter.setFont(theme.font("small" if is_narrow else "table"))
        painter.setPen(theme.colour(getattr(colours, role)))
        words = rect.adjusted(left + 7, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, short_words(path))


class PathMatrix(QTableView):
    """Emits `told` with the sentence of the cell that is chosen."""

    told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.paths = PathModel(self)
        self.setModel(self.paths)
        self.setItemDelegate(_Cell(self))
        self.setShowGrid(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setCornerButtonEnabled(False)
        for header, size in (
            (self.horizontalHeader(), CELL_WIDTH),
            (self.verticalHeader(), CELL_HEIGHT),
        ):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(CELL_HEIGHT)
            header.setDefaultSectionSize(size)
            header.setHighlightSections(True)
        self.verticalHeader().setFixedWidth(NAMES_WIDTH)
        self.paths.modelReset.connect(self._fit)
        self.selectionModel().currentChanged.connect(
            lambda now, _: self.told.emit(self.paths.words(now))
        )

    def _fit(self) -> None:
        """Narrow columns for many hosts."""
        is_narrow = self.paths.columnCount() >= NARROW_FROM
        width = NARROW_WIDTH if is_narrow else CELL_WIDTH
        self.horizontalHeader().setDefaultSectionSize(width)
