"""Parts of the login window: titled fields, a password that can be shown, and a step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop import theme
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label


class Field(QWidget):
    """A title above an input."""

    def __init__(self, title: str, field: QLineEdit) -> None:
        super().__init__()
        name = Label(title, "small")
        name.setBuddy(field)
        field.setMinimumHeight(36)
        field.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(name)
        layout.addWidget(field)


class PasswordField(QLineEdit):
    """Hides what is typed; the eye shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._eye = self.addAction(
            theme.icon("eye-outline"), QLineEdit.ActionPosition.TrailingPosition
        )
        self._eye.setToolTip(translate("Login", "Show what is typed"))
        self._eye.triggered.connect(self._toggle)

    def _toggle(self) -> None:
        hidden = self.echoMode() == QLineEdit.EchoMode.Password
        mode = QLineEdit.EchoMode.Normal if hidden else QLineEdit.EchoMode.Password
        self.setEchoMode(mode)
        self._eye.setIcon(theme.icon("eye-off-outline" if hidden else "eye-outline"))


class Step(QWidget):
    """One step: its widgets, and the main button; Enter presses it, Esc goes back."""

    back_pressed = Signal()

    def __init__(self, main: str, *, back: bool = False) -> None:
        super().__init__()
        self.main = FlatButton(main, "", "primary")
        self.first: QWidget | None = None
        self._has_back = back
        self._content = QVBoxLayout()
        self._content.setSpacing(12)
        row = QHBoxLayout()
        if back:
            button = FlatButton(translate("Login", "Back"), "", "quiet")
            button.clicked.connect(self.back_pressed)
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self.main)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addLayout(self._content)
        self._slot = QVBoxLayout()
        layout.addLayout(self._slot)
        layout.addLayout(row)
        layout.addStretch()

    def add(self, widget: QWidget) -> None:
        """Add a widget above the buttons."""
        self._content.addWidget(widget)

    def hold(self, widget: QWidget) -> None:
        """Take a widget over, such as the one error label, between content and buttons."""
        self._slot.addWidget(widget)

    def begin(self) -> None:
        """Put the cursor where typing begins."""
        if self.first is not None:
            self.first.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter confirms, Esc goes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.main.isEnabled():
            self.main.click()
        elif event.key() == Qt.Key.Key_Escape and self._has_back:
            self.back_pressed.emit()
        else:
            super().keyPressEvent(event)
