"""The list of roles: what those may do who are given them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol import tenancy as t
from appliance.protocol.ids import new_id
from desktop.models.columns import Column
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.patterns import add_patterns
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage


class RoleForm(StepPage):
    """A role: what it allows and denies, an operation or a pattern on each line."""

    names = ("role",)

    def __init__(self) -> None:
        super().__init__(
            translate("Accounts", "New role"),
            translate("Accounts", "Whoever is given it may do what it allows; a deny wins."),
        )
        self.name = self.add_line("name", translate("Accounts", "Name"))
        self.description = self.add_line("description", translate("Accounts", "Description"))
        hint = translate("Accounts", "An operation on each line, such as vm.start, vm.* or *.list")
        self.allow = add_patterns(self, "statements", translate("Accounts", "Allowed"), hint)
        self.deny = add_patterns(self, "deny", translate("Accounts", "Denied"), "")

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        parts = (("allow", self.allow), ("deny", self.deny))
        statements = [
            {"effect": effect, "operations": field.patterns()}
            for effect, field in parts
            if field.patterns()
        ]
        return {
            "name": self.name.text(),
            "description": self.description.text(),
            "statements": statements,
        }

    def review(self) -> bool:
        """A name, and something that is allowed or denied."""
        return self.review_names() and bool(self.allow.patterns() or self.deny.patterns())


class RolePage(ResourcePage):
    """What users and accounts may do."""

    kind = "role"

    def title(self) -> str:
        """The page's title."""
        return translate("Accounts", "Roles")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="statements",
                title=translate("Accounts", "What it says"),
                text=lambda one: "; ".join(_statement(part) for part in one.statements),
                width=400,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Edit and delete."""
        return [edit_action("role"), delete_action("role")]

    def facts(self, role: t.Role) -> list[tuple[str, str]]:
        """What the detail shows."""
        lines = [_statement(part) for part in role.statements]
        return [
            (translate("Accounts", "What it says"), "\n".join(lines)),
            *common_facts(role),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What roles are for."""
        words = translate("Accounts", "A role says what those may do who are given it.")
        return "shield-account-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Accounts", "Make role")

    def start_creating(self) -> None:
        """Open the sheet that makes a role."""
        spec = SheetSpec(
            operation="role.create", button=self.create_title(), fixed={"id": new_id()}
        )
        open_sheet(self.shell, "create-role", RoleForm, spec)


def _statement(part: t.Statement) -> str:
    operations = ", ".join(part.operations)
    if part.effect == "allow":
        words = translate("Accounts", "may: {operations}")
    else:
        words = translate("Accounts", "may not: {operations}")
    text = words.format(operations=operations)
    if part.resource_ids:
        only = translate("Accounts", "{text}, on {n} resources only")
        return only.format(text=text, n=len(part.resource_ids))
    return text
