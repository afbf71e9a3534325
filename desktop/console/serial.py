"""The serial console as a widget: a terminal with scrollback, selection and paste."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QWidget

from desktop import theme
from desktop.console.keys.terminal import key_bytes
from desktop.console.overlay import Overlay
from desktop.console.serial_link import SerialLink
from desktop.console.serial_paint import BACKGROUND, CellPainter
from desktop.console.terminal import Terminal

MARGIN = 8
CHUNK_BYTES = 16 * 1024
MIN_COLUMNS, MIN_LINES = 20, 5
MAX_COLUMNS, MAX_LINES = 500, 200
FIRST_SIZE = (80, 24)

Place = tuple[int, int]
"""A row (counted from the oldest one kept) and a column."""


class SerialWidget(QAbstractScrollArea):
    """Shows what a SerialLink brings. Ctrl+Shift+C and Ctrl+Shift+V copy and paste."""

    size_changed = Signal(int, int)
    """Columns and lines."""

    def __init__(self, link: SerialLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._view_only = False
        self._cells = CellPainter(theme.font("mono").pointSizeF() + 1)
        self.terminal = Terminal(*FIRST_SIZE, link.send)
        self._scrolled_before = 0
        self._anchor: Place | None = None
        self._head: Place | None = None
        self._feed_timer = QTimer(self)
        self._feed_timer.setSingleShot(True)
        self._feed_timer.setInterval(0)
        self._feed_timer.timeout.connect(self._feed)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, True)
        self.setAccessibleName(self.tr("Serial console of the virtual machine"))
        self.verticalScrollBar().setPalette(_dark_palette())
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.overlay = Overlay(self)
        self.overlay.retry_wanted.connect(link.retry_now)
        link.state_changed.connect(self.overlay.set_link_state)
        link.arrived.connect(self._feed)

    def set_view_only(self, view_only: bool) -> None:
        """Send nothing any more, or do so again."""
        self._view_only = view_only
        self._link.set_view_only(view_only)

    def sizeHint(self) -> QSize:
        """Eighty columns and twenty-four lines."""
        width = self._cells.cell_width * FIRST_SIZE[0] + 2 * MARGIN
        height = self._cells.cell_height * FIRST_SIZE[1] + 2 * MARGIN
        return QSize(int(width) + 1 + self.verticalScrollBar().sizeHint().width(), int(height) + 1)

    # What comes

    def _feed(self) -> None:
        data = self._link.take(CHUNK_BYTES)
        if not data:
            return
        self.terminal.feed(data)
        self._follow()
        if len(data) == CHUNK_BYTES:
            self._feed_timer.start()  # let the window live between two parts of a flood

    def _follow(self) -> None:
        """Adjust the scroll bar; stay at the end, or with the lines that are being read."""
        screen = self.terminal.screen
        bar = self.verticalScrollBar()
        was_at_end = bar.value() == bar.maximum()
        added = screen.scrolled_in_all - self._scrolled_before
        self._scrolled_before = screen.scrolled_in_all
        grown = len(screen.scrolled) - bar.maximum()
        fallen_out = added - grown
        bar.setRange(0, len(screen.scrolled))
        bar.setPageStep(screen.lines)
        if was_at_end:
            bar.setValue(bar.maximum())
        elif fallen_out > 0:
            bar.setValue(bar.value() - fallen_out)
        if fallen_out > 0 and self._anchor is not None:
            self._anchor = self._head = None
        self.viewport().update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows in sight."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(BACKGROUND))
        cells, screen = self._cells, self.terminal.screen
        top = self.verticalScrollBar().value()
        count = self.terminal.row_count()
        for line in range(screen.lines):
            index = top + line
            y = MARGIN + line * cells.cell_height
            if index >= count or y > event.rect().bottom() or y + cells.cell_height < 0:
                continue
            selected = self._selected_columns(index)
            cells.draw_row(painter, self.terminal.row(index), y, screen.columns, selected, MARGIN)
        cursor_line = len(screen.scrolled) + screen.cursor.y - top
        if self.terminal.is_cursor_shown and cursor_line < screen.lines:
            column = min(screen.cursor.x, screen.columns - 1)
            row = self.terminal.row(top + cursor_line)
            y = MARGIN + cursor_line * cells.cell_height
            cells.draw_cursor(painter, row, (column, y), MARGIN, is_solid=self.hasFocus())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns and lines as there is room for."""
        super().resizeEvent(event)
        room = self.viewport().size()
        columns = int((room.width() - 2 * MARGIN) / self._cells.cell_width)
        lines = int((room.height() - 2 * MARGIN) / self._cells.cell_height)
        columns = min(max(columns, MIN_COLUMNS), MAX_COLUMNS)
        lines = min(max(lines, MIN_LINES), MAX_LINES)
        screen = self.terminal.screen
        if (columns, lines) != (screen.columns, screen.lines):
            self.terminal.resize(columns, lines)
            self._follow()
            self.size_changed.emit(columns, lines)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The cursor becomes solid."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The cursor becomes a frame."""
        super().focusOutEvent(event)
        self.viewport().update()

    # Keys

    def event(self, event: QEvent) -> bool:
        """Take what Qt would use itself: shortcuts, Tab and Backtab."""
        if isinstance(event, QKeyEvent) and event.key() != Qt.Key.Key_F11:
            if event.type() == QEvent.Type.ShortcutOverride and not self._view_only:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.keyPressEvent(event)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send a key; Shift with page keys scrolls, Ctrl+Shift+C and +V copy and paste."""
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        is_shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        is_mac = sys.platform == "darwin"
        bar = self.verticalScrollBar()
        if self._is_chord(event, both, Qt.Key.Key_C, QKeySequence.StandardKey.Copy):
            self.copy()
        elif self._is_chord(event, both, Qt.Key.Key_V, QKeySequence.StandardKey.Paste):
            self.paste()
        elif is_shift and event.key() == Qt.Key.Key_PageUp:
            bar.setValue(bar.value() - bar.pageStep())
        elif is_shift and event.key() == Qt.Key.Key_PageDown:
            bar.setValue(bar.value() + bar.pageStep())
        else:
            data = key_bytes(
                event, is_application=self.terminal.has_application_cursor, is_mac=is_mac
            )
            if data:
                self._send(data)
        event.accept()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Text composed by an input method, Chinese for example."""
        if event.commitString():
            self._send(event.commitString().encode())
        event.accept()

    def _is_chord(
        self,
        event: QKeyEvent,
        modifiers: Qt.KeyboardModifier,
        key: Qt.Key,
        mac: QKeySequence.StandardKey,
    ) -> bool:
        if sys.platform == "darwin":
            return event.matches(mac)
        return event.modifiers() == modifiers and event.key() == key

    def _send(self, data: bytes) -> None:
        self._anchor = self._head = None
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
        self._link.send(data)
        self.viewport().update()

    # Selection

    def selected_text(self) -> str:
        """What is marked, one line a row."""
        span = self._span()
        if span is None:
            return ""
        (first, start), (last, end) = span
        return "\n".join(
            self.terminal.text(row, start if row == first else 0, end if row == last else None)
            for row in range(first, last + 1)
        )

    def copy(self) -> None:
        """Put what is marked on the clipboard."""
        text = self.selected_text()
        if text:
            QGuiApplication.clipboard().setText(text)

    def paste(self) -> None:
        """Send the clipboard's text."""
        text = QGuiApplication.clipboard().text().replace("\r\n", "\n").replace("\n", "\r")
        if not text:
            return
        data = text.replace("\x1b", "").encode()
        if self.terminal.has_bracketed_paste:
            data = b"\x1b[200~" + data + b"\x1b[201~"
        self._send(data)

    def tell_size(self) -> None:
        """Type the command that tells a shell how large this terminal is."""
        screen = self.terminal.screen
        self._send(f" stty rows {screen.lines} cols {screen.columns}\r".encode())

    def _span(self) -> tuple[Place, Place] | None:
        if self._anchor is None or self._head is None or self._anchor == self._head:
            return None
        return min(self._anchor, self._head), max(self._anchor, self._head)

    def _selected_columns(self, row: int) -> range:
        span = self._span()
        if span is None or not span[0][0] <= row <= span[1][0]:
            return range(0)
        start = span[0][1] if row == span[0][0] else 0
        end = span[1][1] if row == span[1][0] else self.terminal.screen.columns
        return range(start, end)

    def _place_at(self, point: QPoint) -> Place:
        line = int((point.y() - MARGIN) / self._cells.cell_height)
        line = min(max(line, 0), self.terminal.screen.lines - 1)
        column = round((point.x() - MARGIN) / self._cells.cell_width)
        column = min(max(column, 0), self.terminal.screen.columns)
        return self.verticalScrollBar().value() + line, column

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to mark; the middle button pastes where that is usual."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._anchor = self._head = self._place_at(event.position().toPoint())
            self.viewport().update()
        elif event.button() == Qt.MouseButton.MiddleButton:
            self.paste()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark up to here; scroll when the mouse is outside."""
        if not event.buttons() & Qt.MouseButton.LeftButton:
            return
        bar = self.verticalScrollBar()
        y = event.position().y()
        if y < 0:
            bar.setValue(bar.value() - 1)
        elif y > self.viewport().height():
            bar.setValue(bar.value() + 1)
        self._head = self._place_at(event.position().toPoint())
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Mark the word."""
        row, column = self._place_at(event.position().toPoint())
        cells = self.terminal.row(row)

        def is_blank(at: int) -> bool:
            return at not in cells or cells[at].data == " "

        start = end = min(column, self.terminal.screen.columns - 1)
        while start > 0 and not is_blank(start - 1):
            start -= 1
        while end < self.terminal.screen.columns and not is_blank(end):
            end += 1
        self._anchor, self._head = (row, start), (row, end)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy, paste, tell the size."""
        menu = QMenu(self)
        copy = menu.addAction(self.tr("Copy"), self.copy)
        copy.setEnabled(bool(self.selected_text()))
        paste = menu.addAction(self.tr("Paste"), self.paste)
        menu.addSeparator()
        tell = menu.addAction(self.tr("Tell the shell this window's size"), self.tell_size)
        for action in (paste, tell):
            action.setEnabled(not self._view_only)
        menu.exec(event.globalPos())
        menu.deleteLater()


def _dark_palette() -> QPalette:
    """For the scroll bar, which stands beside a dark terminal in both colour schemes."""
    palette = theme.palette(theme.DARK)
    palette.setColor(QPalette.ColorRole.Base, QColor(BACKGROUND))
    return palette
