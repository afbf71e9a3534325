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
        self.watch(self.start)
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

    def request(self) -> dict[str, Any]:
        """What was chosen."""
        body = given(
            {"host_id": self.host.currentData(), "affinity_group_id": self.group.currentData()}
        )
        return body if self.start.isChecked() else body | {"start": False}

    def summary(self) -> str:
        """Host and group."""
        words = [box.currentText() for box in (self.host, self.group) if box.currentData()]
        if not self.start.isChecked():
            words.append(translate("CreateVm", "not started"))
        return ", ".join(words)
