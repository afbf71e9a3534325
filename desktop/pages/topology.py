"""The topology page: hosts, networks and machines in one live picture."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.topology import Picture, arrange
from desktop.pages.base import Page, Shell
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.widgets.topology_view import ZOOM_STEP, TopologyView

SOON_MS = 200
KINDS = ("vm", "host", "network", "elastic_ip")
GONE = (r.VmState.DESTROYED, r.VmState.EXPUNGING)


class TopologyPage(Page):
    """Follows the live copy; a double click opens what one sees."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.view = TopologyView()
        self.view.opened.connect(shell.go)
        self.words = Label("", "muted")
        self.words.setWordWrap(False)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOON_MS)
        self._timer.timeout.connect(self.refresh)
        head = QHBoxLayout()
        head.addWidget(Label(translate("Topology", "Topology"), "title"))
        head.addWidget(self.words)
        head.addStretch()
        for icon, title, work in (
            ("magnify-minus-outline", translate("Topology", "Smaller"), self._smaller),
            ("magnify-plus-outline", translate("Topology", "Larger"), self._larger),
            ("fit-to-page-outline", translate("Topology", "Show all"), self.view.fit),
        ):
            button = FlatButton("", icon, "quiet")
            button.setToolTip(title)
            button.setAccessibleName(title)
            button.clicked.connect(work)
            head.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        shell.cache.changed.connect(lambda kind, *_: self._soon(kind))
        shell.cache.reset.connect(self._soon)
        shell.cache.loaded.connect(self._soon)
        self.refresh()

    def refresh(self) -> None:
        """Draw what the live copy says."""
        cache = self.shell.cache
        vms = [vm for vm in cache.all("vm") if vm.state not in GONE]
        outside = translate("Topology", "Outside")
        picture = arrange(vms, cache.all("host"), cache.all("network"), outside)
        self.view.show_picture(_named(picture))
        words = translate("Topology", "{vms} machines, {networks} networks, {hosts} hosts")
        self.words.setText(
            words.format(
                vms=texts.number(len(vms)),
                networks=texts.number(cache.count("network")),
                hosts=texts.number(cache.count("host")),
            )
        )

    def reload(self) -> None:
        """F5."""
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of another scheme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "view"):
            self.view.repaint_all()

    def _soon(self, kind: str) -> None:
        if kind in KINDS and not self._timer.isActive():
            self._timer.start()

    def _larger(self) -> None:
        self.view.zoom(ZOOM_STEP)

    def _smaller(self) -> None:
        self.view.zoom(1 / ZOOM_STEP)


def _named(picture: Picture) -> Picture:
    """Give the place of machines that run nowhere its name."""
    key = ("host", "")
    if key in picture.boxes:
        name = translate("Topology", "Not on a host")
        picture.boxes[key] = replace(picture.boxes[key], title=name)
    return picture
