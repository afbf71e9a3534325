"""The menu of key combinations that never reach us, because the window system takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu, QWidget

from desktop.console.keys import special

Send = Callable[[Sequence[str]], object]


class SendKeysMenu(QMenu):
    """Calls `send` with the names of the keys of the chosen combination."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._offer(self, "Ctrl+Alt+Delete", special.CTRL_ALT_DELETE)
        self._offer(self, "Ctrl+Alt+Backspace", special.CTRL_ALT_BACKSPACE)
        self.addSeparator()
        consoles = self.addMenu(self.tr("Text consoles"))
        for number in range(1, 13):
            self._offer(consoles, f"Ctrl+Alt+F{number}", special.ctrl_alt_f(number))
        self.addSeparator()
        self._offer(self, "Alt+Tab", special.ALT_TAB)
        self._offer(self, "Alt+F4", special.ALT_F4)
        self._offer(self, "Ctrl+Shift+Esc", special.CTRL_SHIFT_ESCAPE)
        self._offer(self, "F11", special.F11)
        self.addSeparator()
        self._offer(self, self.tr("Print Screen"), special.PRINT)
        self._offer(self, self.tr("Super (Windows key)"), special.SUPER)
        self._offer(self, self.tr("Pause"), special.PAUSE)
        self._offer(self, self.tr("Menu key"), special.MENU)

    def _offer(self, menu: QMenu, title: str, names: Sequence[str]) -> None:
        action = menu.addAction(title)
        action.triggered.connect(lambda *_: self._send(names))
