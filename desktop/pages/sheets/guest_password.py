"""The sheet that gives a user of a guest another password."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QLineEdit

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage

OPERATION = "vm.set_password"
USER = {"windows": "Administrator"}


class GuestPasswordForm(StepPage):
    """The user of the guest, and the password twice."""

    names = ("password",)

    def __init__(self, vm: r.Vm, user: str) -> None:
        words = translate(
            "Guest",
            "The agent in the guest of {name} sets it. It is kept nowhere else: note it down.",
        )
        super().__init__(operation_title(OPERATION), words.format(name=vm.name))
        self.user = self.add_line("user", translate("Guest", "User of the guest"))
        self.user.setText(user)
        self.password = self._secret("password", translate("Guest", "New password"))
        self.again = self._secret("again", translate("Guest", "Once more"))
        self.side_by_side("password", "again")
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {"user": self.user.text().strip(), "password": self.password.text()}

    def review(self) -> bool:
        """Both must be there, and the password the same twice."""
        is_same = secrets.compare_digest(self.password.text().encode(), self.again.text().encode())
        differs = translate("Guest", "This is not the same password.")
        typed = bool(self.again.text())
        self.tell("again", differs if typed and not is_same else "")
        return bool(self.user.text().strip() and self.password.text()) and is_same

    def _secret(self, key: str, title: str) -> QLineEdit:
        line = self.add_line(key, title)
        line.setEchoMode(QLineEdit.EchoMode.Password)
        return line


def show_password(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet for the guest of a machine."""
    image = shell.cache.get("image", vm.image_id)
    user = USER.get(getattr(image, "platform", ""), "root")
    spec = SheetSpec(
        operation=OPERATION, button=translate("Guest", "Set password"), fixed={"id": vm.id}
    )
    open_sheet(shell, f"guest-password-{vm.id}", lambda: GuestPasswordForm(vm, user), spec)
