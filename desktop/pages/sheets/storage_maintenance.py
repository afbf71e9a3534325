"""The sheet that puts a primary storage into maintenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QSpinBox

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

OPERATION = "primary_storage.enter_maintenance"
USUAL_S = 60
LONGEST_S = 3600


class StorageMaintenanceForm(StepPage):
    """What it means, and what becomes of machines that run."""

    names = ("maintenance",)

    def __init__(self, storage: r.PrimaryStorage) -> None:
        super().__init__(operation_title(OPERATION), storage.name)
        words = translate(
            "Storage",
            "Until it is enabled again, no new disks are placed here, and no machine that has a "
            "disk here starts.",
        )
        label = Label(words, "muted")
        label.setWordWrap(True)
        self.body.addWidget(label)
        self.machines = self.add_choice(
            "stop_machines",
            translate("Storage", "If machines that run have disks here"),
            [
                (translate("Storage", "do nothing, and name them"), ""),
                (translate("Storage", "stop them"), "stop"),
            ],
        )
        self.timeout = QSpinBox()
        self.timeout.setRange(1, LONGEST_S)
        self.timeout.setValue(USUAL_S)
        self.timeout.setSuffix(" s")
        self.timeout.valueChanged.connect(lambda _: self.chosen_by_hand())
        title = translate("Storage", "Time for guests to shut down")
        self.add_field("timeout_s", FormField(title, self.timeout))
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen; a time limit matters only if machines are stopped."""
        if self.machines.currentData() != "stop":
            return {}
        return {"stop_machines": True, "timeout_s": self.timeout.value()}


def show_storage_maintenance(shell: Shell, storage: r.PrimaryStorage) -> None:
    """Open the sheet."""
    spec = SheetSpec(
        operation=OPERATION,
        button=translate("Storage", "Enter maintenance"),
        fixed={"id": storage.id},
    )
    key = f"{OPERATION}-{storage.id}"
    open_sheet(shell, key, lambda: StorageMaintenanceForm(storage), spec)
