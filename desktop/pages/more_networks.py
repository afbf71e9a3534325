"""The part of the dialog for new machines that adds further networks; one is the common case."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.requests import NICS_MAX
from desktop.net.cache import Cache
from desktop.pages.creating_vm.rows import RemovableRow
from desktop.pages.sheets.nics import network_words
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.wizard.fields import line


class NetworkRow(RemovableRow):
    """One further network, with a fixed address if one is given."""

    def __init__(self) -> None:
        super().__init__(translate("CreateVm", "Leave this network out"))
        self.network = QComboBox()
        self.address: QLineEdit = line(placeholder=translate("CreateVm", "chosen by the system"))
        self.add(self.network, translate("CreateVm", "Network"), 2)
        self.add(self.address, translate("CreateVm", "Fixed address"), 1)

    def offer(self, networks: list[r.Network]) -> None:
        """Show these networks, and keep the choice if it is among them."""
        chosen = self.network.currentData()
        self.network.blockSignals(True)
        self.network.clear()
        for network in networks:
            self.network.addItem(network_words(network), network.id)
        self.network.setCurrentIndex(max(0, self.network.findData(chosen)))
        self.network.blockSignals(False)

    def request(self) -> dict[str, Any]:
        """The NIC's part of the request."""
        nic = {"network_id": self.network.currentData() or ""}
        address = self.address.text().strip()
        return nic | {"address": address} if address else nic


class MoreNetworks(QWidget):
    """Nothing but a button until somebody wants a second network."""

    changed = Signal()

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self._cache = cache
        self._first = ""
        self.rows: list[NetworkRow] = []
        self.add = FlatButton(translate("CreateVm", "Add another network"), "plus", "quiet")
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self.add_row)
        self._problem = Label("", "error")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._layout.addWidget(self._problem)
        self._layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_problem("")
        self._offer()

    def set_first(self, network_id: str) -> None:
        """Another network was chosen for the default NIC, or there are other networks now."""
        self._first = network_id
        self._offer()

    def add_row(self) -> None:
        """Ask for one more network."""
        row = NetworkRow()
        row.changed.connect(self._changed)
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._layout.insertWidget(len(self.rows) - 1, row)
        self._changed()
        row.network.setFocus()

    def requests(self) -> list[dict[str, Any]]:
        """The NICs besides the default one."""
        return [row.request() for row in self.rows]

    def names(self) -> list[str]:
        """The names of the networks."""
        return [self._cache.name("network", one["network_id"]) for one in self.requests()]

    def has_addresses(self) -> bool:
        """Whether a fixed address is given for one of them."""
        return any("address" in one for one in self.requests())

    def set_problem(self, problem: str) -> None:
        """Say what is wrong with one of them; an empty text means nothing."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def _remove(self, row: NetworkRow) -> None:
        self.rows.remove(row)
        row.deleteLater()
        row.hide()
        self._changed()
        self.add.setFocus()

    def _changed(self) -> None:
        self._offer()
        self.changed.emit()

    def _offer(self) -> None:
        """Each network may be chosen once, and all are of the cluster of the first."""
        first: r.Network | None = self._cache.get("network", self._first)
        cluster_id = first.cluster_id if first is not None else ""
        free = [
            network
            for network in self._cache.all("network")
            if network.cluster_id == cluster_id and network.id != self._first
        ]
        free.sort(key=lambda network: network.name)
        taken: set[str] = set()
        for row in self.rows:
            others = {one.network.currentData() for one in self.rows if one is not row}
            row.offer([one for one in free if one.id not in taken | (others - {None})])
            taken.add(row.network.currentData() or "")
        left = [one for one in free if one.id not in taken]
        is_full = len(self.rows) >= NICS_MAX - 1
        self.add.setEnabled(bool(left) and not is_full)
        words = translate("CreateVm", "There is no other network in this cluster.")
        self.add.setToolTip("" if left else words)
