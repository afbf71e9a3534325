"""Changing one's own password."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout

from desktop.login.fields import Field, PasswordField
from desktop.net.bridge import single_flight
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel


class PasswordDialog(QDialog):
    """Asks for the old and the new password."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell.window)
        self._shell = shell
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Password", "Change password"))
        self.setMinimumWidth(400)
        self.old, self.new, self.repeat = PasswordField(), PasswordField(), PasswordField()
        self.error = ErrorLabel()
        self.button = FlatButton(translate("Password", "Change password"), "", "primary")
        cancel = FlatButton(translate("Password", "Cancel"))
        cancel.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(translate("Password", "Change password"), "title"))
        layout.addWidget(Field(translate("Password", "Old password"), self.old))
        layout.addWidget(Field(translate("Password", "New password"), self.new))
        layout.addWidget(Field(translate("Password", "The same again"), self.repeat))
        layout.addWidget(self.error)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(self.button)
        layout.addLayout(row)
        cancel.clicked.connect(self.reject)
        self.button.clicked.connect(lambda: shell.bridge.spawn(self._change()))

    @single_flight
    async def _change(self) -> None:
        if self.new.text() != self.repeat.text():
            self.error.show_text(translate("Password", "The two passwords differ."))
            return
        call = self._shell.ref.call(
            "session.change_password",
            old_password=self.old.text(),
            new_password=self.new.text(),
        )
        try:
            await self._shell.bridge.run(call)
        except Exception as error:
            self.error.show_error(error)
            return
        self._shell.notices.show(translate("Password", "The password is changed."))
        self.accept()
