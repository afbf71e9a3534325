"""The disks of a machine, in a tab of its detail: what each is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.pages.common import id_column, name_column, size_column
from desktop.pages.sheets import volumes as sheets
from desktop.pages.tab import PartsTab
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
            text=lambda one: {"virtio_scsi": "SCSI", "sata": "SATA"}.get(one.bus, str(one.bus)),
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


class DisksTab(PartsTab):
    """All disks of one machine, as they are now."""

    def __init__(self, shell: Shell) -> None:
        declared = volume_actions(
            shell.cache, at_machine=True, is_administrator=shell.is_administrator
        )
        super().__init__(shell, declared)
        self._vm: r.Vm | None = None
        self.model = TableModel(disk_columns(), self)
        self.table = ResourceTable(self.model, "vm-disks", shell.settings)
        self.new_button = FlatButton(translate("Volumes", "New volume …"), "plus")
        self.new_button.clicked.connect(lambda: self._with_vm(sheets.create))
        self.attach_button = FlatButton(translate("Volumes", "Attach volume …"), "link-variant")
        self.attach_button.clicked.connect(lambda: self._with_vm(sheets.add_to))
        self.table.selection_changed.connect(self._refresh)
        layout = self.build((self.new_button, self.attach_button))
        self.drives = DrivesStrip(shell)
        layout.addWidget(self.drives)

    def view(self) -> ResourceTable:
        """What shows them."""
        return self.table

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
        self.refresh_actions()
        reason = add_reason(self._vm)
        for button in (self.new_button, self.attach_button):
            button.setEnabled(not reason)
            button.setToolTip(reason)

    def _with_vm(self, open_sheet: Callable[[Shell, r.Vm], None]) -> None:
        if self._vm is not None:
            open_sheet(self._shell, self._vm)


def add_reason(vm: r.Vm | None) -> str:
    """Why a machine gets no further disk now; empty if it does."""
    if vm is None:
        return translate("Actions", "Nothing is selected.")
    if vm.state not in sheets.ATTACHES:
        return translate("Volumes", "This needs a machine that is running, paused or stopped.")
    return ""
