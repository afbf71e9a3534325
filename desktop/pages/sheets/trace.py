"""Why can't A reach B? Asks the service to follow a packet, and shows where it stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol.errors import ApiError
from desktop import texts
from desktop.net.bridge import single_flight
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

ADDRESS = ""


class TraceForm(StepPage):
    """Where to, by which protocol and port; and the way, once it is known."""

    names = ("trace",)

    def __init__(self, vm: r.Vm, others: Sequence[r.Vm]) -> None:
        super().__init__(
            translate("Security", "Why can’t it reach …?"),
            translate(
                "Security", "From {name}: the way of a packet through networks and rules."
            ).format(name=vm.name),
        )
        self.target = self.add_choice(
            "to_vm_id",
            translate("Security", "Where to"),
            [
                *((f"{one.name}  {_address(one)}".rstrip(), one.id) for one in others),
                (translate("Security", "Another address"), ADDRESS),
            ],
        )
        self.address = self.add_line(
            "to_address", translate("Security", "Address"), placeholder="192.168.100.20"
        )
        self.side_by_side("to_vm_id", "to_address")
        self.protocol = self.add_choice(
            "protocol",
            translate("Security", "Protocol"),
            [(one.upper(), one) for one in ("tcp", "udp", "icmp")],
        )
        self.port = QSpinBox()
        self.port.setRange(1, 65_535)
        self.port.setValue(22)
        self.port.valueChanged.connect(lambda _: self.chosen_by_hand())
        self.add_field("port", FormField(translate("Security", "Port"), self.port))
        self.side_by_side("protocol", "port")
        self._steps = QWidget()
        self.lines: list[Label] = []
        self._column = QVBoxLayout(self._steps)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.body.addWidget(self._steps)
        self.body.addStretch()
        self.review()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The question."""
        target, protocol = self.target.currentData(), self.protocol.currentData()
        return {
            "to_vm_id": target or None,
            "to_address": "" if target else self.address.text().strip(),
            "protocol": protocol,
            "port": None if protocol == "icmp" else self.port.value(),
        }

    def review(self) -> bool:
        """An address is needed if no machine is chosen."""
        is_address = self.target.currentData() == ADDRESS
        self.address.setEnabled(is_address)
        self.port.setEnabled(self.protocol.currentData() != "icmp")
        is_missing = is_address and not self.address.text().strip()
        self.tell("to_address", translate("Security", "Give an address.") if is_missing else "")
        return not is_missing

    def touched(self) -> None:
        """Another question: the former answer goes."""
        self.show_steps([])
        super().touched()

    def show_steps(self, steps: Sequence[s.TraceStep]) -> None:
        """Show the way, a line for each step."""
        for label in self.lines:
            self._column.removeWidget(label)
            label.deleteLater()
        self.lines = []
        for step in steps:
            sign = "✓" if step.is_passed else "✗"
            label = Label(f"{sign}  {texts.sentence(step.code, step.params)}")
            label.set_role("" if step.is_passed else "error")
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._column.addWidget(label)
            self.lines.append(label)


class TraceSheet(FormSheet):
    """Stays open and shows the answer; another question may follow."""

    @single_flight
    async def _submit(self) -> None:
        form = self.form
        assert isinstance(form, TraceForm)
        if not self._review():
            return
        self._set_busy(busy=True)
        self.error.clear()
        try:
            found: s.TraceResult = await self._work()
        except (ApiError, OSError) as error:
            self._set_busy(busy=False)
            self._show_error(error)
            return
        self._set_busy(busy=False)
        self._review()
        form.show_steps(found.steps)


def show_trace(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet for one machine."""

    def make() -> FormSheet:
        others = [
            one
            for one in shell.cache.all("vm")
            if one.id != vm.id and one.state != r.VmState.DESTROYED
        ]
        form = TraceForm(vm, sorted(others, key=lambda one: one.name))
        spec = SheetSpec(
            operation="vm.trace", button=translate("Security", "Follow"), fixed={"id": vm.id}
        )
        return TraceSheet(shell, form, spec)

    show_sheet(shell.window, f"trace-{vm.id}", make)


def _address(vm: r.Vm) -> str:
    return vm.nics[0].address if vm.nics else ""
