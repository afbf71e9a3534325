"""What every form in a window of its own ends with: errors, progress, the command, buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.wizard.equivalent import Equivalent
from desktop.wizard.progress import WorkProgress


class SheetFooter(QWidget):
    """`plan` says what will happen; `go` does it, `cancel` leaves."""

    def __init__(self, go: str) -> None:
        super().__init__()
        self.plan = Label("", "muted")
        self.error = ErrorLabel()
        self.progress = WorkProgress()
        self.equivalent = Equivalent()
        self.go = FlatButton(go, "", "primary")
        self.cancel = FlatButton(translate("Sheets", "Cancel"))
        self.api = FlatButton(translate("Sheets", "Command and API"), "code-tags", "quiet")
        self.api.setCheckable(True)
        self.api.toggled.connect(self.equivalent.setVisible)
        for button in (self.cancel, self.api):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.api)
        row.addStretch()
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 8, 24, 16)
        layout.setSpacing(8)
        for widget in (self.plan, self.error, self.progress, self.equivalent):
            layout.addWidget(widget)
        layout.addLayout(row)
