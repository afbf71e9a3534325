"""The detail of a host: facts, and a tab with machines on it that the cloud does not know."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from appliance.protocol.foreign import UnknownVm, UnknownVms
from desktop import texts
from desktop.models.columns import Column, natural
from desktop.models.table_model import TableModel
from desktop.pages.base import Shell
from desktop.pages.detail import Detail
from desktop.pages.host_actions import away_reason
from desktop.pages.sheets.adopting import show_adopt
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.table import ResourceTable


def problem_words(machine: UnknownVm) -> str:
    """What stands against taking a machine over, and what to do about it."""
    if not machine.problems:
        return translate("Unknown", "can be taken over")
    return "; ".join(texts.word(f"unknown.problem.{code}") for code in machine.problems)


def disk_words(machine: UnknownVm) -> str:
    """Its disks, with path and size."""
    return ", ".join(f"{disk.path} ({texts.size(disk.size_bytes)})" for disk in machine.disks)


def unknown_columns() -> list[Column]:
    """Name, state, size, origin, what stands against it, disks, NICs."""

    def text(name: str, title: str, width: int, words: Any) -> Column:
        return Column(name=name, title=title, text=words, width=width)

    return [
        Column(
            name="name",
            title=translate("Unknown", "Name"),
            text=lambda one: one.name,
            key=lambda one: natural(one.name),
            width=136,
        ),
        Column(
            name="state",
            title=translate("Unknown", "State"),
            text=lambda one: texts.word(f"domain.state.{one.state}"),
            state=lambda one: ("domain", one.state),
            width=104,
        ),
        text(
            "size",
            translate("Unknown", "Size"),
            112,
            lambda one: f"{one.cpu_count} CPU · {texts.size(one.memory_bytes)}",
        ),
        text(
            "origin",
            translate("Unknown", "Origin"),
            136,
            lambda one: texts.word("unknown.was_ours" if one.was_ours else "unknown.foreign"),
        ),
        text("problems", translate("Unknown", "Taking over"), 280, problem_words),
        text("disks", translate("Unknown", "Disks"), 320, disk_words),
        text(
            "nics",
            translate("Unknown", "NICs"),
            176,
            lambda one: ", ".join(f"{nic.mac} {nic.source}".strip() for nic in one.nics),
        ),
    ]


class UnknownTab(QWidget):
    """Asks the host when it is looked at; a machine that is off can be taken over."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._host: r.Host | None = None
        self._asked_of = ""
        self.model = TableModel(unknown_columns(), self)
        self.table = ResourceTable(self.model, "unknown-vms", shell.settings)
        self.words = Label("", "muted")
        self.error = ErrorLabel()
        self.take = FlatButton(translate("Unknown", "Take over …"), "import")
        self.again = FlatButton(translate("Unknown", "Look again"), "refresh", "quiet")
        self.take.clicked.connect(self._take)
        self.again.clicked.connect(self.ask)
        self.table.selection_changed.connect(self._refresh)
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(8)
        bar.addWidget(self.take)
        bar.addWidget(self.words, 1)
        bar.addWidget(self.again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.error)
        layout.addWidget(self.table, 1)
        self._refresh()

    def show_host(self, host: r.Host | None) -> None:
        """Show what is on a host; what it is asked for is kept until another one is shown."""
        is_another = host is None or self._host is None or host.id != self._host.id
        self._host = host
        if is_another:
            self._asked_of = ""
            self.model.replace([])
        if self.isVisible():
            self._ask_once()
        self._refresh()

    def showEvent(self, event: Any) -> None:
        """Looked at: ask."""
        super().showEvent(event)
        self._ask_once()

    def ask(self) -> None:
        """Ask the host what is on it."""
        self.error.clear()
        if self._host is None or away_reason(self._host):
            self.model.replace([])
            self._refresh()
            return
        self._asked_of = host_id = self._host.id
        call = self._shell.ref.call("host.unknown_vms", id=host_id)
        self._shell.bridge.fetch(
            call, lambda found: self._found(host_id, found), self.error.show_error
        )

    def _ask_once(self) -> None:
        if self._host is not None and self._asked_of != self._host.id:
            self.ask()

    def _found(self, host_id: str, found: UnknownVms | None) -> None:
        if found is None or self._host is None or self._host.id != host_id:
            return
        self.model.replace(found.items)
        if found.items:
            self.table.select(found.items[0].id)
        self._refresh()

    def _refresh(self) -> None:
        self.words.setText(self._said())
        reason = self._reason()
        self.take.setEnabled(not reason)
        self.take.setToolTip(reason)

    def _said(self) -> str:
        if self._host is not None and (reason := away_reason(self._host)):
            return reason
        if not self.model.total():
            return translate("Unknown", "No machines but those of this cloud.")
        return translate("Unknown", "Machines on this host that this cloud did not make.")

    def _reason(self) -> str:
        machine = self.table.current()
        if machine is None:
            return translate("Actions", "Nothing is selected.")
        return problem_words(machine) if machine.problems else ""

    def _take(self) -> None:
        machine = self.table.current()
        if machine is not None and self._host is not None:
            show_adopt(self._shell, self._host, machine, self.ask)


class HostDetail(Detail):
    """Facts and unknown machines."""

    def add_more_tabs(self) -> None:
        """Machines that the cloud does not know."""
        self.unknown = UnknownTab(self.shell)
        self.add_tab(translate("Unknown", "Unknown machines"), self.unknown)

    def resource_changed(self) -> None:
        """Another host, or a new version of it."""
        self.unknown.show_host(self.resource)
