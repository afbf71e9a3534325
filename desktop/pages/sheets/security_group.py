"""The form of a security group: name, description, and whether refused packets are noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QCheckBox

from appliance.protocol import security as s
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page import Request
from desktop.wizard.pages_basic import NamePage


class GroupForm(NamePage):
    """A security group."""

    def __init__(self, title: str, intro: str) -> None:
        super().__init__("group", title, intro)
        self.log_drops = QCheckBox(translate("Security", "Note packets that are refused"))
        self.log_drops.setToolTip(
            translate(
                "Security",
                "A few of each machine a minute; they are shown by “Refused packets …” there.",
            )
        )
        self.log_drops.toggled.connect(lambda _: self.chosen_by_hand())
        self.body.addWidget(self.log_drops)
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of a group."""
        super().fill(requests)
        self.log_drops.setChecked(requests["group"]["log_drops"])

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return super().values(name) | {"log_drops": self.log_drops.isChecked()}


def noting_words(group: s.SecurityGroup) -> str:
    """Whether a group notes what is refused."""
    if group.log_drops:
        return translate("Security", "noted, a few of each machine a minute")
    return translate("Security", "counted, not noted")


async def edit_group(shell: Shell, groups: list[Any]) -> None:
    """Open the sheet that changes a group."""
    group: s.SecurityGroup = groups[0]

    def make() -> FormSheet:
        form = GroupForm(operation_title("security_group.update"), group.name)
        values = {"name": group.name, "description": group.description}
        form.show_requests({"group": values | {"log_drops": group.log_drops}})
        form.name.selectAll()
        spec = SheetSpec(
            operation="security_group.update",
            button=translate("Sheets", "Save"),
            fixed={"id": group.id},
        )
        sheet = FormSheet(shell, form, spec)
        sheet.resize(480, 360)
        return sheet

    show_sheet(shell.window, f"edit-{group.id}", make)
