"""Snapshots, in a tab of machines and of volumes: the tree, and what can be done with its nodes."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from appliance.protocol.snapshots import Snapshot, SnapshotStatus
from desktop import texts
from desktop.models.snapshot_rows import tree_rows
from desktop.net.cache import Cache
from desktop.pages import actions as acts
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.sheets import snapshots as sheets
from desktop.pages.sheets.deleting import show_delete
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.images import make_image
from desktop.pages.tab import PartsTab
from desktop.pages.vm_create import create_vm
from desktop.pages.volume_actions import busy_reason, in_states
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.snapshot_tree import SnapshotTree

V = r.VmState


def volume_of(cache: Cache, snapshot: Snapshot) -> r.Volume | None:
    """The volume of a snapshot; root disks are known by their machines."""
    found = cache.get("volume", snapshot.volume_id)
    if found is not None:
        return found
    disks = (disk for vm in cache.all("vm") for disk in vm.volumes)
    return next((disk for disk in disks if disk.id == snapshot.volume_id), None)


def ready_reason(snapshot: Snapshot) -> str:
    """Why a snapshot cannot be used; empty if it can."""
    if snapshot.status is SnapshotStatus.READY:
        return ""
    return texts.word(f"snapshot.status.{snapshot.status.value}")


def delete_reason(snapshot: Snapshot) -> str:
    """Why a snapshot cannot be deleted now; what could not be merged can be tried again."""
    return "" if snapshot.status is SnapshotStatus.HIDDEN else ready_reason(snapshot)


def revert_reason(cache: Cache) -> acts.Reason:
    """A reason function: its volume must rest, and the machine be off."""

    def reason(snapshot: Snapshot) -> str:
        if words := ready_reason(snapshot):
            return words
        volume = volume_of(cache, snapshot)
        if volume is None:
            return ""
        if words := busy_reason(volume):
            return words
        vm = cache.get("vm", volume.vm_id)
        if vm is None or vm.state is V.STOPPED:
            return ""
        words = translate("Snapshots", "Stop {vm} first: it would go on with what it remembers.")
        return words.format(vm=vm.name)

    return reason


def take_reason(cache: Cache, volume: r.Volume) -> str:
    """Why no snapshot can be taken of a volume now; empty if one can."""
    if volume.status is r.VolumeStatus.NOT_MADE:
        return translate("Snapshots", "It is not made yet: there is nothing in it.")
    return in_states(cache, V.RUNNING, V.PAUSED, V.STOPPED)(volume)


def snapshot_actions(cache: Cache) -> list[Action]:
    """What can be done with a snapshot, in the order of bar and menu."""
    goes_back = revert_reason(cache)
    is_single = translate("Snapshots", "It was not taken of all disks of a machine.")

    def machine_of(snapshot: Snapshot) -> r.Vm | None:
        volume = volume_of(cache, snapshot)
        return None if volume is None else cache.get("vm", volume.vm_id)

    def all_reason(snapshot: Snapshot) -> str:
        if not snapshot.group_id or machine_of(snapshot) is None:
            return is_single
        return goes_back(snapshot)

    async def revert(shell: Shell, snapshots: list[Any]) -> None:
        sheets.revert(shell, snapshots[0])

    async def revert_all(shell: Shell, snapshots: list[Any]) -> None:
        vm = machine_of(snapshots[0])
        if vm is not None:
            sheets.revert_all(shell, vm, snapshots[0])

    async def delete(shell: Shell, snapshots: list[Any]) -> None:
        show_delete(shell, "snapshot", snapshots[0])

    return [
        Action(
            name="revert",
            title=translate("Snapshots", "Go back to it …"),
            icon="backup-restore",
            run=revert,
            reason=goes_back,
            is_single=True,
        ),
        Action(
            name="revert_all",
            title=translate("Snapshots", "Go back with all disks …"),
            icon="restore",
            run=revert_all,
            reason=all_reason,
            is_single=True,
        ),
        *making_actions(cache),
        edit_action("snapshot"),
        Action(
            name="delete",
            title=translate("Actions", "Delete …"),
            icon="delete-outline",
            run=delete,
            reason=delete_reason,
            shortcut="Del",
            is_single=True,
            group=2,
        ),
    ]


def making_actions(cache: Cache) -> list[Action]:
    """What can be made of a snapshot."""

    def start_reason(snapshot: Snapshot) -> str:
        if words := ready_reason(snapshot):
            return words
        volume = volume_of(cache, snapshot)
        is_root = volume is not None and volume.kind == "root"
        return "" if is_root else translate("Snapshots", "No machine starts from a data disk.")

    async def copy(shell: Shell, snapshots: list[Any]) -> None:
        sheets.copy(shell, snapshots[0])

    async def image(shell: Shell, snapshots: list[Any]) -> None:
        volume = volume_of(cache, snapshots[0])
        if volume is not None:
            make_image(shell, volume, snapshots[0])

    async def create(shell: Shell, snapshots: list[Any]) -> None:
        create_vm(shell, snapshots[0])

    return [
        Action(
            name="copy",
            title=translate("Snapshots", "New volume of it …"),
            icon="content-copy",
            run=copy,
            reason=ready_reason,
            is_single=True,
        ),
        Action(
            name="image",
            title=translate("Snapshots", "New image of it …"),
            icon="disc",
            run=image,
            reason=ready_reason,
            is_single=True,
        ),
        Action(
            name="create",
            title=translate("Snapshots", "New VM of it …"),
            icon="monitor",
            run=create,
            reason=start_reason,
            is_single=True,
        ),
    ]


class SnapshotsTab(PartsTab):
    """The trees of a volume, or of all disks of a machine, as they are now."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell, snapshot_actions(shell.cache))
        self._vm: r.Vm | None = None
        self._volumes: list[r.Volume] = []
        self.tree = SnapshotTree()
        self.take_button = FlatButton(translate("Snapshots", "Take snapshot …"), "camera-plus")
        self.take_button.clicked.connect(self._take)
        self.tree.chosen.connect(self._refresh)
        self.build((self.take_button,))
        shell.cache.changed.connect(lambda kind, *_: self._follow(kind))
        shell.cache.loaded.connect(self._follow)

    def view(self) -> SnapshotTree:
        """What shows them."""
        return self.tree

    def show_vm(self, vm: r.Vm | None) -> None:
        """Show the trees of all disks of a machine."""
        self._show(vm, [] if vm is None else list(vm.volumes))

    def show_volume(self, volume: r.Volume | None) -> None:
        """Show the tree of a volume."""
        self._show(None, [] if volume is None else [volume])

    def _show(self, vm: r.Vm | None, volumes: list[r.Volume]) -> None:
        self._vm, self._volumes = vm, volumes
        self._draw()

    def _follow(self, kind: str) -> None:
        if kind == "snapshot":
            self._draw()
        elif kind in ("vm", "volume"):
            self._refresh()  # what can be done depends on them

    def _draw(self) -> None:
        mine = {volume.id for volume in self._volumes}
        known = [one for one in self._shell.cache.all("snapshot") if one.volume_id in mine]
        is_machine = self._vm is not None
        self.tree.show_rows(tree_rows(self._volumes, known, with_heads=is_machine))
        self._refresh()

    def _refresh(self) -> None:
        self.refresh_actions()
        reason = self._take_reason()
        self.take_button.setEnabled(not reason)
        self.take_button.setToolTip(reason)

    def _take_reason(self) -> str:
        if not self._volumes:
            return translate("Actions", "Nothing is selected.")
        reasons = (take_reason(self._shell.cache, volume) for volume in self._volumes)
        return next(filter(None, reasons), "")

    def _take(self) -> None:
        if self._vm is not None:
            sheets.take_all(self._shell, self._vm)
        elif self._volumes:
            sheets.take(self._shell, self._volumes[0])
