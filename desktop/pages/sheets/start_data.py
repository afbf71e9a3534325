"""The sheet for what a machine's guest reads at its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QCheckBox

from appliance.protocol import resources as r
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage, choose


def cloud_init_choices() -> list[tuple[str, str]]:
    """How a guest learns of its keys and user data: words and value."""
    return [
        (translate("Guest", "automatic: a disc only where no network tells it"), "auto"),
        (translate("Guest", "it asks over the network (metadata)"), "metadata"),
        (translate("Guest", "from a start-up disc (NoCloud)"), "seed"),
        (translate("Guest", "not at all"), "none"),
    ]


class StartDataForm(StepPage):
    """Host name, keys, user data, and the way in which the guest gets them."""

    names = ("start_data",)

    def __init__(self, vm: r.Vm) -> None:
        super().__init__(
            translate("Guest", "Start-up data of {name}").format(name=vm.name),
            translate(
                "Guest",
                "Guests read it with cloud-init, mostly at their first start alone. Over the "
                "network the change holds at once, on the disc from the next start on.",
            ),
        )
        self.hostname = self.add_line(
            "hostname",
            translate("Guest", "Host name"),
            placeholder=translate("Guest", "made from the name"),
        )
        self.hostname.setText(vm.hostname)
        self.mode = self.add_choice(
            "cloud_init", translate("Guest", "How the guest gets it"), cloud_init_choices()
        )
        choose(self.mode, vm.cloud_init)
        self.side_by_side("hostname", "cloud_init")
        self.keys = self.add_lines(
            "ssh_public_key",
            translate("CreateVm", "SSH public key"),
            translate("Guest", "One a line."),
            vm.ssh_public_key,
        )
        self.replace = QCheckBox(translate("Guest", "Replace the user data"))
        self.replace.toggled.connect(self._allow)
        self.body.addWidget(self.replace)
        self.user_data = self.add_lines(
            "user_data",
            translate("CreateVm", "User data"),
            translate("Guest", "It may hold secrets, so what is there is not shown."),
            "",
        )
        self.user_data.setEnabled(False)
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say; user data stays unless it is replaced."""
        found = {
            "hostname": self.hostname.text().strip(),
            "cloud_init": self.mode.currentData(),
            "ssh_public_key": self.keys.toPlainText().strip(),
        }
        if self.replace.isChecked():
            found["user_data"] = self.user_data.toPlainText()
        return found

    def _allow(self, is_replaced: bool) -> None:
        self.user_data.setEnabled(is_replaced)
        self.chosen_by_hand()


def show_start_data(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet for a machine."""
    spec = SheetSpec(operation="vm.update", button=translate("Sheets", "Save"), fixed={"id": vm.id})
    open_sheet(shell, f"start-data-{vm.id}", lambda: StartDataForm(vm), spec)
