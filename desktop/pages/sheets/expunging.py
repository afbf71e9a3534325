"""The sheet that asks before machines are deleted for good; refusals stand in place."""

from __future__ import annotations

import contextlib
from typing import Any

from PySide6.QtGui import QShowEvent

from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol.errors import ApiError
from desktop import texts
from desktop.net.bridge import single_flight
from desktop.pages.base import Shell
from desktop.pages.sheets.deleting import preview_words
from desktop.pages.vm_bulk import act, tell
from desktop.texts import translate
from desktop.widgets.confirm import ConfirmForGood
from desktop.widgets.sheet import show_sheet

SHOWN_NAMES = 5


async def expunge(shell: Shell, vms: list[Any]) -> None:
    """Open the sheet for these machines."""
    key = "expunge-" + ",".join(vm.id for vm in vms)  # never the sheet of other machines
    show_sheet(shell.window, key, lambda: ExpungeSheet(shell, vms))


class ExpungeSheet(ConfirmForGood):
    """Stays open until the service has accepted, and shows why it has not."""

    def __init__(self, shell: Shell, vms: list[r.Vm]) -> None:
        name = vms[0].name
        if len(vms) > 1:
            name = translate("VmActions", "{count} virtual machines").format(count=len(vms))
        super().__init__(
            translate("VmActions", "Delete {name} for good").format(name=name),
            own_consequences(vms),
            name,
            translate("VmActions", "Delete for good"),
            shell.window,
        )
        self._shell, self._vms = shell, vms

    def showEvent(self, event: QShowEvent) -> None:
        """Ask the service what it would do to others; until it answers, what is known stands."""
        super().showEvent(event)
        shell = self._shell
        if len(self._vms) == 1:
            call = shell.ref.call("deletion.preview", kind="vm", id=self._vms[0].id)
            # If it cannot say, nothing is lost: a refusal of the deletion itself is shown.
            shell.bridge.fetch(call, self._previewed, lambda _error: None)

    def _previewed(self, found: results.Consequences | None) -> None:
        if found is None or not found.items:
            return
        with contextlib.suppress(RuntimeError):  # the sheet was left meanwhile
            own = own_consequences(self._vms)
            self.set_consequences([*own[:-1], *preview_words(found), own[-1]])
            self.adjustSize()

    def carry_out(self) -> None:
        """Ask the service, and leave when it has accepted."""
        self._shell.bridge.spawn(self._expunge())

    @single_flight
    async def _expunge(self) -> None:
        self.set_busy(busy=True)
        self.error.clear()
        try:
            jobs = await act(self._shell, "expunge", self._vms)
        except (ApiError, OSError) as error:
            self.set_busy(busy=False)
            self.error.show_error(error)
            self.field.setFocus()
            return
        if jobs:
            tell(self._shell, "expunge", len(self._vms), jobs[0])
        self.accept()


def own_consequences(vms: list[r.Vm]) -> list[str]:
    """What becomes of the machines, one sentence each."""
    disks = sum(volume.size_bytes for vm in vms for volume in vm.volumes)
    lines = [
        translate("VmActions", "The virtual machine and its disks ({size}) are deleted.").format(
            size=texts.size(disks)
        ),
        translate("VmActions", "Its addresses become free for others."),
        translate("VmActions", "Nobody can bring them back."),
    ]
    if len(vms) > 1:
        names = ", ".join(vm.name for vm in vms[:SHOWN_NAMES])
        if len(vms) > SHOWN_NAMES:
            names += " …"
        lines.insert(0, names)
    return lines
