"""What the recycle bins of images and volumes share: dates, recovery, deletion for good."""

from __future__ import annotations

from typing import Any

from desktop import texts
from desktop.models.columns import Column
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, id_column, name_column
from desktop.pages.recycle_bin import BinPage
from desktop.pages.sheets.deleting import delete_action
from desktop.texts import translate

DELETED = "deleted"  # the status of what rests; other ones are on their way out


class DeletedResourcesPage(BinPage):
    """Resources of a kind that say by `deleted_at` when they were moved to the recycle bin.

    Subclasses name the kind, and may show more.
    """

    def more_columns(self) -> list[Column]:
        """What is shown between the dates and the id."""
        return []

    def more_facts(self, one: Any) -> list[tuple[str, str]]:
        """What the detail shows below the dates."""
        return []

    def belongs(self, one: Any) -> bool:
        """What was deleted and has not gone yet."""
        return one.deleted_at is not None

    def actions_of(self) -> list[Action]:
        """Recover and delete for good."""

        async def recover(shell: Shell, found: list[Any]) -> None:
            await call_each(shell, f"{self.kind}.recover", found)

        return [
            Action(
                name="recover",
                title=translate("VmActions", "Recover"),
                icon="delete-restore",
                run=recover,
                reason=_reason,
                is_main=True,
            ),
            delete_action(self.kind, group=0, verb="expunge", is_main=True),
        ]

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="deleted",
                title=translate("RecycleBin", "Moved here"),
                text=lambda one: texts.minute(one.deleted_at),
                key=lambda one: one.deleted_at or one.created_at,
                is_searched=False,
                width=144,
            ),
            Column(
                name="goes",
                title=translate("RecycleBin", "Goes for good"),
                text=self.goes,
                key=lambda one: one.deleted_at or one.created_at,
                is_searched=False,
                width=208,
            ),
            *self.more_columns(),
            id_column(),
        ]

    def facts(self, one: Any) -> list[tuple[str, str]]:
        """What the detail shows."""
        return [
            (translate("RecycleBin", "Moved here"), texts.moment(one.deleted_at)),
            (translate("RecycleBin", "Goes for good"), self.goes(one)),
            *self.more_facts(one),
            *common_facts(one),
        ]

    def goes(self, one: Any) -> str:
        """When one is deleted for good by itself; a dash if that is not known."""
        return self.goes_words(one.deleted_at)


def _reason(one: Any) -> str:
    if one.status == DELETED:
        return ""
    return translate("RecycleBin", "It is being deleted for good.")
