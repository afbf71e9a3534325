"""The recycle bin of volumes: when they go for good, and how to get them back."""

from __future__ import annotations

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.common import size_column
from desktop.pages.deleted_resources import DeletedResourcesPage
from desktop.texts import translate

POLICY, PERIOD = "recycle_bin.volume_policy", "recycle_bin.volume_period_s"


class VolumeBinPage(DeletedResourcesPage):
    """Volumes that were moved to the recycle bin."""

    kind = "volume"
    state_kind = "volume"
    layout_name = "volume_bin"
    policy_setting, period_setting = POLICY, PERIOD

    def title(self) -> str:
        """The page's title."""
        return translate("RecycleBin", "Deleted volumes")

    def more_columns(self) -> list[Column]:
        """How large they are."""
        return [size_column("size", translate("Volumes", "Size"), lambda one: one.size_bytes)]

    def more_facts(self, one: r.Volume) -> list[tuple[str, str]]:
        """How large it is, and where it lies."""
        return [
            (translate("Volumes", "Size"), texts.size(one.size_bytes)),
            (translate("Volumes", "Host"), one.host_name or "–"),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What the recycle bin is for."""
        words = translate(
            "RecycleBin", "Volumes that are deleted come here first, and can be brought back."
        )
        return "delete-outline", words, ""
