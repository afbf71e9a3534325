"""The recycle bin of images: when they go for good, and how to get them back."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.common import common_facts, id_column, name_column, size_column
from desktop.pages.recycle_bin import BinPage
from desktop.pages.sheets.deleting import delete_action
from desktop.texts import translate

POLICY, PERIOD = "recycle_bin.image_policy", "recycle_bin.image_period_s"


class ImageBinPage(BinPage):
    """Images that were moved to the recycle bin."""

    kind = "image"
    state_kind = "image"
    layout_name = "image_bin"
    policy_setting, period_setting = POLICY, PERIOD

    def title(self) -> str:
        """The page's title."""
        return translate("RecycleBin", "Deleted images")

    def belongs(self, image: r.Image) -> bool:
        """What was deleted and has not gone yet."""
        return image.deleted_at is not None

    def actions_of(self) -> list[Action]:
        """Recover and delete for good."""

        async def recover(shell: Shell, images: list[Any]) -> None:
            await call_each(shell, "image.recover", images)

        return [
            Action(
                name="recover",
                title=translate("VmActions", "Recover"),
                icon="delete-restore",
                run=recover,
                reason=_reason,
                is_main=True,
            ),
            delete_action("image", group=0, verb="expunge", is_main=True),
        ]

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="deleted",
                title=translate("RecycleBin", "Moved here"),
                text=lambda image: texts.minute(image.deleted_at),
                key=lambda image: image.deleted_at or image.created_at,
                is_searched=False,
                width=144,
            ),
            Column(
                name="goes",
                title=translate("RecycleBin", "Goes for good"),
                text=self.goes,
                key=lambda image: image.deleted_at or image.created_at,
                is_searched=False,
                width=208,
            ),
            size_column("size", translate("Images", "File size"), lambda one: one.size_bytes),
            id_column(),
        ]

    def facts(self, image: r.Image) -> list[tuple[str, str]]:
        """What the detail shows."""
        users = sum(1 for vm in self.shell.cache.all("vm") if vm.image_id == image.id)
        return [
            (translate("RecycleBin", "Moved here"), texts.moment(image.deleted_at)),
            (translate("RecycleBin", "Goes for good"), self.goes(image)),
            (translate("Images", "File size"), texts.size(image.size_bytes)),
            (translate("Images", "Virtual machines made from it"), texts.number(users)),
            *common_facts(image),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What the recycle bin is for."""
        words = translate(
            "RecycleBin", "Images that are deleted come here first, and can be brought back."
        )
        return "delete-outline", words, ""

    def goes(self, image: r.Image) -> str:
        """When an image is deleted for good by itself; a dash if that is not known."""
        return self.goes_words(image.deleted_at)


def _reason(image: r.Image) -> str:
    if image.status == r.ImageStatus.DELETED:
        return ""
    return translate("RecycleBin", "It is being deleted for good.")
