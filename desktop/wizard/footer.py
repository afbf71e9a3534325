"""The wizard's lowest line: leave, look at the command, go back, go on."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.texts import translate
from desktop.widgets.buttons import FlatButton


class Footer(QWidget):
    """Buttons; which of them are shown depends on where one is."""

    def __init__(self) -> None:
        super().__init__()
        self.remove = FlatButton(translate("Wizard", "Remove this set-up"), "", "quiet")
        self.show_equivalent = FlatButton(
            translate("Wizard", "Command and API"), "code-tags", "quiet"
        )
        self.show_equivalent.setCheckable(True)
        self.later = FlatButton(translate("Wizard", "Finish later"), "", "quiet")
        self.close_button = FlatButton(translate("Wizard", "Close"))
        self.back = FlatButton(translate("Wizard", "Back"))
        self.next = FlatButton(translate("Wizard", "Next"), "", "primary")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.remove)
        row.addWidget(self.show_equivalent)
        row.addStretch()
        for button in (self.later, self.close_button, self.back, self.next):
            row.addWidget(button)
        for button in (self.remove, self.show_equivalent, self.later, self.close_button, self.back):
            button.setAutoDefault(False)

    def show_place(self, *, is_step: bool, is_end: bool) -> None:
        """Show what can be done at a step, at the start, or at the end."""
        for button in (self.back, self.next, self.show_equivalent):
            button.setVisible(is_step)
        self.later.setVisible(not is_end)
        self.close_button.setVisible(is_end)
