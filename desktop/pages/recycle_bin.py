"""The recycle bin: destroyed machines, when they go for good, and how to get them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from appliance.protocol import resources as r
from appliance.protocol import results
from desktop import texts
from desktop.models.columns import Column
from desktop.net.cache import BINNED
from desktop.pages.actions import Action
from desktop.pages.common import id_column, name_column, size_column
from desktop.pages.resource_page import ResourcePage
from desktop.pages.vm_actions import recycle_actions
from desktop.pages.vms import disk_bytes
from desktop.texts import translate

POLICY, PERIOD = "recycle_bin.vm_policy", "recycle_bin.vm_period_s"


class BinPage(ResourcePage):
    """What was deleted of one kind, and when it goes for good; that is for the settings to say."""

    policy_setting: ClassVar[str]
    period_setting: ClassVar[str]
    _policy: str = ""
    _period_s: float = 0.0

    def goes_words(self, since: datetime | None) -> str:
        """When something in the bin since then goes for good; a dash if that is not known."""
        if not self._policy or since is None:
            return "–"
        if self._policy == "never":
            return translate("RecycleBin", "never: it is kept for ever")
        if self._policy != "delay":
            return translate("RecycleBin", "not by itself")
        return texts.minute(since + timedelta(seconds=self._period_s))

    def showEvent(self, event: Any) -> None:
        """How long things are kept may have been changed."""
        super().showEvent(event)
        if self.shell.ref.is_set:
            call = self.shell.ref.call("setting.show")
            # Who may not read the settings sees a dash.
            self.shell.bridge.fetch(call, self._settings_arrived, lambda _error: None)

    def _settings_arrived(self, found: results.SettingList | None) -> None:
        values = {one.name: one.value for one in found.items} if found is not None else {}
        self._policy = str(values.get(self.policy_setting, ""))
        self._period_s = float(values.get(self.period_setting, 0))
        self.model.texts_changed()
        self._selection_changed()


class RecycleBinPage(BinPage):
    """Virtual machines that were moved to the recycle bin."""

    kind = "vm"
    state_kind = "vm"
    layout_name = "recycle_bin"
    policy_setting, period_setting = POLICY, PERIOD

    def title(self) -> str:
        """The page's title."""
        return translate("RecycleBin", "Recycle bin")

    def belongs(self, vm: r.Vm) -> bool:
        """What was destroyed, and what is being deleted for good."""
        return vm.state in BINNED

    def actions_of(self) -> list[Action]:
        """Recover and delete for good."""
        return recycle_actions(group=0, is_main=True)

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="state",
                title=translate("Vms", "State"),
                text=lambda vm: texts.word(f"vm.state.{vm.state.value}"),
                state=lambda vm: ("vm", vm.state.value),
                width=160,
            ),
            Column(
                name="destroyed",
                title=translate("RecycleBin", "Moved here"),
                text=lambda vm: texts.minute(vm.destroyed_at),
                key=lambda vm: vm.destroyed_at or vm.created_at,
                is_searched=False,
                width=144,
            ),
            Column(
                name="goes",
                title=translate("RecycleBin", "Goes for good"),
                text=self.goes,
                key=lambda vm: vm.destroyed_at or vm.created_at,
                is_searched=False,
                width=208,
            ),
            size_column("disk", translate("Vms", "Disk"), disk_bytes),
            Column(
                name="image",
                title=translate("Vms", "Image"),
                text=lambda vm: vm.image_name or "–",
                width=144,
            ),
            id_column(),
        ]

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """None: there are few."""
        return []

    def facts(self, vm: r.Vm) -> list[tuple[str, str]]:
        """What the detail shows."""
        return [
            (translate("RecycleBin", "Moved here"), texts.moment(vm.destroyed_at)),
            (translate("RecycleBin", "Goes for good"), self.goes(vm)),
            (translate("Vms", "Disk"), texts.size(disk_bytes(vm))),
            (translate("Vms", "Image"), vm.image_name),
            (translate("Vms", "Created"), texts.moment(vm.created_at)),
            (translate("Vms", "Description"), vm.description),
            (translate("Vms", "ID"), vm.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What the recycle bin is for."""
        words = translate(
            "RecycleBin",
            "Virtual machines that are deleted come here first, and can be brought back.",
        )
        return "delete-outline", words, ""

    def goes(self, vm: r.Vm) -> str:
        """When a machine is deleted for good by itself; a dash if that is not known."""
        return self.goes_words(vm.destroyed_at)
