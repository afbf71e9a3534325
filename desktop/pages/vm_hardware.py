"""The hardware of a machine, in a tab of its detail: what it has, and what waits for its start."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from desktop import texts
from desktop.pages.base import Shell
from desktop.pages.creating_vm.boot import firmware_choices, order_words
from desktop.pages.creating_vm.cpu import mode_choices, nested_words
from desktop.pages.sheets.hardware import show_hardware, show_size
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.facts import FactGrid
from desktop.widgets.labels import Label

S = r.VmState
RESIZABLE = (S.RUNNING, S.STOPPED)
CHANGEABLE = (S.RUNNING, S.PAUSED, S.STOPPED)


class HardwareTab(QWidget):
    """Facts in two columns; two buttons; what becomes so at the next start."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._vm: r.Vm | None = None
        self.facts = FactGrid()
        self.pending = Label("", "warn")
        self.nested = Label(nested_words(), "muted")
        self.size_button = FlatButton(translate("Hardware", "Change size …"), "resize")
        self.change_button = FlatButton(translate("Hardware", "Change hardware …"), "chip")
        self.size_button.clicked.connect(lambda: self._with_vm(show_size))
        self.change_button.clicked.connect(lambda: self._with_vm(show_hardware))
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(self.size_button)
        bar.addWidget(self.change_button)
        bar.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(bar)
        layout.addWidget(self.pending)
        layout.addWidget(self.facts)
        layout.addWidget(self.nested)
        layout.addStretch()

    def show_vm(self, vm: r.Vm | None) -> None:
        """Show the hardware of a machine, or of its new version."""
        self._vm = vm
        self.facts.set_facts([] if vm is None else hardware_facts(vm))
        waiting = pending_words(vm)
        self.pending.setText(waiting)
        self.pending.setVisible(bool(waiting))
        self.nested.setVisible(vm is not None and vm.hardware.nested)
        for button, states in (
            (self.size_button, RESIZABLE),
            (self.change_button, CHANGEABLE),
        ):
            reason = refused_in(vm, states)
            button.setEnabled(not reason)
            button.setToolTip(reason)

    def _with_vm(self, open_sheet: Callable[[Shell, r.Vm], None]) -> None:
        if self._vm is not None:
            open_sheet(self._shell, self._vm)


def refused_in(vm: r.Vm | None, states: tuple[r.VmState, ...]) -> str:
    """Why a machine cannot be changed now; empty if it can."""
    if vm is None:
        return translate("Actions", "Nothing is selected.")
    if vm.state in states:
        return ""
    needed = ", ".join(texts.word(f"vm.state.{one.value}") for one in states)
    return translate("Hardware", "This needs a machine that is: {states}.").format(states=needed)


def hardware_facts(vm: r.Vm) -> list[tuple[str, str]]:
    """What a machine has, in words."""
    has = vm.hardware
    none = translate("Hardware", "no more than it has")
    firmware = {value: words for words, value in firmware_choices()}
    modes = {value: words for words, value in mode_choices()}
    mode = f"{modes[has.cpu_mode]}: {has.cpu_model}" if has.cpu_model else modes[has.cpu_mode]
    one = has.topology
    shape = f"{one.sockets} × {one.cores} × {one.threads}" if one else ""
    yes, no = translate("Hardware", "yes"), translate("Hardware", "no")
    grows_cpus = texts.cpus(has.max_cpu_count) if has.max_cpu_count > vm.cpu_count else none
    grows = texts.size(has.max_memory_bytes) if has.max_memory_bytes > vm.memory_bytes else none
    return [
        (field_words()["size"], f"{texts.cpus(vm.cpu_count)}, {texts.size(vm.memory_bytes)}"),
        (field_words()["max_cpu_count"], grows_cpus),
        (field_words()["max_memory_bytes"], grows),
        (field_words()["cpu_mode"], mode),
        (field_words()["nested"], yes if has.nested else no),
        (field_words()["topology"], shape),
        (field_words()["firmware"], firmware[has.firmware]),
        (field_words()["tpm"], yes if has.tpm else no),
        (field_words()["boot_order"], order_words(has.boot_order)),
        (
            field_words()["cpu_pins"],
            "\n".join(f"{pin.cpu} → {pin.host_cpus}" for pin in has.cpu_pins),
        ),
        (
            field_words()["numa"],
            "\n".join(f"{cell.cpus}: {texts.size(cell.memory_bytes)}" for cell in has.numa),
        ),
    ]


def pending_words(vm: r.Vm | None) -> str:
    """What a running machine has only from its next start on; empty if there is nothing."""
    if vm is None or not vm.hardware.pending:
        return ""
    names = field_words()
    fields = ", ".join(dict.fromkeys(names.get(one, one) for one in vm.hardware.pending))
    return translate("Hardware", "From its next start on: {fields}.").format(fields=fields)


def field_words() -> dict[str, str]:
    """The fields of hardware by their names."""
    return {
        "size": translate("CreateVm", "Size"),
        "firmware": translate("Hardware", "Firmware"),
        "tpm": "TPM 2.0",
        "boot_order": translate("Hardware", "Boots from"),
        "cpu_mode": translate("Hardware", "Processor"),
        "cpu_model": translate("Hardware", "Processor model"),
        "nested": translate("Hardware", "Nested virtualisation"),
        "topology": translate("Hardware", "Sockets × cores × threads"),
        "cpu_pins": translate("Hardware", "CPUs bound to those of the host"),
        "numa": translate("Hardware", "NUMA nodes"),
        "max_cpu_count": translate("Hardware", "CPUs it may grow to"),
        "max_memory_bytes": translate("Hardware", "Memory it may grow to"),
    }
