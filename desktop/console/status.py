"""The line at the bottom of a console window."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop import theme
from desktop.console.link import LinkState, Phase
from desktop.console.rfb.events import LedsChanged
from desktop.widgets.labels import Label, Surface


class StatusLine(Surface):
    """Connection at the left; a hint, size and scale, and the keyboard's lamps at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("window", parent=parent)
        self._state = Label("", "small")
        self._hint = Label("", "small")
        self._picture = Label("", "small")
        self._lamps = Label("", "small")
        self._picture.setFont(theme.font("small"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 3, 12, 3)
        layout.setSpacing(16)
        layout.addWidget(self._state)
        layout.addWidget(self._hint, 1)
        layout.addWidget(self._lamps)
        layout.addWidget(self._picture)

    def set_state(self, state: LinkState, *, is_running: bool) -> None:
        """Say how the connection is."""
        words = {
            Phase.STOPPED: self.tr("Not connected"),
            Phase.CONNECTING: self.tr("Connecting …"),
            Phase.CONNECTED: self.tr("Connected"),
            Phase.WAITING: self.tr("Connection lost"),
        }
        mark = {Phase.CONNECTED: "●", Phase.CONNECTING: "◐", Phase.WAITING: "▲"}
        text = words[state.phase] if is_running else self.tr("Stopped")
        shape = mark.get(state.phase, "○") if is_running else "○"
        self._state.set_role({"●": "ok", "▲": "warn"}.get(shape, "small"))
        self._state.setFont(theme.font("small"))
        self._state.setText(f"{shape} {text}")

    def set_hint(self, text: str) -> None:
        """Say what the user may want to know just now."""
        self._hint.setText(text)

    def hint(self) -> str:
        """What is said just now."""
        return self._hint.text()

    def set_picture(self, text: str) -> None:
        """Size and scale."""
        self._picture.setText(text)

    def set_lamps(self, lamps: LedsChanged) -> None:
        """Which locks are on in the guest."""
        on = [
            name
            for name, is_on in (
                (self.tr("Caps Lock"), lamps.caps_lock),
                (self.tr("Num Lock"), lamps.num_lock),
                (self.tr("Scroll Lock"), lamps.scroll_lock),
            )
            if is_on
        ]
        self._lamps.setText(" · ".join(on))
