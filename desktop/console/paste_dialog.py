"""Paste as keystrokes: shows what will be typed, and what no US keyboard can type."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.console.keys.typing import KeyEvent, Typed, events_of, stroke_of, type_text
from desktop.console.screen_link import TYPING_PAUSE_S, ScreenLink
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label

MAX_SHOWN_MISSING = 12
MAX_MARKS = 500


class PasteDialog(QDialog):
    """Types the text into the guest and stays until the last key is sent, or it is stopped."""

    typed = Signal()

    def __init__(self, link: ScreenLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._is_typing = False
        self.setWindowTitle(self.tr("Paste as keystrokes"))
        self.resize(560, 360)
        self.editor = QPlainTextEdit()
        self.editor.setFont(theme.font("mono"))
        self.editor.setTabChangesFocus(True)
        self.editor.setPlaceholderText(self.tr("Text to type into the machine"))
        self.editor.textChanged.connect(self._check)
        explanation = Label(
            self.tr(
                "The text is typed key by key, as on a keyboard with US layout. "
                "It works at login prompts and in installers, where no clipboard is shared."
            ),
            "muted",
        )
        self.missing = Label("", "warn")
        self.note = Label("", "muted")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.hide()
        self.type_button = FlatButton(self.tr("Type"), kind="primary")
        self.type_button.clicked.connect(self._type)
        self.close_button = FlatButton(self.tr("Cancel"))
        self.close_button.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.note, 1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.type_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        for widget in (explanation, self.editor, self.missing, self.progress):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        link.typing_progressed.connect(self._progressed)
        self.editor.setPlainText(QGuiApplication.clipboard().text())
        self._check()

    def done(self, result: int) -> None:
        """Closing stops the typing."""
        if self._is_typing:
            self._is_typing = False
            self._link.stop_typing()
        super().done(result)

    def _events(self) -> tuple[Typed, list[KeyEvent]]:
        typed = type_text(self.editor.toPlainText())
        return typed, events_of(typed.strokes)

    def _check(self) -> None:
        typed, events = self._events()
        self.type_button.setEnabled(bool(events))
        words = self.tr("{count} keystrokes, about {seconds} s")
        seconds = max(1, round(len(events) * TYPING_PAUSE_S))
        self.note.setText(words.format(count=len(typed.strokes), seconds=seconds))
        self.missing.setVisible(bool(typed.missing))
        if typed.missing:
            shown = " ".join(typed.missing[:MAX_SHOWN_MISSING])
            if len(typed.missing) > MAX_SHOWN_MISSING:
                shown += " …"
            words = self.tr("Not on a US keyboard, will be left out: {characters}")
            self.missing.setText(words.format(characters=shown))
        self._mark(bool(typed.missing))

    def _mark(self, is_needed: bool) -> None:
        marks: list[QTextEdit.ExtraSelection] = []
        if is_needed:
            look = QTextCharFormat()
            look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            look.setUnderlineColor(theme.colour(theme.colours().error))
            look.setForeground(theme.colour(theme.colours().error))
            document = self.editor.document()
            for start, end in _untypable(document):
                cursor = QTextCursor(document)
                cursor.setPosition(start)
                cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                mark = QTextEdit.ExtraSelection()
                mark.cursor = cursor  # type: ignore[attr-defined]
                mark.format = look  # type: ignore[attr-defined]
                marks.append(mark)
        self.editor.setExtraSelections(marks)

    def _type(self) -> None:
        _typed, events = self._events()
        self._is_typing = True
        self.progress.setRange(0, len(events))
        self.progress.setValue(0)
        self.progress.show()
        self.editor.setEnabled(False)
        self.type_button.setEnabled(False)
        self.close_button.setText(self.tr("Stop"))
        self._link.type_events(events)

    def _progressed(self, count: int, total: int) -> None:
        if not self._is_typing:
            return
        self.progress.setValue(count)
        if count == total:
            self._is_typing = False
            self.typed.emit()
            self.accept()


def _untypable(document: QTextDocument) -> list[tuple[int, int]]:
    """Runs of characters that cannot be typed: start and end in the editor's counting."""
    runs: list[tuple[int, int]] = []
    at = 0
    for character in document.toPlainText():
        after = at + (2 if ord(character) > 0xFFFF else 1)  # Qt counts UTF-16 units
        if stroke_of(character) is None:
            if runs and runs[-1][1] == at:
                runs[-1] = (runs[-1][0], after)
            elif len(runs) == MAX_MARKS:
                break
            else:
                runs.append((at, after))
        at = after
    return runs
