"""The strip at the top of a full-screen console: how to leave, and the most wanted keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label, Surface

STAY_MS = 3000


class FullScreenStrip(Surface):
    """Shows itself for three seconds, and again when the mouse touches the upper edge."""

    leave_wanted = Signal()
    keys_wanted = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__("base", is_card=True, parent=parent)
        self._around = parent
        self._hide_timer = QTimer(self)
        self._hide_timer.setSingleShot(True)
        self._hide_timer.setInterval(STAY_MS)
        self._hide_timer.timeout.connect(self.hide)
        keys = FlatButton("Ctrl+Alt+Del", "", "quiet")
        keys.clicked.connect(self.keys_wanted)
        leave = FlatButton(self.tr("Leave full screen"), "fullscreen-exit")
        leave.clicked.connect(self.leave_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 8, 6)
        layout.setSpacing(12)
        self._name = Label(name, "strong")
        layout.addWidget(self._name)
        layout.addWidget(Label(self.tr("F11 leaves, too"), "small"))
        layout.addWidget(keys)
        layout.addWidget(leave)
        for button in (keys, leave):
            button.setFocusPolicy(button.focusPolicy().NoFocus)
        self.hide()

    def set_name(self, name: str) -> None:
        """Show another name."""
        self._name.setText(name)

    def appear(self) -> None:
        """Show at the middle of the upper edge, for a while."""
        self.adjustSize()
        self.move((self._around.width() - self.width()) // 2, 8)
        self.show()
        self.raise_()
        self._hide_timer.start()

    def vanish(self) -> None:
        """Full screen is over."""
        self._hide_timer.stop()
        self.hide()

    def enterEvent(self, event: QEvent) -> None:
        """Stay while the mouse is here."""
        self._hide_timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """Go soon."""
        self._hide_timer.start()
