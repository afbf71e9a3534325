"""The list of data disks; root disks are shown with their machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column, natural
from desktop.pages.actions import Action
from desktop.pages.common import (
    common_facts,
    created_column,
    id_column,
    name_column,
    size_column,
)
from desktop.pages.detail import Detail
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets import volumes as sheets
from desktop.pages.volume_actions import limit_words, volume_actions
from desktop.texts import translate


def status_of_volume() -> Column:
    """How far a volume is."""
    return Column(
        name="status",
        title=translate("Volumes", "Status"),
        text=lambda one: texts.word(f"volume.status.{one.status.value}"),
        state=lambda one: ("volume", one.status.value),
        width=136,
    )


def limits_column() -> Column:
    """The limits of a volume in short."""
    return Column(
        name="limits",
        title=translate("Volumes", "Limits in a second"),
        text=limit_words,
        is_searched=False,
        width=208,
    )


class VolumeDetail(Detail):
    """Facts of a volume, and its snapshots."""

    def add_more_tabs(self) -> None:
        """The tree of its snapshots."""
        from desktop.pages.snapshots import SnapshotsTab

        self.snapshots = SnapshotsTab(self.shell)
        self.add_tab(translate("Volumes", "Snapshots"), self.snapshots)

    def resource_changed(self) -> None:
        """Follow the volume."""
        self.snapshots.show_volume(self.resource)


class VolumePage(ResourcePage):
    """Data disks, and whose they are."""

    kind = "volume"
    state_kind = "volume"

    def make_detail(self) -> Detail:
        """Facts and snapshots."""
        return VolumeDetail(self.shell, self.facts, self.state_of)

    def belongs(self, volume: r.Volume) -> bool:
        """What was deleted is in the recycle bin."""
        return volume.deleted_at is None

    def title(self) -> str:
        """The page's title."""
        return translate("Volumes", "Volumes")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            status_of_volume(),
            size_column("size", translate("Volumes", "Size"), lambda one: one.size_bytes),
            Column(
                name="vm",
                title=translate("Volumes", "Virtual machine"),
                text=lambda one: self._vm_name(one) or "–",
                key=lambda one: natural(self._vm_name(one)),
                width=176,
            ),
            Column(
                name="host",
                title=translate("Volumes", "Host"),
                text=lambda one: one.host_name or "–",
                width=144,
            ),
            limits_column(),
            created_column(),
            id_column(),
        ]

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """By status."""
        return [
            (
                translate("Volumes", "Status"),
                lambda one: one.status.value,
                lambda value: texts.word(f"volume.status.{value}"),
            )
        ]

    def actions_of(self) -> list[Action]:
        """Attach, detach, grow, limit, move, edit, delete."""
        return volume_actions(self.shell.cache, is_administrator=self.shell.is_administrator)

    def opened(self, volume: r.Volume) -> None:
        """A double click leads to the machine that has it."""
        if volume.vm_id is not None:
            self.shell.go("vm", volume.vm_id)
        else:
            super().opened(volume)

    def facts(self, volume: r.Volume) -> list[tuple[str, str]]:
        """What the detail shows."""
        used = "–" if volume.used_bytes is None else texts.size(volume.used_bytes)
        by_id = f"/dev/disk/by-id/virtio-{volume.serial}"
        return [
            (translate("Volumes", "Size"), texts.size(volume.size_bytes)),
            (translate("Volumes", "Taken when last looked at"), used),
            (translate("Volumes", "Virtual machine"), self._vm_name(volume) or "–"),
            (translate("Volumes", "Host"), volume.host_name or "–"),
            (translate("Volumes", "Limits in a second"), limit_words(volume)),
            (translate("Volumes", "In Linux guests"), by_id),
            *common_facts(volume),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What they are for."""
        words = translate(
            "Volumes", "A volume is a disk that outlives its machine and can go to another."
        )
        return "database-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Volumes", "Make volume")

    def start_creating(self) -> None:
        """Open the sheet that makes one."""
        sheets.create(self.shell)

    def related_changed(self, kind: str) -> None:
        """What can be done depends on the state of machines."""
        if kind == "vm":
            self._selection_changed()

    def _vm_name(self, volume: r.Volume) -> str:
        """The machine's name as it is now: it may have been renamed since."""
        if volume.vm_id is None:
            return ""
        return self.shell.cache.name("vm", volume.vm_id) or volume.vm_name
