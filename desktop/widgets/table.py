"""The table of every list: flat header, states drawn as shape and word, copy, export, columns."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QByteArray,
    QItemSelection,
    QItemSelectionModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QMenu,
    QTableView,
)

from desktop import theme
from desktop.models.table_model import TableModel
from desktop.settings import Settings
from desktop.texts import translate
from desktop.widgets import state
from desktop.widgets.cells import CellDelegate, Header

ROW_HEIGHT = 32
_RESTORE_LIMIT = 2000  # so many selected rows at most are selected again after a rebuild


class ResourceTable(QTableView):
    """A list of resources. Selection and place are kept by id whatever happens to the model."""

    selection_changed = Signal()
    opened = Signal(object)
    """A resource was double-clicked or opened by Enter."""

    typed = Signal(str)
    """Somebody types text: for the filter."""

    menu_wanted = Signal(object)
    """The context menu, before it is shown: add actions to it."""

    def __init__(self, model: TableModel, name: str, settings: Settings) -> None:
        super().__init__()
        self._model = model
        self._name = name
        self._settings = settings
        self._held: tuple[list[str], str, int] = ([], "", 0)
        self._is_arranged = False
        self._is_fitting = False
        self.setFont(theme.font("table"))
        header = Header(self)
        self.setHorizontalHeader(header)
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        self._lay_out_columns()
        if header.sortIndicatorSection() not in range(len(model.columns)) or not self._is_arranged:
            header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self._sort(header.sortIndicatorSection(), header.sortIndicatorOrder())
        header.sortIndicatorChanged.connect(self._sort)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(
            lambda at: self.columns_menu().exec(header.mapToGlobal(at))
        )
        for signal in (header.sectionResized, header.sectionMoved):
            signal.connect(lambda *_: self._arranged())
        model.about_to_rebuild.connect(self._hold)
        model.rebuilt.connect(self._restore)
        self._save_later = QTimer(self)
        self._save_later.setSingleShot(True)
        self._save_later.setInterval(500)
        self._save_later.timeout.connect(self._save_columns)
        self.doubleClicked.connect(lambda index: self.opened.emit(model.resource(index.row())))
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self._spin = QTimer(self)
        self._spin.setInterval(80)
        self._spin.timeout.connect(self._turn_working)

    # Selection

    def selected(self) -> list[Any]:
        """The selected resources, in the order of the view."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._model.resource(row) for row in rows]

    def current(self) -> Any | None:
        """The resource that detail shows: the current one if it is selected."""
        index = self.currentIndex()
        if index.isValid() and self.selectionModel().isRowSelected(index.row()):
            return self._model.resource(index.row())
        selected = self.selected()
        return selected[0] if selected else None

    def select(self, resource_id: str) -> bool:
        """Select one resource and scroll to it; False if the view does not show it."""
        row = self._model.row_of(resource_id)
        if row < 0:
            return False
        self.selectRow(row)
        self.scrollTo(self._model.index(row, 0))
        return True

    def _hold(self) -> None:
        rows = self.selectionModel().selectedRows()
        ids = [self._model.resource(one.row()).id for one in rows[:_RESTORE_LIMIT]]
        index = self.currentIndex()
        current = self._model.resource(index.row()).id if index.isValid() else ""
        self._held = (ids, current, self.verticalScrollBar().value())

    def _restore(self) -> None:
        ids, current, place = self._held
        chosen = QItemSelection()
        for one in ids:
            row = self._model.row_of(one)
            if row >= 0:
                index = self._model.index(row, 0)
                chosen.select(index, index)
        mode = QItemSelectionModel.SelectionFlag
        if not chosen.isEmpty():
            row = self._model.row_of(current) if current else -1
            if row >= 0:
                self.selectionModel().setCurrentIndex(self._model.index(row, 0), mode.NoUpdate)
            self.selectionModel().select(chosen, mode.ClearAndSelect | mode.Rows)
        self.verticalScrollBar().setValue(place)
        if ids:
            self.selection_changed.emit()

    # Columns

    def columns_menu(self) -> QMenu:
        """A menu in which columns are shown and hidden; they are ordered by dragging."""
        menu = QMenu(self)
        for index, column in enumerate(self._model.columns):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(index))
            action.setEnabled(index != 0)
            action.toggled.connect(lambda on, i=index: self._show_column(i, on=on))
        menu.addSeparator()
        reset = menu.addAction(translate("Table", "Reset columns"))
        reset.triggered.connect(self._reset_columns)
        return menu

    def _show_column(self, index: int, *, on: bool) -> None:
        self.setColumnHidden(index, not on)
        self._is_arranged = True
        self._save_columns()

    def _lay_out_columns(self) -> None:
        saved = self._settings.layout(f"columns/{self._name}")
        if saved is not None and self.horizontalHeader().restoreState(saved):
            self._is_arranged = True
            return
        for index, column in enumerate(self._model.columns):
            self.setColumnWidth(index, column.width)
            self.setColumnHidden(index, not column.is_shown)

    def _reset_columns(self) -> None:
        header = self.horizontalHeader()
        for index, column in enumerate(self._model.columns):
            header.moveSection(header.visualIndex(index), index)
            self.setColumnWidth(index, column.width)
            self.setColumnHidden(index, not column.is_shown)
        self._settings.set_layout(f"columns/{self._name}", QByteArray())
        self._is_arranged = False
        self._fit_first_column()

    def _fit_first_column(self) -> None:
        """Until the user arranges columns, the first takes the room that the others leave."""
        if self._is_arranged:
            return
        others = sum(
            self.columnWidth(index)
            for index in range(1, len(self._model.columns))
            if not self.isColumnHidden(index)
        )
        declared = self._model.columns[0].width
        room = self.viewport().width() - others
        self._is_fitting = True
        self.setColumnWidth(0, max(min(declared, 144), room))
        self._is_fitting = False

    def resizeEvent(self, event: Any) -> None:
        """Follow the width of the window."""
        super().resizeEvent(event)
        self._fit_first_column()

    def _arranged(self) -> None:
        if not self._is_fitting:
            self._is_arranged = True
            self._save_later.start()

    def _save_columns(self) -> None:
        self._settings.set_layout(f"columns/{self._name}", self.horizontalHeader().saveState())

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._model.sort(column, order)
        self.scrollToTop()

    # Copy and export

    def copy_cell(self) -> None:
        """Put the current cell's text on the clipboard."""
        index = self.currentIndex()
        if index.isValid():
            QApplication.clipboard().setText(str(index.data() or ""))

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, tab-separated."""
        lines = ["\t".join(self._row_texts(row)) for row in self._selected_rows()]
        QApplication.clipboard().setText("\n".join(lines))

    def export_csv(self, path: Path) -> None:
        """Write the rows shown, in the columns shown, to a CSV file that spreadsheets open."""
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([self._model.columns[i].title for i in self._shown_columns()])
            for row in range(self._model.rowCount()):
                writer.writerow([_inert(text) for text in self._row_texts(row)])

    def _selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def _shown_columns(self) -> list[int]:
        header = self.horizontalHeader()
        order = [header.logicalIndex(place) for place in range(header.count())]
        return [index for index in order if not self.isColumnHidden(index)]

    def _row_texts(self, row: int) -> list[str]:
        return [str(self._model.index(row, i).data() or "") for i in self._shown_columns()]

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the selected rows, Enter opens, and what is typed goes to the filter."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            current = self.current()
            if current is not None:
                self.opened.emit(current)
        elif _is_typed(event):
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def enter(self) -> None:
        """Take the keyboard, at the selected row or else at the first."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if not self.selectionModel().hasSelection() and self._model.rowCount():
            self.selectRow(0)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The actions of the page, then copying."""
        self.make_menu().exec(event.globalPos())

    def make_menu(self) -> QMenu:
        """The context menu of the selected rows."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.menu_wanted.emit(menu)
        if menu.actions():
            menu.addSeparator()
        for title, slot in (
            (translate("Table", "Copy cell"), self.copy_cell),
            (translate("Table", "Copy row"), self.copy_rows),
        ):
            action = QAction(title, menu)
            action.triggered.connect(slot)
            action.setEnabled(self.currentIndex().isValid())
            menu.addAction(action)
        return menu

    def showEvent(self, event: Any) -> None:
        """States of work turn while the table is seen."""
        super().showEvent(event)
        self._spin.start()

    def hideEvent(self, event: Any) -> None:
        """Spend nothing while hidden."""
        super().hideEvent(event)
        self._spin.stop()

    def _turn_working(self) -> None:
        model = self._model
        first = self.rowAt(0)
        if first < 0:
            return
        last = self.rowAt(self.viewport().height() - 1)
        last = model.rowCount() - 1 if last < 0 else last
        for column, declared in enumerate(model.columns):
            if declared.state is None or self.isColumnHidden(column):
                continue
            for row in range(first, last + 1):
                look = state.look_of(*declared.state(model.resource(row)))
                if look.role == state.WORKING:
                    self.update(model.index(row, column))


def _inert(text: str) -> str:
    """Spreadsheets run cells that begin like a formula: make those plain text."""
    return "'" + text if text[:1] in ("=", "+", "-", "@") and len(text) > 1 else text


def _is_typed(event: QKeyEvent) -> bool:
    """Whether a key is one of text, and no command."""
    plain = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    text = event.text().strip()
    return not (event.modifiers() & ~plain) and text.isprintable() and bool(text)
