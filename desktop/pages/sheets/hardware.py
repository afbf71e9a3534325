"""The sheets that change the hardware and the size of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtWidgets import QComboBox, QSpinBox

from appliance.protocol import resources as r
from appliance.protocol.hardware import MEMORY_STEP_BYTES, Hardware
from desktop import texts
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.creating_vm.boot import BootDetails
from desktop.pages.creating_vm.cpu import CpuDetails
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

MiB = 1024**2
OWN = "own"


class HardwareForm(StepPage):
    """Firmware, processor and room to grow; what is changed is sent."""

    names = ("hardware",)

    def __init__(self, vm: r.Vm, cache: Cache) -> None:
        words = (
            translate("Hardware", "{name} is off: it has this at once.")
            if vm.host_id is None
            else translate("Hardware", "{name} runs: it has this from its next start on.")
        )
        super().__init__(operation_title("vm.update_hardware"), words.format(name=vm.name))
        self._before = msgspec.to_builtins(vm.hardware)
        self.boot, self.cpu = BootDetails(), CpuDetails(cache)
        self.fields |= self.boot.fields | self.cpu.fields
        for section in (self.boot, self.cpu):
            section.load(vm.hardware)
            self.body.addWidget(Label(section.title, "strong"))
            self.body.addWidget(section)
            section.changed.connect(self.chosen_by_hand)
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The fields that are no longer as they were."""
        chosen = self.boot.values() | self.cpu.values()
        return {key: value for key, value in chosen.items() if value != self._before[key]}

    def review(self) -> bool:
        """Each part knows what goes together; something must have been changed."""
        fits = [section.review() for section in (self.boot, self.cpu)]
        return all(fits) and bool(self.values("hardware"))

    def field_of(self, problem: r.ErrorBody) -> FormField | None:
        """`numa[0].cpus` is of the field `numa`."""
        return self.fields.get((problem.field or "").partition("[")[0])


class SizeForm(StepPage):
    """An offering, or CPUs and memory; a machine that runs only grows."""

    names = ("size",)

    def __init__(self, vm: r.Vm, cache: Cache) -> None:
        super().__init__(operation_title("vm.resize"), size_words(vm))
        self._vm, self._cache = vm, cache
        self._is_on = vm.host_id is not None
        offerings = sorted(cache.all("instance_offering"), key=lambda one: one.name)
        choices = [
            (f"{one.name}: {texts.cpus(one.cpu_count)}, {texts.size(one.memory_bytes)}", one.id)
            for one in offerings
        ]
        own = (translate("CreateVm", "Own size"), OWN)
        self.offering: QComboBox = self.add_choice(
            "offering_id", translate("CreateVm", "Size"), [own, *choices]
        )
        self.cpus, self.memory = QSpinBox(), QSpinBox()
        self.cpus.setRange(1, 1024)
        self.cpus.setValue(vm.cpu_count)
        self.memory.setRange(32, 64 * 1024 * 1024)
        self.memory.setSingleStep(MEMORY_STEP_BYTES // MiB)
        self.memory.setSuffix(" MiB")
        self.memory.setValue(vm.memory_bytes // MiB)
        if self._is_on:
            self._keep_to_its_room()
        for spin in (self.cpus, self.memory):
            spin.valueChanged.connect(lambda _: self.chosen_by_hand())
        self.add_field("cpu_count", FormField(translate("CreateVm", "CPUs"), self.cpus))
        self.add_field("memory_bytes", FormField(translate("CreateVm", "Memory"), self.memory))
        self.side_by_side("cpu_count", "memory_bytes")
        self.body.addStretch()

    def _keep_to_its_room(self) -> None:
        vm = self._vm
        self.cpus.setRange(vm.cpu_count, max(vm.cpu_count, vm.hardware.max_cpu_count))
        most = max(vm.memory_bytes, vm.hardware.max_memory_bytes)
        self.memory.setRange(vm.memory_bytes // MiB, most // MiB)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """The offering, or the numbers."""
        if self.offering.currentData() != OWN:
            return {"offering_id": self.offering.currentData()}
        size = {"cpu_count": self.cpus.value(), "memory_bytes": self.memory.value() * MiB}
        before = {"cpu_count": self._vm.cpu_count, "memory_bytes": self._vm.memory_bytes}
        # The field has no smaller unit: what was not touched is not sent.
        if size["memory_bytes"] // MiB == before["memory_bytes"] // MiB:
            size["memory_bytes"] = before["memory_bytes"]
        return {key: value for key, value in size.items() if value != before[key]}

    def review(self) -> bool:
        """While it runs memory comes in pieces; something must have been changed."""
        is_own = self.offering.currentData() == OWN
        for key in ("cpu_count", "memory_bytes"):
            self.fields[key].setVisible(is_own)
        grown = self.values("size").get("memory_bytes", self._vm.memory_bytes)
        is_odd = self._is_on and is_own and (grown - self._vm.memory_bytes) % MEMORY_STEP_BYTES
        words = translate("Hardware", "While it runs, memory is added in pieces of {size}.")
        self.tell(
            "memory_bytes", words.format(size=texts.size(MEMORY_STEP_BYTES)) if is_odd else ""
        )
        return not is_odd and bool(self.values("size"))


def size_words(vm: r.Vm) -> str:
    """What a machine may become now."""
    if vm.host_id is None:
        return translate("Hardware", "{name} is off: it gets the new size at once.").format(
            name=vm.name
        )
    room: Hardware = vm.hardware
    if room.max_cpu_count <= vm.cpu_count and room.max_memory_bytes <= vm.memory_bytes:
        words = translate(
            "Hardware",
            "{name} was started without room to grow. Stop it to change its size; or give it room "
            "under “Change hardware”, which counts from its next start.",
        )
        return words.format(name=vm.name)
    words = translate("Hardware", "{name} runs: it can grow to {cpus} and {memory}, not shrink.")
    return words.format(
        name=vm.name,
        cpus=texts.cpus(max(vm.cpu_count, room.max_cpu_count)),
        memory=texts.size(max(vm.memory_bytes, room.max_memory_bytes)),
    )


def show_hardware(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that changes a machine's hardware."""
    spec = SheetSpec(
        operation="vm.update_hardware", button=translate("Sheets", "Save"), fixed={"id": vm.id}
    )
    open_sheet(shell, f"hardware-{vm.id}", lambda: HardwareForm(vm, shell.cache), spec)


def show_size(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that changes a machine's size."""
    spec = SheetSpec(
        operation="vm.resize", button=translate("Hardware", "Change size"), fixed={"id": vm.id}
    )
    open_sheet(shell, f"size-{vm.id}", lambda: SizeForm(vm, shell.cache), spec)
