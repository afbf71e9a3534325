"""The sheet that takes over a machine that was found on a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtWidgets import QComboBox

from appliance.protocol import resources as r
from appliance.protocol.foreign import UnknownNic, UnknownVm
from desktop import texts
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import Choice, FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page import Request
from desktop.wizard.pages_basic import NamePage

OPERATION = "host.adopt_vm"
LEFT_OUT = ""


class AdoptForm(NamePage):
    """Name, and a network for each NIC that the machine has: it keeps the MAC of that."""

    def __init__(self, machine: UnknownVm, networks: Sequence[tuple[str, str]]) -> None:
        super().__init__("adopt", operation_title(OPERATION), _intro(machine))
        self._nics: list[tuple[UnknownNic, QComboBox]] = []
        nics = machine.nics or [UnknownNic(mac="", source="")]
        for number, nic in enumerate(nics):
            title = translate("Adopt", "Network of its NIC {mac}").format(
                mac=f"{nic.mac} {nic.source}".strip() or str(number + 1)
            )
            left_out = (translate("Adopt", "Leave this NIC out"), LEFT_OUT)
            box = self.add_choice(f"nics[{number}].network_id", title, [*networks, left_out])
            if number:
                box.setCurrentIndex(box.count() - 1)
            self._nics.append((nic, box))
        self.show_requests({"adopt": {"name": machine.name}})

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show name and description."""
        super().fill(requests)

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        nics = [
            {"network_id": box.currentData()} | ({"mac": nic.mac} if nic.mac else {})
            for nic, box in self._nics
            if box.currentData() != LEFT_OUT
        ]
        return super().values(name) | {"nics": nics}

    def review(self) -> bool:
        """It needs a NIC, and each in a network of its own."""
        chosen = [box.currentData() for _, box in self._nics if box.currentData() != LEFT_OUT]
        problem = ""
        if not chosen:
            problem = translate("Adopt", "Choose a network for one NIC at least.")
        elif len(set(chosen)) < len(chosen):
            problem = translate("Adopt", "Each NIC needs a network of its own.")
        self.tell("nics[0].network_id", problem)
        return super().review() and not problem


def show_adopt(shell: Shell, host: r.Host, machine: UnknownVm, then: Callable[[], None]) -> None:
    """Open the sheet; `then` is called when the service has accepted."""

    def make() -> FormSheet:
        cache = shell.cache
        networks = [
            (one.name, one.id)
            for one in cache.all("network")
            if host.cluster_id in (getattr(one, "cluster_ids", None) or [one.cluster_id])
        ]
        storages = [
            (one.name, one.id)
            for one in cache.all("primary_storage")
            if one.kind == "local" and one.cluster_id == host.cluster_id
        ]
        spec = SheetSpec(
            operation=OPERATION,
            button=translate("Adopt", "Take over"),
            fixed={"id": host.id, "machine": machine.id},
            choices=[
                Choice(
                    key="primary_storage_id",
                    title=translate("Adopt", "Primary storage for its disks"),
                    items=storages,
                    missing=translate("Adopt", "This cluster has no local primary storage."),
                )
            ],
        )
        sheet = FormSheet(shell, AdoptForm(machine, networks), spec)
        sheet.accepted_request.connect(lambda _: then())
        return sheet

    show_sheet(shell.window, f"adopt-{machine.id}", make)


def _intro(machine: UnknownVm) -> str:
    """What becomes of its disks."""
    copied = [disk for disk in machine.disks if disk.is_copied]
    words = translate(
        "Adopt",
        "It becomes a machine of this cloud. Its disks stay on their buses (those on IDE come to "
        "SATA), its NICs are virtio. Its definition is kept on the host, beside the agent’s files.",
    )
    if machine.firmware != "bios":
        words += " " + translate("Adopt", "What its UEFI has kept goes along.")
    if not copied:
        return words
    more = translate("Adopt", "{size} are copied; the former files stay.")
    size = sum(disk.used_bytes for disk in copied)
    return f"{words} {more.format(size=texts.size(size))}"
