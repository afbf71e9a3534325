"""The CD drives of a machine, below its disks: what is in them, put in and taken out."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.guests import CD_DRIVES
from desktop import texts
from desktop.pages.base import Shell
from desktop.pages.sheets.discs import show_insert
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label

CHANGEABLE = (r.VmState.RUNNING, r.VmState.PAUSED, r.VmState.STOPPED)


class DriveRow(QWidget):
    """One drive."""

    def __init__(self, shell: Shell, slot: int) -> None:
        super().__init__()
        self._shell, self._slot = shell, slot
        self._vm: r.Vm | None = None
        self._disc: r.CdDrive | None = None
        title = translate("Discs", "CD drive {number}").format(number=slot + 1)
        self.content = Label("", "body")
        self.insert = FlatButton(translate("Discs", "Insert …"), "disc", "quiet")
        self.eject = FlatButton(translate("Discs", "Eject"), "eject-outline", "quiet")
        self.force = FlatButton(translate("Discs", "Eject by force"), "", "quiet")
        self.force.setToolTip(
            translate("Discs", "Also if the guest still reads the disc and has locked the drive.")
        )
        self.insert.clicked.connect(self._insert)
        self.eject.clicked.connect(lambda: self._eject(force=False))
        self.force.clicked.connect(lambda: self._eject(force=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(12)
        layout.addWidget(Label(title, "small"))
        layout.addWidget(self.content)
        layout.addStretch()
        for button in (self.insert, self.eject, self.force):
            layout.addWidget(button)

    def show_vm(self, vm: r.Vm | None) -> None:
        """Show what is in the drive of a machine now."""
        self._vm = vm
        discs = [] if vm is None else [disc for disc in vm.cds if disc.slot == self._slot]
        self._disc = disc = discs[0] if discs else None
        words = translate("Discs", "empty") if disc is None else disc.image_name or disc.image_id
        if disc is not None and disc.is_changing:
            words = translate("Discs", "{name}, just being changed").format(name=words)
        self.content.setText(words)
        reason = self._reason()
        self.insert.setVisible(disc is None)
        self.eject.setVisible(disc is not None)
        self.force.setVisible(disc is not None and vm is not None and vm.host_id is not None)
        for button in (self.insert, self.eject, self.force):
            button.setEnabled(not reason)
        for button in (self.insert, self.eject):
            button.setToolTip(reason)

    def _reason(self) -> str:
        """Why nothing can be changed now; empty if something can."""
        if self._vm is None:
            return translate("Actions", "Nothing is selected.")
        if self._disc is not None and self._disc.is_changing:
            return translate("Discs", "It is just being changed.")
        if self._vm.state in CHANGEABLE:
            return ""
        needed = ", ".join(texts.word(f"vm.state.{one.value}") for one in CHANGEABLE)
        return translate("Discs", "The machine must be: {needed}.").format(needed=needed)

    def _insert(self) -> None:
        if self._vm is not None:
            show_insert(self._shell, self._vm, self._slot)

    def _eject(self, *, force: bool) -> None:
        if self._vm is None:
            return
        call = self._shell.ref.call("vm.detach_iso", id=self._vm.id, slot=self._slot, force=force)
        self._shell.bridge.spawn(self._shell.bridge.run(call))


class DrivesStrip(QWidget):
    """All drives of one machine."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.rows = [DriveRow(shell, slot) for slot in range(CD_DRIVES)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(0)
        for row in self.rows:
            layout.addWidget(row)

    def show_vm(self, vm: r.Vm | None) -> None:
        """Show the drives of a machine, or of its new version."""
        for row in self.rows:
            row.show_vm(vm)
