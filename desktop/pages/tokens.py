"""The list of API tokens; a new one is shown this one time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout

from appliance.protocol import tenancy as t
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, created_column, id_column, name_column
from desktop.pages.patterns import add_patterns
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

KIND = "token"
DAY_S = 24 * 3600
LONGEST_DAYS = 3650
PROPOSED_DAYS = 90


class TokenForm(StepPage):
    """Name, description, what it is good for, and for how long."""

    names = ("token",)

    def __init__(self) -> None:
        super().__init__(
            translate("Tokens", "New API token"),
            translate("Tokens", "For programs. It may do at most what you may."),
        )
        self.name = self.add_line("name", translate("Tokens", "Name"))
        self.description = self.add_line("description", translate("Tokens", "Description"))
        self.scopes = add_patterns(
            self,
            "scopes",
            translate("Tokens", "Good for"),
            translate("Tokens", "An operation on each line, such as vm.start, vm.* or *.list"),
        )
        self.days = QSpinBox()
        self.days.setRange(0, LONGEST_DAYS)
        self.days.setSpecialValueText(translate("Tokens", "without end"))
        self.days.setSuffix(" " + translate("Tokens", "days"))
        self.days.setValue(PROPOSED_DAYS)
        self.days.valueChanged.connect(lambda _: self.chosen_by_hand())
        self.add_field("expires_in_s", FormField(translate("Tokens", "Valid for"), self.days))

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        days = self.days.value()
        return {
            "name": self.name.text(),
            "description": self.description.text(),
            "scopes": self.scopes.patterns(),
            "expires_in_s": days * DAY_S if days else None,
        }

    def review(self) -> bool:
        """A name, and something that it is good for."""
        return self.review_names() and bool(self.scopes.patterns())


class SecretSheet(QDialog):
    """Shows a token once, with a button that copies it."""

    def __init__(self, shell: Shell, made: t.NewToken) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Tokens", "API token"))
        self.resize(560, 200)
        self.secret = QLineEdit(made.token)
        self.secret.setReadOnly(True)
        self.secret.setAccessibleName(translate("Tokens", "API token"))
        self.copy = FlatButton(translate("Tokens", "Copy"), "content-copy", "primary")
        self.copy.clicked.connect(self._copy)
        close = FlatButton(translate("Tokens", "Close"), "", "plain")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.copy)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(16)
        column.addWidget(Label(made.name, "title"))
        words = translate("Tokens", "Keep it now: it is never shown again.")
        column.addWidget(Label(words, "warn"))
        column.addWidget(self.secret)
        column.addStretch()
        column.addLayout(row)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.secret.text())
        self.copy.setText(translate("Tokens", "Copied"))


class TokenPage(ResourcePage):
    """API tokens of one's own; administrators see all."""

    kind = KIND

    def title(self) -> str:
        """The page's title."""
        return translate("Tokens", "API tokens")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="scopes",
                title=translate("Tokens", "Good for"),
                text=lambda one: ", ".join(one.scopes),
                width=280,
            ),
            Column(
                name="expires",
                title=translate("Tokens", "Valid until"),
                text=_expiry,
                is_searched=False,
                width=144,
            ),
            Column(
                name="used",
                title=translate("Tokens", "Last used"),
                text=lambda one: texts.minute(one.last_used_at) if one.last_used_at else "–",
                is_searched=False,
                width=144,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Delete: whoever uses it is refused from then on."""

        async def delete(shell: Shell, tokens: list[Any]) -> None:
            await call_each(shell, "token.delete", tokens)

        return [
            Action(
                name="delete",
                title=translate("Tokens", "Delete: it is good for nothing any more"),
                icon="delete-outline",
                run=delete,
                shortcut="Del",
                is_main=True,
            )
        ]

    def facts(self, token: t.Token) -> list[tuple[str, str]]:
        """What the detail shows."""
        cache = self.shell.cache
        return [
            (translate("Accounts", "Account"), cache.name("account", token.account_id)),
            (translate("Tokens", "Good for"), "\n".join(token.scopes)),
            (translate("Tokens", "Valid until"), _expiry(token)),
            (translate("Tokens", "Last used"), texts.moment(token.last_used_at)),
            *common_facts(token),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What tokens are for."""
        words = translate("Tokens", "A program logs in with a token instead of a password.")
        return "key-chain-variant", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Tokens", "Make API token")

    def start_creating(self) -> None:
        """Open the sheet that makes a token, and then show the token."""
        shell = self.shell

        def make() -> FormSheet:
            spec = SheetSpec(operation="token.create", button=self.create_title(), fixed={})
            sheet = FormSheet(shell, TokenForm(), spec)
            sheet.accepted_request.connect(lambda made: show_secret(shell, made))
            return sheet

        show_sheet(shell.window, "create-token", make)


def show_secret(shell: Shell, made: t.NewToken) -> None:
    """Show a token that was just made."""
    show_sheet(shell.window, f"secret-{made.id}", lambda: SecretSheet(shell, made))


def _expiry(token: t.Token) -> str:
    if token.expires_at is None:
        return translate("Tokens", "without end")
    return texts.minute(token.expires_at)
