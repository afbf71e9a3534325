"""The filter field of lists and the chips that narrow a list to some values."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from desktop import theme
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.table import ResourceTable


class FilterField(QLineEdit):
    """Filters while typing; Esc empties it, Down and Enter lead to the list."""

    changed = Signal(str)
    left = Signal()

    def __init__(self, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint or translate("Filter", "Filter by name, address, id …"))
        self.setAccessibleName(translate("Filter", "Filter"))
        self.setClearButtonEnabled(True)
        self.setMinimumHeight(32)
        self.setMinimumWidth(200)
        self.setMaximumWidth(320)
        self._picture = self.addAction(
            theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(60)
        self._timer.timeout.connect(lambda: self.changed.emit(self.text()))
        self.textChanged.connect(lambda _: self._timer.start())

    def serve(self, table: ResourceTable) -> None:
        """Filter this table: what is typed on it goes here, without a click."""
        table.typed.connect(self._take)
        self.left.connect(table.enter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the field; the list is below it."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _take(self, text: str) -> None:
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.end(False)
        self.insert(text)


class Chip(FlatButton):
    """A drop-down of values to show; none chosen means all."""

    changed = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, "", "plain", parent)
        self._title = title
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self._chosen: set[str] = set()
        self._words: dict[str, str] = {}

    @property
    def chosen(self) -> set[str]:
        """The chosen values."""
        return self._chosen

    def set_values(self, values: Iterable[tuple[str, str]]) -> None:
        """Offer these (value, word) pairs; chosen ones that are still offered stay chosen."""
        words = dict(values)
        if words == self._words:
            return
        self._words = words
        self._chosen &= set(words)
        self._menu.clear()
        for value, word in words.items():
            action = self._menu.addAction(word)
            action.setCheckable(True)
            action.setChecked(value in self._chosen)
            action.toggled.connect(lambda on, v=value: self._toggle(v, on=on))
        self._menu.addSeparator()
        self._menu.addAction(translate("Filter", "All")).triggered.connect(self.reset)
        self._retitle()

    def choose(self, values: Iterable[str]) -> None:
        """Choose exactly these values."""
        wanted = set(values)
        for value, action in zip(self._words, self._menu.actions(), strict=False):
            action.setChecked(value in wanted)

    def reset(self) -> None:
        """Choose nothing, which shows all."""
        self.choose(())

    def _toggle(self, value: str, *, on: bool) -> None:
        if on:
            self._chosen.add(value)
        else:
            self._chosen.discard(value)
        self._retitle()
        self.changed.emit()

    def _retitle(self) -> None:
        if len(self._chosen) == 1:
            self.setText(f"{self._title}: {self._words[next(iter(self._chosen))]}")
        elif self._chosen:
            self.setText(f"{self._title}: {len(self._chosen)}")
        else:
            self.setText(self._title)
        self.updateGeometry()
