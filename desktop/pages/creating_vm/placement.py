"""The section of where a new machine runs, and whether it does so at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox

from desktop.net.cache import Cache
from desktop.pages.creating_vm.section import Section, given
from desktop.texts import translate


class Placement(Section):
    """A host, and an affinity group."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self.title = translate("CreateVm", "Where it runs")
        self.host, self.group = QComboBox(), QComboBox()
        self.start = QCheckBox(translate("CreateVm", "Start after creation"))
        self.start.setChecked(True)
        self.again = QCheckBox(
            translate("CreateVm", "Start again after a reboot of its host, if it ran before")
        )
        self.again.setChecked(True)
        self.watch(self.start)
        self.watch(self.again)
        for box, kind, nothing in (
            (self.host, "host", translate("CreateVm", "chosen by the system")),
            (self.group, "affinity_group", translate("CreateVm", "none")),
        ):
            box.addItem(nothing, None)
            for one in sorted(cache.all(kind), key=lambda one: one.name):
                box.addItem(one.name, one.id)
        self.row(
            (self.add("host_id", translate("CreateVm", "Host"), self.host), 1),
            (
                self.add("affinity_group_id", translate("CreateVm", "Affinity group"), self.group),
                1,
            ),
        )
        self.body.addWidget(self.start)
        self.body.addWidget(self.again)

    def request(self) -> dict[str, Any]:
        """What was chosen."""
        body = given(
            {"host_id": self.host.currentData(), "affinity_group_id": self.group.currentData()}
        )
        body |= {} if self.start.isChecked() else {"start": False}
        return body if self.again.isChecked() else body | {"on_host_boot": "leave_off"}

    def summary(self) -> str:
        """Host and group."""
        words = [box.currentText() for box in (self.host, self.group) if box.currentData()]
        if not self.start.isChecked():
            words.append(translate("CreateVm", "not started"))
        if not self.again.isChecked():
            words.append(translate("CreateVm", "stays off after a reboot of its host"))
        return ", ".join(words)
