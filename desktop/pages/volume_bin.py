"""The recycle bin of volumes: when they go for good, and how to get them back."""

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

POLICY, PERIOD = "recycle_bin.volume_policy", "recycle_bin.volume_period_s"


class VolumeBinPage(BinPage):
    """Volumes that were moved to the recycle bin."""

    kind = "volume"
    state_kind = "volume"
    layout_name = "volume_bin"
    policy_setting, period_setting = POLICY, PERIOD

    def title(self) -> str:
        """The page's title."""
        return translate("RecycleBin", "Deleted volumes")

    def belongs(self, volume: r.Volume) -> bool:
        """What was deleted and has not gone yet."""
        return volume.deleted_at is not None

    def actions_of(self) -> list[Action]:
        """Recover and delete for good."""

        async def recover(shell: Shell, volumes: list[Any]) -> None:
            await call_each(shell, "volume.recover", volumes)

        return [
            Action(
                name="recover",
                title=translate("VmActions", "Recover"),
                icon="delete-restore",
                run=recover,
                reason=_reason,
                is_main=True,
            ),
            delete_action("volume", group=0, verb="expunge", is_main=True),
        ]

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="deleted",
                title=translate("RecycleBin", "Moved here"),
                text=lambda volume: texts.minute(volume.deleted_at),
                key=lambda volume: volume.deleted_at or volume.created_at,
                is_searched=False,
                width=144,
            ),
            Column(
                name="goes",
                title=translate("RecycleBin", "Goes for good"),
                text=self.goes,
                key=lambda volume: volume.deleted_at or volume.created_at,
                is_searched=False,
                width=208,
            ),
            size_column("size", translate("Volumes", "Size"), lambda one: one.size_bytes),
            id_column(),
        ]

    def facts(self, volume: r.Volume) -> list[tuple[str, str]]:
        """What the detail shows."""
        return [
            (translate("RecycleBin", "Moved here"), texts.moment(volume.deleted_at)),
            (translate("RecycleBin", "Goes for good"), self.goes(volume)),
            (translate("Volumes", "Size"), texts.size(volume.size_bytes)),
            (translate("Volumes", "Host"), volume.host_name or "–"),
            *common_facts(volume),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What the recycle bin is for."""
        words = translate(
            "RecycleBin", "Volumes that are deleted come here first, and can be brought back."
        )
        return "delete-outline", words, ""

    def goes(self, volume: r.Volume) -> str:
        """When a volume is deleted for good by itself; a dash if that is not known."""
        return self.goes_words(volume.deleted_at)


def _reason(volume: r.Volume) -> str:
    if volume.status == r.VolumeStatus.DELETED:
        return ""
    return translate("RecycleBin", "It is being deleted for good.")
