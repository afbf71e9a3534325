"""The sheet that says which security groups a machine is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QCheckBox

from appliance.protocol import resources as r
from appliance.protocol import security as s
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page import Request, StepPage


class GroupsForm(StepPage):
    """A box for each group of the account."""

    names = ("groups",)

    def __init__(
        self, vm: r.Vm, groups: Sequence[s.SecurityGroup], nic: r.Nic | None = None
    ) -> None:
        whose = vm.name if nic is None else f"{vm.name}  {nic.address}"
        super().__init__(operation_title("vm.set_security_groups"), whose)
        chosen = groups_of_vm(vm) if nic is None else set(nic.security_group_ids)
        self.boxes: dict[str, QCheckBox] = {}
        for group in groups:
            words = translate("Security", "{name} ({n} rules)")
            box = QCheckBox(words.format(name=group.name, n=len(group.rules)))
            box.setChecked(group.id in chosen)
            box.toggled.connect(lambda _: self.touched())
            self.boxes[group.id] = box
            self.body.addWidget(box)
        self.warning = Label("", "warn")
        self.body.addWidget(self.warning)
        self.body.addStretch()
        self.review()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is ticked."""
        return {"security_group_ids": [ref for ref, box in self.boxes.items() if box.isChecked()]}

    def review(self) -> bool:
        """Without a group nothing is filtered, which one should know."""
        is_open = not self.values("groups")["security_group_ids"]
        words = translate("Security", "Without a security group nothing is filtered.")
        self.warning.setText(words if is_open else "")
        self.warning.setVisible(is_open)
        return True


def groups_of_vm(vm: r.Vm) -> set[str]:
    """The ids of all groups that NICs of a machine are in."""
    return {ref for nic in vm.nics for ref in nic.security_group_ids}


def show_members(
    shell: Shell, vm: r.Vm, groups: Sequence[s.SecurityGroup], nic: r.Nic | None = None
) -> None:
    """Open the sheet for one machine, or one of its NICs."""
    fixed = {"id": vm.id} if nic is None else {"id": vm.id, "nic_id": nic.id}

    def make() -> FormSheet:
        spec = SheetSpec(
            operation="vm.set_security_groups",
            button=translate("Sheets", "Save"),
            fixed=fixed,
        )
        sheet = FormSheet(shell, GroupsForm(vm, groups, nic), spec)
        sheet.resize(480, 360)
        return sheet

    show_sheet(shell.window, f"security-{fixed.get('nic_id', vm.id)}", make)
