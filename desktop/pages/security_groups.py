"""The lists of security groups and of their rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol.ids import new_id
from desktop import texts
from desktop.models.columns import Column
from desktop.operation_titles import operation_title
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.resource_page import ResourcePage
from desktop.pages.security_words import (
    direction_words,
    order_of,
    peer_words,
    ports_words,
    protocol_words,
    rule_words,
)
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.pages.sheets.security_group import GroupForm, edit_group, noting_words
from desktop.pages.sheets.security_rule import RuleForm
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet

GROUP, RULE = "security_group", "security_rule"


def names_in(shell: Shell) -> Callable[[str], str]:
    """The name of a security group by its id."""
    return lambda ref: shell.cache.name(GROUP, ref)


def groups_of(shell: Shell, owner_id: str) -> list[s.SecurityGroup]:
    """The security groups of an account, by name."""
    found = [one for one in shell.cache.all(GROUP) if one.owner_id == owner_id]
    return sorted(found, key=lambda one: one.name)


def add_rule(shell: Shell, group: s.SecurityGroup, proposed: s.SecurityRule | None = None) -> None:
    """Open the sheet that adds a rule to a group, filled in with a proposal."""

    def make() -> FormSheet:
        form = RuleForm(
            translate("Security", "New rule"),
            group.name,
            groups_of(shell, group.owner_id),
        )
        if proposed is not None:
            form.show_requests({"rule": {"rule": proposed}})
        spec = SheetSpec(
            operation="security_rule.create",
            button=translate("Security", "Add rule"),
            fixed={"id": new_id(), "security_group_id": group.id},
        )
        return FormSheet(shell, form, spec)

    show_sheet(shell.window, f"new-rule-{group.id}", make)


def change_rule(shell: Shell, rule: s.SecurityRule) -> None:
    """Open the sheet that changes a rule."""

    def make() -> FormSheet:
        form = RuleForm(
            operation_title("security_rule.update"),
            names_in(shell)(rule.security_group_id),
            groups_of(shell, rule.owner_id),
        )
        form.show_requests({"rule": {"rule": rule}})
        spec = SheetSpec(
            operation="security_rule.update",
            button=translate("Sheets", "Save"),
            fixed={"id": rule.id},
        )
        return FormSheet(shell, form, spec)

    show_sheet(shell.window, f"rule-{rule.id}", make)


class SecurityGroupPage(ResourcePage):
    """Firewalls that machines share."""

    kind = GROUP

    def title(self) -> str:
        """The page's title."""
        return translate("Security", "Security groups")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="rules",
                title=translate("Security", "Rules"),
                text=lambda one: texts.number(len(one.rules)),
                key=lambda one: len(one.rules),
                is_right=True,
                width=80,
            ),
            Column(
                name="vms",
                title=translate("Security", "Virtual machines"),
                text=lambda one: texts.number(one.vm_count),
                key=lambda one: one.vm_count,
                is_right=True,
                width=128,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Add a rule, edit and delete."""

        async def add(shell: Shell, groups: list[Any]) -> None:
            add_rule(shell, groups[0])

        return [
            Action(
                name="add_rule",
                title=translate("Security", "Add rule …"),
                icon="plus",
                run=add,
                is_single=True,
                is_main=True,
            ),
            edit_action(GROUP, run=edit_group),
            delete_action(GROUP),
        ]

    def facts(self, group: s.SecurityGroup) -> list[tuple[str, str]]:
        """What the detail shows: the rules in the order in which they are asked."""
        name_of = names_in(self.shell)

        def lines(direction: str) -> str:
            rules = sorted((one for one in group.rules if one.direction == direction), key=order_of)
            shown = [rule_words(rule, name_of) for rule in rules]
            return "\n".join([*shown, translate("Security", "everything else is refused")])

        vms = [vm.name for vm in self.shell.cache.all("vm") if _is_in(vm, group.id)]
        return [
            (direction_words("in"), lines("in")),
            (direction_words("out"), lines("out")),
            (translate("Security", "Virtual machines"), "\n".join(sorted(vms))),
            (translate("Security", "Refused packets"), noting_words(group)),
            *common_facts(group),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What groups are for."""
        words = translate("Security", "A security group says what may come to its machines.")
        return "shield-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Security", "Make security group")

    def start_creating(self) -> None:
        """Open the sheet that makes a group."""

        def make() -> FormSheet:
            intro = translate("Security", "What no rule allows is refused; answers always pass.")
            form = GroupForm(translate("Security", "New security group"), intro)
            name = free_name(translate("Security", "group"), self.shell.cache.all(GROUP))
            form.show_requests({"group": {"name": name, "description": "", "log_drops": False}})
            spec = SheetSpec(
                operation="security_group.create",
                button=self.create_title(),
                fixed={"id": new_id()},
            )
            sheet = FormSheet(self.shell, form, spec)
            sheet.resize(480, 360)
            return sheet

        show_sheet(self.shell.window, "create-security-group", make)


class SecurityRulePage(ResourcePage):
    """All rules of all groups: to look for one, to change it, to turn it off."""

    kind = RULE

    def title(self) -> str:
        """The page's title."""
        return translate("Security", "Security rules")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        name_of = names_in(self.shell)

        def text(name: str, title: str, words: Callable[[Any], str], width: int) -> Column:
            return Column(name=name, title=title, text=words, width=width)

        return [
            text(
                "group",
                translate("Security", "Security group"),
                lambda one: name_of(one.security_group_id),
                144,
            ),
            text(
                "direction",
                translate("Security", "Direction"),
                lambda one: direction_words(one.direction),
                96,
            ),
            text(
                "action",
                translate("Security", "Action"),
                lambda one: texts.word(f"rule.{one.action}"),
                80,
            ),
            Column(
                name="priority",
                title=translate("Security", "Priority"),
                text=lambda one: texts.number(one.priority),
                key=order_of,
                is_right=True,
                width=80,
            ),
            text(
                "protocol",
                translate("Security", "Protocol"),
                lambda one: protocol_words(one.protocol),
                112,
            ),
            text("ports", translate("Security", "Ports"), ports_words, 112),
            text(
                "peer",
                translate("Security", "The other end"),
                lambda one: peer_words(one, name_of),
                200,
            ),
            text(
                "enabled",
                translate("Security", "Holds"),
                lambda one: texts.word(f"state.{'enabled' if one.is_enabled else 'disabled'}"),
                80,
            ),
            text("description", translate("Security", "Description"), lambda x: x.description, 200),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Edit, turn on and off, delete."""

        async def edit(shell: Shell, rules: list[Any]) -> None:
            change_rule(shell, rules[0])

        def switch(*, is_enabled: bool) -> Any:
            async def run(shell: Shell, rules: list[Any]) -> None:
                for rule in rules:
                    call = shell.ref.call("security_rule.update", id=rule.id, is_enabled=is_enabled)
                    await shell.bridge.run(call)

            return run

        async def delete(shell: Shell, rules: list[Any]) -> None:
            for rule in rules:
                await shell.bridge.run(shell.ref.call("security_rule.delete", id=rule.id))

        def is_already(words: str, *, on: bool) -> Callable[[Any], str]:
            return lambda rule: words if rule.is_enabled is on else ""

        return [
            Action(
                name="edit",
                title=translate("Actions", "Edit …"),
                icon="pencil-outline",
                run=edit,
                shortcut="F2",
                is_single=True,
                is_main=True,
            ),
            Action(
                name="enable",
                title=translate("Security", "Let it hold"),
                icon="check-circle-outline",
                run=switch(is_enabled=True),
                reason=is_already(translate("Security", "It holds already."), on=True),
                is_main=True,
            ),
            Action(
                name="disable",
                title=translate("Security", "Turn it off"),
                icon="cancel",
                run=switch(is_enabled=False),
                reason=is_already(translate("Security", "It is off already."), on=False),
                is_main=True,
            ),
            Action(
                name="delete",
                title=translate("Security", "Delete rule"),
                icon="delete-outline",
                run=delete,
                shortcut="Del",
                group=1,
            ),
        ]

    def opened(self, rule: s.SecurityRule) -> None:
        """A double click changes the rule."""
        change_rule(self.shell, rule)

    def facts(self, rule: s.SecurityRule) -> list[tuple[str, str]]:
        """What the detail shows."""
        name_of = names_in(self.shell)
        return [
            (translate("Security", "Rule"), rule_words(rule, name_of)),
            (translate("Security", "Security group"), name_of(rule.security_group_id)),
            (translate("Security", "Description"), rule.description),
            (translate("Security", "Created"), texts.moment(rule.created_at)),
            (translate("Security", "ID"), rule.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """Where rules are made."""
        words = translate("Security", "Rules are added to a security group on its page.")
        return "shield-outline", words, ""


def _is_in(vm: r.Vm, group_id: str) -> bool:
    return any(group_id in nic.security_group_ids for nic in vm.nics)
