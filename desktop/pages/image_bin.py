"""The recycle bin of images: when they go for good, and how to get them back."""

from __future__ import annotations

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.common import size_column
from desktop.pages.deleted_resources import DeletedResourcesPage
from desktop.texts import translate

POLICY, PERIOD = "recycle_bin.image_policy", "recycle_bin.image_period_s"


class ImageBinPage(DeletedResourcesPage):
    """Images that were moved to the recycle bin."""

    kind = "image"
    state_kind = "image"
    layout_name = "image_bin"
    policy_setting, period_setting = POLICY, PERIOD

    def title(self) -> str:
        """The page's title."""
        return translate("RecycleBin", "Deleted images")

    def more_columns(self) -> list[Column]:
        """How large they are."""
        return [size_column("size", translate("Images", "File size"), lambda one: one.size_bytes)]

    def more_facts(self, one: r.Image) -> list[tuple[str, str]]:
        """How large it is, and who needs it."""
        users = sum(1 for vm in self.shell.cache.all("vm") if vm.image_id == one.id)
        return [
            (translate("Images", "File size"), texts.size(one.size_bytes)),
            (translate("Images", "Virtual machines made from it"), texts.number(users)),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What the recycle bin is for."""
        words = translate(
            "RecycleBin", "Images that are deleted come here first, and can be brought back."
        )
        return "delete-outline", words, ""
