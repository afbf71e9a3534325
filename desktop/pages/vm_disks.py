"""The disks of a machine, in a tab of its detail: what each is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages import actions as acts
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.common import id_column, name_column, size_column
from desktop.pages.sheets import volumes as sheets
from desktop.pages.vm_drives import DrivesStrip
from desktop.pages.volume_actions import volume_actions
from desktop.pages.volumes import limits_column, status_of_volume
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.table import ResourceTable


def disk_columns() -> list[Column]:
    """The columns of the table."""
    return [
        name_column(),
        Column(
            name="kind",
            title=translate("Volumes", "Kind"),
            text=lambda one: texts.word(f"volume.kind.{one.kind}"),
            width=96,
        ),
        status_of_volume(),
        size_column("size", translate("Volumes", "Size"), lambda one: one.size_bytes),
        Column(
            name="bus",
            title=translate("Volumes", "Bus"),
            text=lambda one: "SCSI" if one.bus == "virtio_scsi" else str(one.bus),
            width=64,
        ),
        limits_column(),
        Column(
            name="serial",
            title=translate("Volumes", "Serial number"),
            text=lambda one: one.serial,
            width=176,
        ),
        id_column(),
    ]


class DisksTab(QWidget):
    """All disks of one machine, as they are now."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._vm: r.Vm | None = None
        self.model = TableModel(disk_columns(), self)
        self.actions_declared = volume_actions(
            shell.cache, at_machine=True, is_administrator=shell.is_administrator
        )
        self.qactions = acts.make_qactions(
            self.actions_declared,
            self,
            lambda action: acts.start(action, shell, self.table.selected()),
        )
        self.table = ResourceTable(self.model, "vm-disks", shell.settings)
        self.new_button = FlatButton(translate("Volumes", "New volume …"), "plus")
        self.new_button.clicked.connect(lambda: self._with_vm(sheets.create))
        self.attach_button = FlatButton(translate("Volumes", "Attach volume …"), "link-variant")
        self.attach_button.clicked.connect(lambda: self._with_vm(sheets.add_to))
        self.table.selection_changed.connect(self._refresh)
        self.table.menu_wanted.connect(
            lambda menu: acts.fill_menu(menu, self.actions_declared, self.qactions)
        )
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(8)
        bar.addWidget(self.new_button)
        bar.addWidget(self.attach_button)
        bar.addStretch()
        for action in self.actions_declared:
            bar.addWidget(self._button(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)
        self.drives = DrivesStrip(shell)
        layout.addWidget(self.drives)

    def show_vm(self, vm: r.Vm | None) -> None:
        """Show the disks of a machine, or of its new version."""
        is_another = vm is None or self._vm is None or vm.id != self._vm.id
        self._vm = vm
        self.drives.show_vm(vm)
        disks = [] if vm is None else list(vm.volumes)
        kept = {disk.id for disk in disks}
        gone = [disk.id for disk in self.model.resources() if disk.id not in kept]
        self.model.apply(disks, gone)
        if disks and (is_another or self.table.current() is None):
            self.table.select(disks[0].id)
        self._refresh()

    def _refresh(self) -> None:
        acts.refresh(self.actions_declared, self.qactions, self.table.selected())
        reason = add_reason(self._vm)
        for button in (self.new_button, self.attach_button):
            button.setEnabled(not reason)
            button.setToolTip(reason)

    def _with_vm(self, open_sheet: Callable[[Shell, r.Vm], None]) -> None:
        if self._vm is not None:
            open_sheet(self._shell, self._vm)

    def _button(self, action: Action) -> FlatButton:
        button = FlatButton("", action.icon, "quiet")
        button.setAccessibleName(action.title)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        qaction = self.qactions[action.name]
        button.clicked.connect(qaction.trigger)

        def follow() -> None:
            button.setEnabled(qaction.isEnabled())
            button.setToolTip(qaction.toolTip())

        qaction.changed.connect(follow)
        follow()
        return button


def add_reason(vm: r.Vm | None) -> str:
    """Why a machine gets no further disk now; empty if it does."""
    if vm is None:
        return translate("Actions", "Nothing is selected.")
    if vm.state not in sheets.ATTACHES:
        return translate("Volumes", "This needs a machine that is running, paused or stopped.")
    return ""
