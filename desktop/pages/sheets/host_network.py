"""How a host's networks stand, in a window: what is amiss, and whose packets were thrown away."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout

from appliance.protocol import resources as r
from appliance.protocol.host_network import HostNetwork, HostNetworkState, NicDrops
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.sheet import show_sheet
from desktop.widgets.table import ResourceTable


class _Line:
    """One entry as a line of a table, which knows lines by their id."""

    def __init__(self, ref: str, item: Any) -> None:
        self.id = ref
        self.item = item


def state_words(state: HostNetworkState) -> str:
    """That a network is as it should be, or what of it is not."""
    if state.is_healthy:
        return translate("HostNetwork", "as it should be")
    return ", ".join(texts.word(f"drift.{name}") for name in state.drift)


def summary(found: HostNetwork) -> str:
    """Whether the host does what it was told."""
    if found.waiting_for:
        words = translate("HostNetwork", "The newest settings do not work here yet: {reason}")
        return words.format(reason=found.waiting_for)
    if found.errors:
        words = translate("HostNetwork", "The host could not repair this: {reasons}")
        return words.format(reasons="; ".join(found.errors))
    return translate("HostNetwork", "The host runs the newest settings.")


def _network_columns() -> list[Column]:
    return [
        Column(
            name="network",
            title=translate("HostNetwork", "Network"),
            text=lambda line: line.item.network_name or line.id,
            width=128,
        ),
        Column(
            name="state",
            title=translate("HostNetwork", "State"),
            text=lambda line: state_words(line.item),
            width=304,
        ),
        Column(
            name="bridge",
            title=translate("HostNetwork", "Bridge"),
            text=lambda line: line.item.bridge,
            width=128,
        ),
    ]


def _drop_columns() -> list[Column]:
    def count(name: str, title: str) -> Column:
        return Column(
            name=name,
            title=title,
            text=lambda line: texts.number(getattr(line.item, f"{name}_packets")),
            key=lambda line: getattr(line.item, f"{name}_packets"),
            is_right=True,
            width=128,
        )

    return [
        Column(
            name="vm",
            title=translate("HostNetwork", "Virtual machine"),
            text=lambda line: line.item.vm_name or "–",
            width=160,
        ),
        Column(
            name="address",
            title=translate("HostNetwork", "Address"),
            text=lambda line: line.item.address or "–",
            width=112,
        ),
        count("spoofed", translate("HostNetwork", "Forged packets")),
        count("refused", translate("HostNetwork", "Refused by rules")),
        count("limited", translate("HostNetwork", "Over the limit")),
    ]


class HostNetworkSheet(QDialog):
    """Asks once, when it opens; a double click shows the network or the machine."""

    def __init__(self, shell: Shell, host: r.Host) -> None:
        super().__init__(shell.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("HostNetwork", "Network state"))
        self.resize(720, 560)
        self._shell, self._host_id = shell, host.id
        self.networks = TableModel(_network_columns(), self)
        self.drops = TableModel(_drop_columns(), self)
        self.summary = Label("", "muted")
        self.error = ErrorLabel()
        self.again = FlatButton(translate("HostNetwork", "Try again"), "refresh", "plain")
        self.again.clicked.connect(self._retry)
        self.again.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(Label(host.name, "title"))
        layout.addWidget(self.summary)
        layout.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.error)
        for model, name, kind in (
            (self.networks, "host-networks", "network"),
            (self.drops, "host-drops", "vm"),
        ):
            table = ResourceTable(model, name, shell.settings)
            table.opened.connect(lambda line, kind=kind: self._open(kind, line))
            layout.addWidget(table, 1)
        words = translate(
            "HostNetwork",
            "Forged packets claimed another’s address, or were what only a router or DHCP server "
            "says. Counted since the agent loaded its rules.",
        )
        layout.addWidget(Label(words, "muted"))
        call = shell.ref.call("host.network", id=host.id)
        shell.bridge.fetch(call, self.show_state, self.error.show_error)

    def show_state(self, found: HostNetwork | None) -> None:
        """Show what the host says."""
        self.again.setEnabled(True)
        if found is None:
            return
        self.again.setVisible(bool(found.waiting_for))
        self.summary.setText(summary(found))
        self.networks.replace([_Line(item.network_id, item) for item in found.networks])
        self.drops.replace([_Line(item.nic_id, item) for item in found.drops])

    def _retry(self) -> None:
        """What the host took back because it was cut off is tried once more."""
        self.again.setEnabled(False)
        self.error.clear()
        call = self._shell.ref.call("host.retry_network", id=self._host_id)
        self._shell.bridge.fetch(call, self.show_state, self._refused)

    def _refused(self, error: BaseException) -> None:
        self.again.setEnabled(True)
        self.error.show_error(error)

    def _open(self, kind: str, line: _Line) -> None:
        ref = line.item.vm_id if isinstance(line.item, NicDrops) else line.id
        if ref is not None:
            self._shell.go(kind, ref)


def show_host_network(shell: Shell, host: r.Host) -> None:
    """Open the network state of a host."""
    show_sheet(shell.window, f"network-of-{host.id}", lambda: HostNetworkSheet(shell, host))
