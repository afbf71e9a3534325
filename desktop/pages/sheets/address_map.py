"""The address map of a network in a window: whose address is whose, and what is free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout

from appliance.protocol import resources as r
from appliance.protocol.address_map import AddressMap, AddressUse, FreeSpan
from desktop import texts
from desktop.models.columns import Column, address_key
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.sheet import show_sheet
from desktop.widgets.table import ResourceTable

FREE_SHOWN = 5  # ranges of free addresses


class _Line:
    """One address as a line of the table, which knows lines by their id."""

    def __init__(self, use: AddressUse) -> None:
        self.id = use.address
        self.use = use


def _columns() -> list[Column]:
    return [
        Column(
            name="address",
            title=translate("Addresses", "Address"),
            text=lambda line: line.use.address,
            key=lambda line: address_key(line.use.address),
            width=128,
        ),
        Column(
            name="use",
            title=translate("Addresses", "Belongs to"),
            text=_owner,
            width=208,
        ),
        Column(
            name="mac",
            title=translate("Addresses", "MAC address"),
            text=lambda line: line.use.mac or "–",
            width=144,
        ),
    ]


def _owner(line: Any) -> str:
    use = line.use
    if use.elastic_ip_name:
        return f"{texts.word('use.elastic_ip')}: {use.elastic_ip_name}"
    return use.vm_name or texts.word(f"use.{use.use}")


def free_words(found: AddressMap) -> str:
    """How many addresses are free or reserved, and where."""
    free = _count_words(translate("Addresses", "{n} addresses are free: {ranges}"), found.free)
    reserved = translate("Addresses", "{n} addresses are reserved: {ranges}")
    held = _count_words(reserved, found.reserved)
    none = translate("Addresses", "No address is free.")
    return "\n".join(filter(None, (free or none, held)))


def _count_words(words: str, spans: Sequence[FreeSpan]) -> str:
    if not spans:
        return ""
    shown = [
        span.first if span.count == 1 else f"{span.first} – {span.last}"
        for span in spans[:FREE_SHOWN]
    ]
    more = " …" if len(spans) > FREE_SHOWN else ""
    count = texts.number(sum(span.count for span in spans))
    return words.format(n=count, ranges=", ".join(shown) + more)


class AddressSheet(QDialog):
    """Asks once, when it opens; what was double-clicked is shown on its page."""

    def __init__(self, shell: Shell, network: r.Network) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Addresses", "Addresses"))
        self.resize(560, 480)
        self._shell = shell
        self.model = TableModel(_columns(), self)
        self.table = ResourceTable(self.model, "addresses", shell.settings)
        self.free = Label("", "muted")
        self.error = ErrorLabel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(Label(f"{network.name}  {network.cidr}", "title"))
        layout.addWidget(self.free)
        layout.addWidget(self.error)
        layout.addWidget(self.table, 1)
        self.table.opened.connect(self._open)
        call = shell.ref.call("network.addresses", id=network.id)
        shell.bridge.fetch(call, self.show_map, self.error.show_error)

    def show_map(self, found: AddressMap | None) -> None:
        """Show the addresses."""
        if found is not None:
            self.model.replace([_Line(use) for use in (*found.items, *found.ipv6)])
            self.free.setText(free_words(found))

    def _open(self, line: Any) -> None:
        if line.use.vm_id is not None:
            self._shell.go("vm", line.use.vm_id)
        elif line.use.elastic_ip_id is not None:
            self._shell.go("elastic_ip", line.use.elastic_ip_id)


def show_addresses(shell: Shell, network: r.Network) -> None:
    """Open the address map of a network."""
    show_sheet(shell.window, f"addresses-{network.id}", lambda: AddressSheet(shell, network))
