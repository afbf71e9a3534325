"""Asks before something is gone for good: the consequences, and the name typed in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel


class ConfirmForGood(QDialog):
    """Emits `confirmed` after the name was typed in and the red button pressed.

    Subclasses that wait for the service override `carry_out`, and show a refusal in `error`.
    """

    confirmed = Signal()

    def __init__(
        self,
        title: str,
        consequences: Sequence[str],
        name: str,
        button: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        self._name = name
        self.field = QLineEdit()
        self.field.setMinimumHeight(32)
        self.field.setAccessibleName(translate("Confirm", "Name"))
        self.button = FlatButton(button, "delete-forever-outline", "danger")
        self.button.setEnabled(False)
        cancel = FlatButton(translate("Confirm", "Cancel"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(title, "title"))
        self._lines = QVBoxLayout()
        self._lines.setSpacing(12)
        layout.addLayout(self._lines)
        self.set_consequences(consequences)
        ask = translate("Confirm", "Type “{name}” to confirm:").format(name=name)
        layout.addSpacing(4)
        layout.addWidget(Label(ask, "strong"))
        layout.addWidget(self.field)
        self.error = ErrorLabel()
        layout.addWidget(self.error)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(self.button)
        layout.addSpacing(8)
        layout.addLayout(row)
        self.field.textChanged.connect(lambda _: self.set_busy(busy=False))
        self.field.returnPressed.connect(self._confirm)
        self.button.clicked.connect(self._confirm)
        cancel.clicked.connect(self.reject)
        cancel.setAutoDefault(False)
        self.button.setAutoDefault(False)

    def set_consequences(self, consequences: Sequence[str]) -> None:
        """Show these, one a line, in place of others."""
        while (item := self._lines.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for line in consequences:
            text = Label("•  " + line)
            text.setWordWrap(True)
            self._lines.addWidget(text)

    def carry_out(self) -> None:
        """Do it, and leave."""
        self.confirmed.emit()
        self.accept()

    def set_busy(self, *, busy: bool) -> None:
        """Let nobody press twice; the button needs the name."""
        self.button.setEnabled(not busy and self.field.text().strip() == self._name)
        self.field.setEnabled(not busy)

    def _confirm(self) -> None:
        if self.button.isEnabled():
            self.carry_out()
