"""The section of what a new machine's guest is told: who may log in, and what it does first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from desktop.pages.creating_vm.section import Section, given
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton

TEXT_HEIGHT = 64


class GuestDetails(Section):
    """An SSH key, and user data."""

    def __init__(self) -> None:
        super().__init__()
        self.title = translate("CreateVm", "Guest")
        self.ssh_key, self.user_data = QPlainTextEdit(), QPlainTextEdit()
        for text in (self.ssh_key, self.user_data):
            text.setFixedHeight(TEXT_HEIGHT)
            text.setTabChangesFocus(True)
        read = FlatButton(translate("CreateVm", "Read from a file…"), "", "quiet")
        read.setAutoDefault(False)
        read.clicked.connect(self._read_key)
        key_title = translate("CreateVm", "SSH public key")
        user_title = translate("CreateVm", "User data")
        user_hint = translate("CreateVm", "A script that begins with #!, or cloud-init data.")
        self.body.addWidget(self.add("ssh_public_key", key_title, self.ssh_key))
        self.body.addWidget(read, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.add("user_data", user_title, self.user_data, user_hint))

    def request(self) -> dict[str, Any]:
        """What was typed."""
        return given(
            {
                "ssh_public_key": self.ssh_key.toPlainText().strip(),
                "user_data": self.user_data.toPlainText(),
            }
        )

    def summary(self) -> str:
        """What there is."""
        return ", ".join(self.fields[key].field.accessibleName() for key in self.request())

    def _read_key(self) -> None:
        title = translate("CreateVm", "Choose a public key")
        folder = str(Path.home() / ".ssh")
        path, _ = QFileDialog.getOpenFileName(self, title, folder, "*.pub;;* (*)")
        if path:
            try:
                self.ssh_key.setPlainText(Path(path).read_text(encoding="utf-8").strip())
            except (OSError, UnicodeDecodeError) as error:
                self.fields["ssh_public_key"].set_problem(str(error))
