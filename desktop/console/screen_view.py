"""The screen's widget in a frame that scrolls, with the notice over it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from desktop.console.overlay import Overlay
from desktop.console.screen_link import ScreenLink
from desktop.console.viewport import ScaleMode
from desktop.console.widget import SURROUND, ConsoleWidget


class ScreenView(QScrollArea):
    """Scrolls when the picture is shown in its own size and the window is smaller."""

    def __init__(self, link: ScreenLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.console = ConsoleWidget(link)
        self.setWidget(self.console)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFocusProxy(self.console)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, SURROUND)
        self.viewport().setPalette(palette)
        self.overlay = Overlay(self)
        self.overlay.retry_wanted.connect(link.retry_now)
        link.state_changed.connect(self.overlay.set_link_state)
        self.console.guest_resized.connect(self._fit)

    def set_mode(self, mode: ScaleMode) -> None:
        """Fit, fill, or one device pixel for each guest pixel."""
        self.console.set_mode(mode)
        self._fit()

    def _fit(self) -> None:
        is_actual = self.console.mode is ScaleMode.ACTUAL and not self.console.guest_size.isEmpty()
        if is_actual:
            self.console.setMinimumSize(self.console.sizeHint())
        else:
            self.console.setMinimumSize(0, 0)
