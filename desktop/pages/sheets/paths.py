"""Whether frames get from each host to each other: a window that asks, and shows the matrix."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from appliance.protocol.errors import ErrorBody
from appliance.protocol.paths import NetworkPaths
from desktop import texts
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.path_matrix import PathMatrix
from desktop.widgets.sheet import show_sheet

FINDINGS_HEIGHT = 144
MTUS = (576, 9216)
VLAN_MAX = 4094

Ask = Callable[[], Coroutine[Any, Any, Any]]


class PathSheet(QDialog):
    """Probes when it is asked to; `ask` makes the call, `fields` are above the button."""

    def __init__(self, shell: Shell, title: str, ask: Ask, fields: QWidget | None = None) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Paths", "Paths between hosts"))
        self.resize(1176, 800)
        self._shell, self._ask = shell, ask
        self.matrix = PathMatrix()
        self.summary = Label("", "muted")
        self.error = ErrorLabel()
        self.told = Label("", "body")
        self.button = FlatButton(translate("Paths", "Probe"), "lan-check", "primary")
        self.button.clicked.connect(self.probe)
        self.findings: list[Label] = []
        self._list = QWidget()
        self._lines = QVBoxLayout(self._list)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(4)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(self._list)
        self._area.setMaximumHeight(FINDINGS_HEIGHT)
        self._area.hide()
        self.legend = Label(
            translate(
                "Paths",
                "● everything arrives, with the time there and back in ms   "
                "▲ only frames of up to so many bytes arrive   ■ nothing arrives",
            ),
            "muted",
        )
        self._lay_out(title, fields)
        self.matrix.told.connect(self.told.setText)
        self.matrix.hide()

    def _lay_out(self, title: str, fields: QWidget | None) -> None:
        head = QHBoxLayout()
        head.addWidget(Label(title, "title"), 1)
        if fields is None:
            head.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addLayout(head)
        if fields is not None:
            row = QHBoxLayout()
            row.addWidget(fields)
            row.addStretch()
            row.addWidget(self.button)
            layout.addLayout(row)
        layout.addWidget(self.summary)
        layout.addWidget(self.error)
        layout.addWidget(self._area)
        layout.addWidget(self.matrix, 1)
        layout.addWidget(self.told)
        layout.addWidget(self.legend)
        layout.addStretch()

    def probe(self) -> None:
        """Ask once more."""
        self.button.setEnabled(False)
        self.error.clear()
        self.summary.setText(translate("Paths", "The hosts are sending to each other …"))
        self._shell.bridge.fetch(self._ask(), self.show_paths, self._failed)

    def show_paths(self, found: NetworkPaths | None) -> None:
        """Show the matrix, and what to look at."""
        self.button.setEnabled(True)
        if found is None:
            return
        self.matrix.paths.show(found)
        self.matrix.setVisible(bool(found.paths))
        self.told.setText("")
        bad = sum(1 for path in found.paths if path.state != "works")
        words = translate("Paths", "{wire}, MTU {mtu}: {good} of {all} paths work.")
        self.summary.setText(
            words.format(
                wire=found.wire,
                mtu=found.mtu,
                good=texts.number(len(found.paths) - bad),
                all=texts.number(len(found.paths)),
            )
        )
        self._show_findings(found.findings)

    def _show_findings(self, bodies: list[ErrorBody]) -> None:
        for label in self.findings:
            self._lines.removeWidget(label)
            label.deleteLater()
        self.findings = []
        for body in bodies:
            text = texts.error_text(body)
            for words, role in ((text.message, "error"), (text.remedy, "muted")):
                label = Label(words, role)
                label.setWordWrap(True)
                self._lines.addWidget(label)
                self.findings.append(label)
        self._area.setVisible(bool(bodies))

    def _failed(self, error: BaseException) -> None:
        self.button.setEnabled(True)
        self.summary.setText("")
        self.error.show_error(error)


class WireFields(QWidget):
    """Which wire of a cluster's hosts: a NIC, a tag, and how large frames are."""

    def __init__(self, nics: list[str]) -> None:
        super().__init__()
        self.nic = QComboBox()
        self.nic.setEditable(True)
        self.nic.addItems(nics)
        self.nic.setMinimumWidth(144)
        self.vlan = QSpinBox()
        self.vlan.setRange(0, VLAN_MAX)
        self.vlan.setSpecialValueText(translate("Paths", "untagged"))
        self.mtu = QSpinBox()
        self.mtu.setRange(*MTUS)
        self.mtu.setValue(1500)
        self.mtu.setMinimumWidth(96)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for words, field in (
            (translate("Paths", "NIC"), self.nic),
            ("VLAN", self.vlan),
            ("MTU", self.mtu),
        ):
            label = Label(words)
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field)

    def values(self) -> dict[str, Any]:
        """What the fields say, as the request carries it."""
        return {
            "physical_interface": self.nic.currentText().strip(),
            "vlan_id": self.vlan.value() or None,
            "mtu": self.mtu.value(),
        }


def common_nics(hosts: list[r.Host]) -> list[str]:
    """NICs that all hosts have, those that are up everywhere first."""
    if not hosts:
        return []
    names = set.intersection(*({nic.name for nic in host.nics} for host in hosts))
    up = set.intersection(*({nic.name for nic in host.nics if nic.is_up} for host in hosts))
    return sorted(names, key=lambda name: (name not in up, name))


def show_network_paths(shell: Shell, network: r.Network) -> None:
    """Open the paths of a network, and probe them."""

    def make() -> PathSheet:
        sheet = PathSheet(
            shell, network.name, lambda: shell.ref.call("network.probe", id=network.id)
        )
        sheet.probe()
        return sheet

    show_sheet(shell.window, f"paths-{network.id}", make)


def show_cluster_paths(shell: Shell, cluster: r.Cluster) -> None:
    """Open the paths that a network of this cluster would have."""

    def make() -> PathSheet:
        hosts = [one for one in shell.cache.all("host") if one.cluster_id == cluster.id]
        fields = WireFields(common_nics(hosts))

        def ask() -> Coroutine[Any, Any, Any]:
            return shell.ref.call("cluster.probe_paths", id=cluster.id, **fields.values())

        return PathSheet(shell, cluster.name, ask, fields)

    show_sheet(shell.window, f"paths-{cluster.id}", make)
