"""Sheets of snapshots: take one, go back to one, make a volume of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QCheckBox

from appliance.protocol import resources as r
from appliance.protocol.ids import new_id
from appliance.protocol.snapshots import Snapshot
from desktop import texts
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

KIND = "snapshot"


class TakeForm(StepPage):
    """Name and description, and whether the guest shall be asked to hold still."""

    names = (KIND,)

    def __init__(self, cache: Cache, what: str, *, asks_guest: bool) -> None:
        super().__init__(translate("Snapshots", "New snapshot"), what)
        self.name = self.add_line("name", translate("Snapshots", "Name"))
        self.name.setText(free_name(translate("Snapshots", "snapshot"), cache.all(KIND)))
        self.description = self.add_line("description", translate("Snapshots", "Description"))
        self.quiesce = QCheckBox(
            translate("Snapshots", "Let the guest's agent freeze its file systems meanwhile")
        )
        self.quiesce.setChecked(True)
        self.quiesce.toggled.connect(lambda _: self.chosen_by_hand())
        if asks_guest:
            hint = translate(
                "Snapshots",
                "Without an agent it is as if the power had gone at that instant: the guest's "
                "journal puts it right at its next start.",
            )
            self.add_field(
                "quiesce", FormField(translate("Snapshots", "Consistency"), self.quiesce, hint)
            )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {
            "name": self.name.text().strip(),
            "description": self.description.text().strip(),
            "quiesce": self.quiesce.isChecked(),
        }

    def review(self) -> bool:
        """A name is needed."""
        return self.review_names()


class RevertForm(StepPage):
    """Whether what is there now is kept; it is, unless somebody says otherwise."""

    names = (KIND,)

    def __init__(self, cache: Cache, snapshot: Snapshot, what: str) -> None:
        title = translate("Snapshots", "Go back to {name}").format(name=snapshot.name)
        super().__init__(title, what)
        self.keep = QCheckBox(translate("Snapshots", "Keep what is there now as a snapshot"))
        self.keep.setChecked(True)
        self.add_field("keep", FormField(translate("Snapshots", "What is there now"), self.keep))
        self.name = self.add_line("save_as", translate("Snapshots", "Its name"))
        words = translate("Snapshots", "before going back").format(name=snapshot.name)
        self.name.setText(free_name(words, cache.all(KIND)))
        self.keep.toggled.connect(self._kept)

    def _kept(self, is_kept: bool) -> None:
        self.name.setEnabled(is_kept)
        lost = translate("Snapshots", "What was written since is lost for good.")
        self.fields["keep"].set_problem("" if is_kept else lost)
        self.chosen_by_hand()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The name of the snapshot that keeps it, if one shall."""
        return {"save_as": self.name.text().strip()} if self.keep.isChecked() else {}

    def review(self) -> bool:
        """What is kept needs a name."""
        is_named = bool(self.name.text().strip()) or not self.keep.isChecked()
        self.tell("save_as", "" if is_named else translate("Snapshots", "A name is needed."))
        return is_named


class CopyForm(StepPage):
    """The name of the new volume."""

    names = ("volume",)

    def __init__(self, cache: Cache, snapshot: Snapshot) -> None:
        words = translate(
            "Snapshots", "A data disk of {size} that holds what {name} holds, and shares nothing."
        )
        super().__init__(
            translate("Snapshots", "New volume of a snapshot"),
            words.format(size=texts.size(snapshot.size_bytes), name=snapshot.name),
        )
        self.name = self.add_line("name", translate("Snapshots", "Name"))
        self.name.setText(free_name(snapshot.name, cache.all("volume")))

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What the field says."""
        return {"name": self.name.text().strip()}

    def review(self) -> bool:
        """A name is needed."""
        return self.review_names()


def take(shell: Shell, volume: r.Volume) -> None:
    """Open the sheet that takes a snapshot of a volume."""
    words = translate("Snapshots", "Of the volume {name}, also while its machine runs.")
    what = words.format(name=volume.name)
    spec = SheetSpec(
        operation="snapshot.create",
        button=translate("Snapshots", "Take snapshot"),
        fixed={"id": new_id(), "volume_id": volume.id},
    )
    key = f"snapshot-{volume.id}"
    asks = volume.vm_id is not None
    open_sheet(shell, key, lambda: TakeForm(shell.cache, what, asks_guest=asks), spec)


def take_all(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that takes a snapshot of all disks of a machine."""
    words = translate("Snapshots", "Of all disks of {name} at one instant, also while it runs.")
    what = words.format(name=vm.name)
    spec = SheetSpec(
        operation="vm.create_snapshot",
        button=translate("Snapshots", "Take snapshot"),
        fixed={"id": vm.id},
    )
    key = f"snapshot-{vm.id}"
    open_sheet(shell, key, lambda: TakeForm(shell.cache, what, asks_guest=True), spec)


def revert(shell: Shell, snapshot: Snapshot) -> None:
    """Open the sheet that lets a volume go back."""
    words = translate("Snapshots", "The volume {name} holds again what it held at {moment}.")
    what = words.format(name=snapshot.volume_name, moment=texts.minute(snapshot.created_at))
    spec = SheetSpec(
        operation="snapshot.revert",
        button=operation_title("snapshot.revert"),
        fixed={"id": snapshot.id},
    )
    key = f"revert-{snapshot.id}"
    open_sheet(shell, key, lambda: RevertForm(shell.cache, snapshot, what), spec)


def revert_all(shell: Shell, vm: r.Vm, snapshot: Snapshot) -> None:
    """Open the sheet that lets all disks of a machine go back."""
    words = translate("Snapshots", "All disks of {name} hold again what they held at {moment}.")
    what = words.format(name=vm.name, moment=texts.minute(snapshot.created_at))
    spec = SheetSpec(
        operation="vm.revert_snapshot",
        button=operation_title("vm.revert_snapshot"),
        fixed={"id": vm.id, "snapshot_id": snapshot.id},
    )
    key = f"revert-{snapshot.group_id}"
    open_sheet(shell, key, lambda: RevertForm(shell.cache, snapshot, what), spec)


def copy(shell: Shell, snapshot: Snapshot) -> None:
    """Open the sheet that makes a volume of a snapshot."""
    spec = SheetSpec(
        operation="volume.create",
        button=translate("Snapshots", "Make volume"),
        fixed={"id": new_id(), "snapshot_id": snapshot.id},
    )
    open_sheet(shell, f"copy-{snapshot.id}", lambda: CopyForm(shell.cache, snapshot), spec)
