"""The lists of accounts and users: who logs in, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QLineEdit

from appliance.protocol import resources as r
from appliance.protocol import tenancy as t
from appliance.protocol.ids import new_id
from desktop.models.columns import Column
from desktop.operation_titles import operation_title
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import (
    common_facts,
    created_column,
    id_column,
    name_column,
    state_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.pages.usage import change_quotas
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page import Request, StepPage


def kind_words(account: r.Account) -> str:
    """What an account is for."""
    if account.kind == "administrator":
        return translate("Accounts", "administrator")
    return translate("Accounts", "tenant")


class LoginForm(StepPage):
    """Name, description and password of somebody new; an account has a kind as well."""

    names = ("login",)

    def __init__(self, title: str, intro: str, *, has_kind: bool) -> None:
        super().__init__(title, intro)
        self.name = self.add_line("name", translate("Accounts", "Name to log in with"))
        self.description = self.add_line("description", translate("Accounts", "Description"))
        kinds = [
            (translate("Accounts", "Tenant: has resources of its own"), "tenant"),
            (translate("Accounts", "Administrator: runs the cloud"), "administrator"),
        ]
        title = translate("Accounts", "Kind")
        self.kind = self.add_choice("kind", title, kinds) if has_kind else None
        self.password = _password_line(self)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        found = {
            "name": self.name.text(),
            "description": self.description.text(),
            "password": self.password.text(),
        }
        return found if self.kind is None else found | {"kind": self.kind.currentData()}

    def review(self) -> bool:
        """A name and a password are needed."""
        return self.review_names() and bool(self.password.text())


class PasswordForm(StepPage):
    """Another password for somebody."""

    names = ("password",)

    def __init__(self, title: str, name: str) -> None:
        super().__init__(title, name)
        self.password = _password_line(self)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the field says."""
        return {"password": self.password.text()}

    def review(self) -> bool:
        """It must not be empty; whether it is good enough is for the service to say."""
        return bool(self.password.text())


class RoleChoice(StepPage):
    """One of some roles."""

    names = ("role",)

    def __init__(self, title: str, name: str, roles: list[t.Role]) -> None:
        super().__init__(title, name)
        items = [(role.name, role.id) for role in sorted(roles, key=lambda one: one.name)]
        self.role = self.add_choice("id", translate("Accounts", "Role"), items)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What was chosen."""
        return {"id": self.role.currentData() or ""}

    def review(self) -> bool:
        """There must be one to choose."""
        is_there = self.role.count() > 0
        self.tell("id", "" if is_there else translate("Accounts", "There is none to choose."))
        return is_there


def _password_line(form: StepPage) -> QLineEdit:
    field = form.add_line("password", translate("Accounts", "Password"))
    field.setEchoMode(QLineEdit.EchoMode.Password)
    return field


def open_sheet(shell: Shell, key: str, form: Callable[[], StepPage], spec: SheetSpec) -> None:
    """Open a form in a sheet of its own, or bring it to front."""
    show_sheet(shell.window, key, lambda: FormSheet(shell, form(), spec))


def _login_actions(kind: str) -> list[Action]:
    """What can be done with whoever logs in."""

    def switch(verb: str) -> Any:
        async def run(shell: Shell, found: list[Any]) -> None:
            for one in found:
                await shell.bridge.run(shell.ref.call(f"{kind}.{verb}", id=one.id))

        return run

    async def set_password(shell: Shell, found: list[Any]) -> None:
        one, operation = found[0], f"{kind}.set_password"
        title = operation_title(operation)
        spec = SheetSpec(
            operation=operation, button=translate("Sheets", "Save"), fixed={"id": one.id}
        )
        open_sheet(shell, f"password-{one.id}", lambda: PasswordForm(title, one.name), spec)

    def has(state: r.State, words: str) -> Callable[[Any], str]:
        return lambda one: words if one.state is state else ""

    return [
        Action(
            name="enable",
            title=translate("Accounts", "Let log in again"),
            icon="check-circle-outline",
            run=switch("enable"),
            reason=has(r.State.ENABLED, translate("Accounts", "It is enabled already.")),
            is_main=True,
        ),
        Action(
            name="disable",
            title=translate("Accounts", "Log out and let log in no more"),
            icon="cancel",
            run=switch("disable"),
            reason=has(r.State.DISABLED, translate("Accounts", "It is disabled already.")),
            is_main=True,
        ),
        Action(
            name="password",
            title=translate("Accounts", "Set password …"),
            icon="key-outline",
            run=set_password,
            is_single=True,
            group=1,
        ),
    ]


def role_actions(field: str) -> list[Action]:
    """Give roles, and take them away; `field` says to what."""

    def change(verb: str, fits: Callable[[t.Role, Any], bool]) -> Any:
        async def run(shell: Shell, found: list[Any]) -> None:
            one, operation = found[0], f"role.{verb}"
            roles = [role for role in shell.cache.all("role") if fits(role, one)]
            spec = SheetSpec(
                operation=operation,
                button=operation_title(operation),
                fixed={field: one.id},
            )
            title = operation_title(operation)
            open_sheet(shell, f"{verb}-{one.id}", lambda: RoleChoice(title, one.name, roles), spec)

        return run

    return [
        Action(
            name="give_role",
            title=translate("Accounts", "Give a role …"),
            icon="shield-plus-outline",
            run=change("attach", lambda role, one: role.id not in one.role_ids),
            is_single=True,
            group=1,
        ),
        Action(
            name="take_role",
            title=translate("Accounts", "Take a role away …"),
            icon="shield-remove-outline",
            run=change("detach", lambda role, one: role.id in one.role_ids),
            is_single=True,
            group=1,
        ),
    ]


class WithRoles(ResourcePage):
    """A page of those who can be given roles."""

    def _roles(self, one: Any) -> str:
        names = [self.shell.cache.name("role", ref) or ref for ref in one.role_ids]
        return "\n".join(sorted(names))


class AccountPage(WithRoles):
    """Those who own resources, for administrators."""

    kind = "account"

    def title(self) -> str:
        """The page's title."""
        return translate("Accounts", "Accounts")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(name="kind", title=translate("Accounts", "Kind"), text=kind_words, width=128),
            state_column(),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Log-in, quotas, roles, edit and delete."""
        quotas = Action(
            name="quotas",
            title=translate("Accounts", "Quotas …"),
            icon="gauge",
            run=change_quotas,
            is_single=True,
            is_main=True,
        )
        return [
            *_login_actions("account"),
            quotas,
            *role_actions("account_id"),
            edit_action("account"),
            delete_action("account"),
        ]

    def facts(self, account: r.Account) -> list[tuple[str, str]]:
        """What the detail shows."""
        cache = self.shell.cache
        users = sorted(one.name for one in cache.all("user") if one.account_id == account.id)
        return [
            (translate("Accounts", "Kind"), kind_words(account)),
            (translate("Accounts", "Users"), "\n".join(users)),
            (translate("Accounts", "Roles"), self._roles(account)),
            *common_facts(account),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What accounts are for."""
        words = translate("Accounts", "An account owns resources and has quotas.")
        return "account-group-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Accounts", "Make account")

    def start_creating(self) -> None:
        """Open the sheet that makes an account."""
        title, intro = translate("Accounts", "New account"), self.empty_words()[1]
        spec = SheetSpec(
            operation="account.create", button=self.create_title(), fixed={"id": new_id()}
        )
        form = lambda: LoginForm(title, intro, has_kind=True)  # noqa: E731
        open_sheet(self.shell, "create-account", form, spec)


class UserPage(WithRoles):
    """People who log in as `name@account`."""

    kind = "user"

    def title(self) -> str:
        """The page's title."""
        return translate("Accounts", "Users")

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
            state_column(),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Log-in, roles, edit and delete."""
        return [
            *_login_actions("user"),
            *role_actions("user_id"),
            edit_action("user"),
            delete_action("user"),
        ]

    def facts(self, user: t.User) -> list[tuple[str, str]]:
        """What the detail shows."""
        account = self.shell.cache.name("account", user.account_id)
        return [
            (translate("Accounts", "Account"), account),
            (translate("Accounts", "Roles"), self._roles(user)),
            *common_facts(user),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What users are for."""
        words = translate("Accounts", "A user logs in as name@account and may do what roles allow.")
        return "account-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Accounts", "Make user")

    def start_creating(self) -> None:
        """Open the sheet that makes a user of one's own account."""
        title, intro = translate("Accounts", "New user"), self.empty_words()[1]
        spec = SheetSpec(
            operation="user.create", button=self.create_title(), fixed={"id": new_id()}
        )
        form = lambda: LoginForm(title, intro, has_kind=False)  # noqa: E731
        open_sheet(self.shell, "create-user", form, spec)
