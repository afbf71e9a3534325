"""The section of what a new machine's guest is told: who may log in, and what it does first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPlainTextEdit

from desktop.pages.creating_vm.section import Section, given, offer
from desktop.pages.sheets.start_data import cloud_init_choices
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton

TEXT_HEIGHT = 64


class GuestDetails(Section):
    """An SSH key, user data, a host name, and how the guest gets them."""

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
        self.hostname, self.mode = QLineEdit(), QComboBox()
        self.hostname.setPlaceholderText(translate("Guest", "made from the name"))
        offer(self.mode, cloud_init_choices())
        host_title = translate("Guest", "Host name")
        mode_title = translate("Guest", "How the guest gets it")
        self.body.addWidget(self.add("ssh_public_key", key_title, self.ssh_key))
        self.body.addWidget(read, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.add("user_data", user_title, self.user_data, user_hint))
        self.row(
            (self.add("hostname", host_title, self.hostname), 1),
            (self.add("cloud_init", mode_title, self.mode), 1),
        )

    def request(self) -> dict[str, Any]:
        """What was typed."""
        return given(
            {
                "ssh_public_key": self.ssh_key.toPlainText().strip(),
                "user_data": self.user_data.toPlainText(),
                "hostname": self.hostname.text().strip(),
                "cloud_init": self.mode.currentData() if self.mode.currentIndex() > 0 else "",
            }
        )

    def problems(self) -> dict[str, str]:
        """Several machines cannot have one name."""
        if self.draft.count > 1 and self.hostname.text().strip():
            words = translate("Guest", "With several machines each gets one made from its name.")
            return {"hostname": words}
        return {}

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
