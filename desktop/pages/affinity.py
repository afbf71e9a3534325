"""The list of affinity groups, and the sheets that make one or put a machine into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QCheckBox

from appliance.protocol import resources as r
from appliance.protocol.ids import new_id
from desktop import texts
from desktop.models.columns import Column
from desktop.operation_titles import operation_title
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page import Request, StepPage, choose

KIND = "affinity_group"


def rule_words(group: r.AffinityGroup) -> str:
    """What the placement does for a group."""
    if group.policy == r.AffinityPolicy.ANTI_AFFINITY:
        if group.is_required:
            return translate("Affinity", "Never two on one host")
        return translate("Affinity", "On different hosts, if possible")
    if group.is_required:
        return translate("Affinity", "All on one host")
    return translate("Affinity", "On one host, if possible")


class AffinityForm(StepPage):
    """Name, description, and where machines of the group are placed."""

    names = (KIND,)

    def __init__(self) -> None:
        super().__init__(
            translate("Affinity", "New affinity group"),
            translate("Affinity", "Its machines are placed together, or apart from each other."),
        )
        self.name = self.add_line("name", translate("Affinity", "Name"))
        self.description = self.add_line("description", translate("Affinity", "Description"))
        self.policy = self.add_choice(
            "policy",
            translate("Affinity", "Placement"),
            [
                (translate("Affinity", "Apart: one failing host takes only one"), "anti_affinity"),
                (translate("Affinity", "Together: the shortest way to each other"), "affinity"),
            ],
        )
        self.required = QCheckBox(
            translate("Affinity", "Rather refuse to start a machine than place it otherwise")
        )
        self.required.toggled.connect(lambda _: self.chosen_by_hand())
        self.body.addWidget(self.required)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        request = requests[KIND]
        self.name.setText(request["name"])
        choose(self.policy, request.get("policy", ""))

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {
            "name": self.name.text(),
            "description": self.description.text(),
            "policy": self.policy.currentData(),
            "is_required": self.required.isChecked(),
        }

    def review(self) -> bool:
        """A name is needed."""
        return self.review_names()


class MemberForm(StepPage):
    """Which group a machine is in."""

    names = ("member",)

    def __init__(self, groups: list[r.AffinityGroup], vm: r.Vm) -> None:
        super().__init__(operation_title("vm.set_affinity_group"), vm.name)
        none = (translate("Affinity", "None"), "")
        found = [(f"{one.name}: {rule_words(one)}", one.id) for one in groups]
        self.group = self.add_choice(
            "affinity_group_id", translate("Affinity", "Affinity group"), [none, *found]
        )
        self.show_requests({"member": {"group": vm.affinity_group_id or ""}})

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        choose(self.group, requests["member"]["group"])

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {"affinity_group_id": self.group.currentData() or None}


def groups_of(shell: Shell, owner_id: str | None) -> list[r.AffinityGroup]:
    """The groups of an account, by name; with None, all."""
    found = shell.cache.all(KIND)
    mine = [one for one in found if owner_id is None or one.owner_id == owner_id]
    return sorted(mine, key=lambda one: one.name)


def member_action(*, group: int) -> Action:
    """Put a machine into a group, or take it out."""

    async def run(shell: Shell, vms: list[Any]) -> None:
        vm: r.Vm = vms[0]

        def make() -> FormSheet:
            form = MemberForm(groups_of(shell, vm.owner_id), vm)
            spec = SheetSpec(
                operation="vm.set_affinity_group",
                button=translate("Sheets", "Save"),
                fixed={"id": vm.id},
            )
            sheet = FormSheet(shell, form, spec)
            sheet.resize(480, 280)
            return sheet

        show_sheet(shell.window, f"affinity-{vm.id}", make)

    return Action(
        name="affinity",
        title=translate("Affinity", "Affinity group …"),
        icon="vector-link",
        run=run,
        is_single=True,
        group=group,
    )


class AffinityPage(ResourcePage):
    """Groups of machines that are placed together, or apart."""

    kind = KIND

    def title(self) -> str:
        """The page's title."""
        return translate("Affinity", "Affinity groups")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="rule",
                title=translate("Affinity", "Placement"),
                text=rule_words,
                width=240,
            ),
            Column(
                name="vms",
                title=translate("Affinity", "Virtual machines"),
                text=lambda one: texts.number(one.vm_count),
                key=lambda one: one.vm_count,
                is_right=True,
                width=128,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Edit and delete."""
        return [edit_action(KIND), delete_action(KIND)]

    def facts(self, group: r.AffinityGroup) -> list[tuple[str, str]]:
        """What the detail shows."""
        members = [vm for vm in self.shell.cache.all("vm") if vm.affinity_group_id == group.id]
        lines = sorted(f"{vm.name}  {vm.host_name}".rstrip() for vm in members)
        return [
            (translate("Affinity", "Placement"), rule_words(group)),
            (translate("Affinity", "Virtual machines"), "\n".join(lines)),
            *common_facts(group),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What groups are for."""
        words = translate(
            "Affinity", "A group keeps machines apart, so that one host's failure takes only one."
        )
        return "vector-link", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Affinity", "Make affinity group")

    def start_creating(self) -> None:
        """Open the sheet that makes a group."""

        def make() -> FormSheet:
            form = AffinityForm()
            form.show_requests({KIND: {"name": free_name("group", self.shell.cache.all(KIND))}})
            spec = SheetSpec(
                operation=f"{KIND}.create", button=self.create_title(), fixed={"id": new_id()}
            )
            return FormSheet(self.shell, form, spec)

        show_sheet(self.shell.window, "create-affinity-group", make)
