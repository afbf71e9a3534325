"""The section of a machine's processor: which one, how far it may grow, where its CPUs run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QPlainTextEdit, QSpinBox

from appliance.protocol.cpusets import parse_cpus
from appliance.protocol.hardware import Hardware
from appliance.protocol.hardware_text import (
    hardware_item,
    parse_cell,
    parse_pin,
    parse_topology,
)
from desktop.net.cache import Cache
from desktop.pages.creating_vm.section import HardwareSection, MiB
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import line

LINES_HEIGHT = 48


class CpuDetails(HardwareSection):
    """Processor, nested virtualisation, room to grow, topology, pinning and NUMA."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self.title = translate("CreateVm", "CPU")
        self.mode, self.model = QComboBox(), QComboBox()
        for words, value in mode_choices():
            self.mode.addItem(words, value)
        self.model.setEditable(True)
        self.model.addItems(models_of(cache))
        self.model.setCurrentText("")
        self.nested = QCheckBox(translate("Hardware", "Nested virtualisation"))
        self.cost = Label(nested_words(), "muted")
        self.most_cpus, self.most_memory = QSpinBox(), QSpinBox()
        self.most_cpus.setRange(0, 1024)
        self.most_memory.setRange(0, 64 * 1024 * 1024)
        self.most_memory.setSingleStep(1024)
        self.most_memory.setSuffix(" MiB")
        for spin in (self.most_cpus, self.most_memory):
            spin.setSpecialValueText(translate("Hardware", "no more than it has"))
        self.topology = line(placeholder=translate("CreateVm", "chosen by the system"))
        self.pins, self.numa = _lines("0=0-3,8"), _lines("0-3=4G@1")
        self._build()

    def _build(self) -> None:
        self.row(
            (self.add("cpu_mode", translate("Hardware", "Processor"), self.mode), 1),
            (self.add("cpu_model", translate("Hardware", "Processor model"), self.model), 1),
        )
        self.watch(self.nested)
        self.body.addWidget(self.nested)
        self.body.addWidget(self.cost)
        cpus = translate("Hardware", "CPUs it may grow to while it runs")
        memory = translate("Hardware", "Memory it may grow to while it runs")
        self.row(
            (self.add("max_cpu_count", cpus, self.most_cpus), 1),
            (self.add("max_memory_bytes", memory, self.most_memory), 1),
        )
        topology = translate("Hardware", "Sockets × cores × threads")
        shape = translate("Hardware", "Like 1x4x2; together as many as it may have CPUs.")
        self.body.addWidget(self.add("topology", topology, self.topology, shape))
        pins = translate("Hardware", "CPUs bound to those of the host")
        pin_hint = translate("Hardware", "A line each: CPU=host CPUs, like 0=0-3,8.")
        self.body.addWidget(self.add("cpu_pins", pins, self.pins, pin_hint))
        numa = translate("Hardware", "NUMA nodes")
        numa_hint = translate("Hardware", "A line each: CPUs=memory@host node, like 0-3=4G@1.")
        self.body.addWidget(self.add("numa", numa, self.numa, numa_hint))
        self.model.editTextChanged.connect(lambda _: self.changed.emit())
        self.changed.connect(self._show)
        self._show()

    def load(self, hardware: Hardware) -> None:
        """Show what a machine has."""
        self.mode.setCurrentIndex(self.mode.findData(hardware.cpu_mode))
        self.model.setCurrentText(hardware.cpu_model)
        self.nested.setChecked(hardware.nested)
        self.most_cpus.setValue(hardware.max_cpu_count)
        self.most_memory.setValue(hardware.max_memory_bytes // MiB)
        one = hardware.topology
        self.topology.setText(f"{one.sockets}x{one.cores}x{one.threads}" if one else "")
        self.pins.setPlainText("\n".join(f"{one.cpu}={one.host_cpus}" for one in hardware.cpu_pins))
        cells = [
            {"cpus": one.cpus, "memory_bytes": one.memory_bytes, "host_node": one.host_node}
            for one in hardware.numa
        ]
        self.numa.setPlainText("\n".join(str(hardware_item(cell)) for cell in cells))
        self._show()

    def values(self) -> dict[str, Any]:
        """What is chosen; nothing for what cannot be read."""
        topology = self.topology.text().strip()
        return {
            "cpu_mode": self.mode.currentData(),
            "cpu_model": self.model.currentText().strip() if self._is_custom() else "",
            "nested": self.nested.isChecked(),
            "max_cpu_count": self.most_cpus.value(),
            "max_memory_bytes": self.most_memory.value() * MiB,
            "topology": _read(parse_topology, topology) if topology else None,
            "cpu_pins": [_read(_pin, text) for text in _texts(self.pins) if _read(_pin, text)],
            "numa": [_read(_cell, text) for text in _texts(self.numa) if _read(_cell, text)],
        }

    def problems(self) -> dict[str, str]:
        """What cannot be read, and what does not go together."""
        found: dict[str, str] = {}
        topology = self.topology.text().strip()
        if topology and _read(parse_topology, topology) is None:
            found["topology"] = translate("Hardware", "Write it like 1x4x2.")
        if self._is_custom() and not self.model.currentText().strip():
            found["cpu_model"] = translate("Hardware", "Name a processor model.")
        if any(_read(_pin, text) is None for text in _texts(self.pins)):
            found["cpu_pins"] = translate("Hardware", "Write each line like 0=0-3,8.")
        if any(_read(_cell, text) is None for text in _texts(self.numa)):
            found["numa"] = translate("Hardware", "Write each line like 0-3=4G or 0-3=4G@1.")
        if self.nested.isChecked() and self.mode.currentData() == "none":
            words = translate("Hardware", "The plain processor cannot run nested machines.")
            found["cpu_mode"] = words
        return found

    def summary(self) -> str:
        """What is not as usual."""
        words = [self.mode.currentText()] if self.mode.currentIndex() else []
        words += [translate("Hardware", "nested")] if self.nested.isChecked() else []
        words += [f"≤ {self.most_cpus.value()} CPU"] if self.most_cpus.value() else []
        return ", ".join(words)

    def _is_custom(self) -> bool:
        return self.mode.currentData() == "custom"

    def _show(self) -> None:
        self.fields["cpu_model"].setVisible(self._is_custom())
        self.cost.setVisible(self.nested.isChecked())


def mode_choices() -> list[tuple[str, str]]:
    """The CPU modes of machines, in words."""
    return [
        (translate("Hardware", "as the cluster says"), "cluster"),
        (translate("Hardware", "plain, for very old guests"), "none"),
        (translate("Hardware", "model nearest to the host's"), "host_model"),
        (translate("Hardware", "the host's own"), "host_passthrough"),
        (translate("Hardware", "a named model"), "custom"),
    ]


def nested_words() -> str:
    """What nested virtualisation gives, and what it costs."""
    return translate(
        "Hardware",
        "The guest can run virtual machines itself. Those are slower, above all their disks and "
        "networks; more of the hypervisor is within the guest's reach; and the machine migrates "
        "only to hosts with the same processor, with some kernels not at all while others run "
        "in it. Its host must have nesting switched on.",
    )


def models_of(cache: Cache) -> list[str]:
    """The named processors that any host can give."""
    return sorted({model for host in cache.all("host") for model in host.cpu_models})


def _lines(placeholder: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setPlaceholderText(placeholder)
    field.setFixedHeight(LINES_HEIGHT)
    field.setTabChangesFocus(True)
    return field


def _texts(field: QPlainTextEdit) -> Iterable[str]:
    return [text.strip() for text in field.toPlainText().splitlines() if text.strip()]


def _pin(text: str) -> dict[str, Any]:
    pin = parse_pin(text)
    parse_cpus(pin["host_cpus"])
    return pin


def _cell(text: str) -> dict[str, Any]:
    cell = parse_cell(text)
    parse_cpus(cell["cpus"])
    return cell


def _read(parse: Callable[[str], Any], text: str) -> Any:
    """What a text says, None if it cannot be read."""
    try:
        return parse(text)
    except ValueError:
        return None
