"""What the guest of a machine tells of itself, below the machine's facts."""

from __future__ import annotations

import concurrent.futures
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.guests import GuestFileSystem, GuestInfo
from desktop import texts
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.facts import FactGrid
from desktop.widgets.labels import Label

# A guest is asked now and then while it is looked at; one that does not answer, more seldom.
REFRESH_MS = 30_000
AGAIN_MS = 60_000


class GuestFacts(QWidget):
    """Follows one machine: it asks the guest while it runs and is seen."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._vm: r.Vm | None = None
        self._pending: concurrent.futures.Future[Any] | None = None
        self.facts = FactGrid()
        self.silence = Label(
            translate(
                "Guest",
                "The guest has no agent that answers: with qemu-guest-agent in it, its addresses "
                "and file systems are shown here, and passwords can be set.",
            ),
            "small",
        )
        self.silence.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 16, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(Label(translate("Guest", "Inside the guest"), "strong"))
        layout.addWidget(self.facts)
        layout.addWidget(self.silence)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self.hide()

    def set_vm(self, vm: r.Vm | None) -> None:
        """Show another machine, or a new version of the same."""
        is_another = vm is None or self._vm is None or vm.id != self._vm.id
        self._vm = vm
        if is_another or not self._is_live():
            self._cancel()
            self.hide()
        if self._is_live() and self._pending is None and not self._timer.isActive():
            self._timer.start(0)

    def show_info(self, told: GuestInfo) -> None:
        """Show what a guest tells."""
        self.facts.setVisible(told.is_answering)
        self.silence.setVisible(not told.is_answering)
        if told.is_answering:
            self.facts.set_facts(facts_of(told))
        self.show()

    def _is_live(self) -> bool:
        return self._vm is not None and self._vm.state == r.VmState.RUNNING

    def _ask(self) -> None:
        vm, parent = self._vm, self.parentWidget()
        if vm is None or not self._is_live() or not self._shell.ref.is_set:
            return
        if parent is None or not parent.isVisible():
            self._timer.start(REFRESH_MS)
            return

        def arrived(told: GuestInfo) -> None:
            self._pending = None
            if self._vm is not None and self._vm.id == vm.id and self._is_live():
                self.show_info(told)
                self._timer.start(REFRESH_MS if told.is_answering else AGAIN_MS)

        def failed(_error: BaseException) -> None:
            # What is shown stays; a lost connection has its own bar.
            self._pending = None
            self._timer.start(AGAIN_MS)

        call = self._shell.ref.call("vm.guest_info", id=vm.id)
        self._pending = self._shell.bridge.fetch(call, arrived, failed)

    def _cancel(self) -> None:
        self._timer.stop()
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None


def facts_of(told: GuestInfo) -> list[tuple[str, str]]:
    """What a guest tells, as names and values."""
    nics = [
        f"{nic.name}: {', '.join(nic.addresses) or '–'}" for nic in told.nics if nic.name != "lo"
    ]
    return [
        (translate("Guest", "System"), told.os),
        (translate("Guest", "Kernel"), told.kernel),
        (translate("Guest", "Host name"), told.hostname),
        (translate("Guest", "Addresses"), "\n".join(nics)),
        (translate("Guest", "File systems"), "\n".join(map(_file_system, told.file_systems))),
    ]


def _file_system(one: GuestFileSystem) -> str:
    words = translate("Guest", "{place} ({kind}): {used} of {total} used")
    if not one.total_bytes:
        return f"{one.mount_point} ({one.kind})"
    return words.format(
        place=one.mount_point,
        kind=one.kind,
        used=texts.size(one.used_bytes),
        total=texts.size(one.total_bytes),
    )
