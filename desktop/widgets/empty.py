"""What an empty page shows: what it is for, and the first step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop import theme
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label

_WORDS_WIDTH = 480


class EmptyPage(QWidget):
    """A picture, a title, a sentence and a button; empty texts are left out."""

    pressed = Signal()

    def __init__(
        self, icon: str, title: str, words: str, button: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        picture = QLabel()
        picture.setPixmap(theme.icon(icon).pixmap(40, 40))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        name = Label(title, "strong")
        name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(picture)
        layout.addWidget(name)
        if words:
            text = Label(words, "muted")
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            text.setMaximumWidth(_WORDS_WIDTH)
            text.setMinimumWidth(240)
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(text, 8)
            row.addStretch(1)
            layout.addLayout(row)
        if button:
            layout.addSpacing(8)
            press = FlatButton(button, "", "primary")
            press.clicked.connect(self.pressed)
            layout.addWidget(press, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
