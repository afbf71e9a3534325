"""The list of what is shared, and the sheet that shares a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol import tenancy as t
from desktop import texts
from desktop.models.columns import Column
from desktop.net.cache import Cache
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.common import created_column, id_column
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage

KIND = "share"
EVERYBODY = ""


def _kind_words(kind: str) -> str:
    words = texts.word(f"kind.{kind}")
    return words[:1].upper() + words[1:]


class ShareForm(StepPage):
    """What to share, and with whom; accounts that one does not see are named by their id."""

    names = ("share",)

    def __init__(self, cache: Cache) -> None:
        super().__init__(
            translate("Shares", "Share a resource"),
            translate("Shares", "Others may see and use it; they cannot change it."),
        )
        self.resource = self.add_choice(
            "resource_id",
            translate("Shares", "Resource"),
            [
                (f"{_kind_words(kind)}: {one.name}", f"{kind} {one.id}")
                for kind in sorted(t.SHAREABLE)
                for one in sorted(cache.all(kind), key=lambda one: one.name)
            ],
        )
        accounts = sorted(cache.all("account"), key=lambda one: one.name)
        self.account = self.add_choice(
            "account",
            translate("Shares", "With"),
            [
                (translate("Shares", "Everybody"), EVERYBODY),
                *((account.name, account.id) for account in accounts),
            ],
        )
        self.other = self.add_line(
            "account_id",
            translate("Shares", "Or the id of another account"),
            translate("Shares", "They are told their id by: anyun session get"),
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        kind, _, ref = (self.resource.currentData() or "").partition(" ")
        account = self.other.text().strip() or self.account.currentData() or None
        return {"kind": kind, "resource_id": ref, "account_id": account}

    def review(self) -> bool:
        """There must be something to share."""
        is_there = self.resource.count() > 0
        words = translate("Shares", "There is nothing that you could share.")
        self.tell("resource_id", "" if is_there else words)
        return is_there


class SharePage(ResourcePage):
    """What others may use, and what one may use of others."""

    kind = KIND

    def title(self) -> str:
        """The page's title."""
        return translate("Shares", "Shares")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            Column(
                name="name",
                title=translate("Shares", "Resource"),
                text=lambda one: one.resource_name or one.resource_id,
                width=208,
            ),
            Column(
                name="kind",
                title=translate("Shares", "Kind"),
                text=lambda one: _kind_words(one.kind),
                width=144,
            ),
            Column(name="account", title=translate("Shares", "With"), text=self._with, width=176),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Share no longer."""

        async def delete(shell: Shell, shares: list[Any]) -> None:
            await call_each(shell, "share.delete", shares)

        return [
            Action(
                name="delete",
                title=translate("Shares", "Share no longer"),
                icon="share-off-outline",
                run=delete,
                shortcut="Del",
                is_main=True,
            )
        ]

    def facts(self, share: t.Share) -> list[tuple[str, str]]:
        """What the detail shows."""
        cache = self.shell.cache
        return [
            (translate("Shares", "Resource"), share.resource_name),
            (translate("Shares", "Kind"), _kind_words(share.kind)),
            (translate("Shares", "With"), self._with(share)),
            (translate("Shares", "Owner"), cache.name("account", share.owner_id)),
            (translate("Shares", "Since"), texts.moment(share.created_at)),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What sharing is for."""
        words = translate("Shares", "Images, networks and offerings can be used by other accounts.")
        return "share-variant-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Shares", "Share")

    def start_creating(self) -> None:
        """Open the sheet that shares something."""
        cache = self.shell.cache
        spec = SheetSpec(operation="share.create", button=self.create_title(), fixed={})
        open_sheet(self.shell, "create-share", lambda: ShareForm(cache), spec)

    def _with(self, share: t.Share) -> str:
        if share.account_id is None:
            return translate("Shares", "Everybody")
        return self.shell.cache.name("account", share.account_id) or share.account_id
