"""The list of user groups: users that have roles together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from appliance.protocol import tenancy as t
from appliance.protocol.ids import new_id
from desktop import texts
from desktop.models.columns import Column
from desktop.operation_titles import operation_title
from desktop.pages.accounts import WithRoles, open_sheet, role_actions
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage
from desktop.wizard.pages_basic import NamePage

KIND = "group"


class UserChoice(StepPage):
    """One of some users."""

    names = ("member",)

    def __init__(self, title: str, name: str, users: Sequence[t.User]) -> None:
        super().__init__(title, name)
        items = [(user.name, user.id) for user in sorted(users, key=lambda one: one.name)]
        self.user = self.add_choice("user_id", translate("UserGroups", "User"), items)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """Who was chosen."""
        return {"user_id": self.user.currentData() or ""}

    def review(self) -> bool:
        """There must be one to choose."""
        is_there = self.user.count() > 0
        words = translate("UserGroups", "There is none to choose.")
        self.tell("user_id", "" if is_there else words)
        return is_there


def _member_actions() -> list[Action]:
    """Put users into a group, and take them out."""

    def change(verb: str, fits: Callable[[t.User, t.Group], bool]) -> Any:
        async def run(shell: Shell, groups: list[Any]) -> None:
            group, operation = groups[0], f"group.{verb}"
            users = [user for user in shell.cache.all("user") if fits(user, group)]
            title = operation_title(operation)
            spec = SheetSpec(operation=operation, button=title, fixed={"id": group.id})
            open_sheet(
                shell, f"{verb}-{group.id}", lambda: UserChoice(title, group.name, users), spec
            )

        return run

    def may_join(user: t.User, group: t.Group) -> bool:
        return user.account_id == group.account_id and user.id not in group.user_ids

    return [
        Action(
            name="add_user",
            title=translate("UserGroups", "Put a user in …"),
            icon="account-plus-outline",
            run=change("add_user", may_join),
            is_single=True,
            is_main=True,
        ),
        Action(
            name="remove_user",
            title=translate("UserGroups", "Take a user out …"),
            icon="account-minus-outline",
            run=change("remove_user", lambda user, group: user.id in group.user_ids),
            is_single=True,
            is_main=True,
        ),
    ]


class UserGroupPage(WithRoles):
    """Users who have roles together."""

    kind = KIND

    def title(self) -> str:
        """The page's title."""
        return translate("UserGroups", "User groups")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="account",
                title=translate("Accounts", "Account"),
                text=lambda one: self.shell.cache.name("account", one.account_id) or "–",
                width=160,
            ),
            Column(
                name="users",
                title=translate("Accounts", "Users"),
                text=lambda one: texts.number(len(one.user_ids)),
                key=lambda one: len(one.user_ids),
                is_right=True,
                width=80,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Members, roles, edit and delete."""
        return [
            *_member_actions(),
            *role_actions("group_id"),
            edit_action(KIND),
            delete_action(KIND),
        ]

    def facts(self, group: t.Group) -> list[tuple[str, str]]:
        """What the detail shows."""
        cache = self.shell.cache
        users = sorted(cache.name("user", ref) or ref for ref in group.user_ids)
        return [
            (translate("Accounts", "Account"), cache.name("account", group.account_id)),
            (translate("Accounts", "Users"), "\n".join(users)),
            (translate("Accounts", "Roles"), self._roles(group)),
            *common_facts(group),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What groups are for."""
        words = translate("UserGroups", "What a group may do, all its users may do.")
        return "account-multiple-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("UserGroups", "Make user group")

    def start_creating(self) -> None:
        """Open the sheet that makes a group."""

        def make() -> StepPage:
            form = NamePage(
                "group", translate("UserGroups", "New user group"), self.empty_words()[1]
            )
            name = free_name(translate("UserGroups", "group"), self.shell.cache.all(KIND))
            form.show_requests({"group": {"name": name, "description": ""}})
            return form

        spec = SheetSpec(
            operation="group.create", button=self.create_title(), fixed={"id": new_id()}
        )
        open_sheet(self.shell, "create-user-group", make, spec)
