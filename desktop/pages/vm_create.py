"""The dialog that makes virtual machines: common things first, the rest folded."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QScrollArea, QVBoxLayout, QWidget

from appliance.protocol.errors import ApiError, to_body
from appliance.protocol.snapshots import Snapshot
from desktop import texts
from desktop.net.bridge import Bridge, single_flight
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.base import Shell
from desktop.pages.creating_vm.boot import BootDetails
from desktop.pages.creating_vm.cpu import CpuDetails
from desktop.pages.creating_vm.disks import Disks
from desktop.pages.creating_vm.essentials import Essentials
from desktop.pages.creating_vm.guest import GuestDetails
from desktop.pages.creating_vm.network_details import NetworkDetails
from desktop.pages.creating_vm.placement import Placement
from desktop.pages.creating_vm.section import Section
from desktop.pages.sheets.footer import SheetFooter
from desktop.texts import translate
from desktop.widgets.fold import Fold
from desktop.widgets.labels import Label
from desktop.widgets.sheet import show_sheet

FOLLOWED = ("instance_offering", "image", "network", "host", "primary_storage")


class CreateVmDialog(QDialog):
    """Asks for what a machine needs, says what will happen, and closes when it is accepted."""

    def __init__(
        self,
        bridge: Bridge,
        client_ref: ClientRef,
        cache: Cache,
        parent: QWidget | None,
        snapshot: Snapshot | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("CreateVm", "Create virtual machines"))
        self.resize(600, 620)
        self._bridge, self._ref, self._cache = bridge, client_ref, cache
        self.essentials = Essentials(cache, snapshot)
        self.disks, self.networks = Disks(cache), NetworkDetails(cache)
        self.guest, self.placement = GuestDetails(), Placement(cache)
        # In the order in which they are shown.
        self.boot, self.cpu = BootDetails(), CpuDetails(cache)
        folded = (self.disks, self.networks, self.boot, self.cpu, self.guest, self.placement)
        self.sections: tuple[Section, ...] = (self.essentials, *folded)
        self.folds = {section: Fold(section.title, section) for section in folded}
        self.footer = SheetFooter(translate("CreateVm", "Create"))
        self.error, self.plan = self.footer.error, self.footer.plan
        self.create_button = self.footer.go
        self._build()
        self._connect()
        self._review()
        self.essentials.name.setFocus()
        self.essentials.name.selectAll()

    # What is asked for

    def request(self) -> dict[str, Any]:
        """The body of `vm.create`, without what was left as it is."""
        body: dict[str, Any] = {}
        for section in self.sections:
            part = section.request()
            # Several sections ask for parts of the hardware.
            hardware = body.get("hardware", {}) | part.get("hardware", {})
            body |= part | ({"hardware": hardware} if hardware else {})
        return body

    def _review(self) -> None:
        draft = self.essentials.draft_now()
        fits = True
        for section in self.sections:
            section.follow(draft)
            fits = section.review() and fits
        for section, fold in self.folds.items():
            fold.set_summary(section.summary())
        self.create_button.setEnabled(fits)
        self.plan.setText(self._plan_words())
        self.footer.equivalent.set_calls([("vm.create", self.request())])

    def _cloud_changed(self, kind: str, _puts: object = None, _gone: object = None) -> None:
        if kind in FOLLOWED:
            for section in self.sections:
                section.cloud_changed()
            self._review()

    def _plan_words(self) -> str:
        words = translate(
            "CreateVm", "{n} × {cpus} and {memory} of memory from {image}, in {network}."
        )
        cpus, memory = self.essentials.chosen_size()
        draft = self.essentials.draft_now()
        network = draft.network.name if draft.network else "–"
        plan = words.format(
            n=draft.count,
            cpus=texts.cpus(cpus),
            memory=texts.size(memory),
            image=draft.source_name,
            network=" + ".join([network, *self.networks.networks.names()]),
        )
        return f"{plan} {self._room_words()}"

    def _room_words(self) -> str:
        """How much memory is free on the host that has the most."""
        rooms = [
            host.memory_capacity_bytes - host.memory_claimed_bytes
            for host in self._cache.all("host")
        ]
        if not rooms:
            return ""
        words = translate("CreateVm", "{memory} of memory are free on the emptiest host.")
        return words.format(memory=texts.size(max(0, *rooms, 0)))

    # Work

    @single_flight
    async def _create(self) -> None:
        self.error.clear()
        self.create_button.setEnabled(False)
        try:
            await self._bridge.run(self._ref.call("vm.create", **self.request()))
        except ApiError as error:
            self._show_error(error)
            return
        except OSError as error:
            self.error.show_error(error)
            return
        finally:
            self.create_button.setEnabled(True)
        self.essentials.remember()
        self.accept()

    def _show_error(self, error: ApiError) -> None:
        """In the footer, and at the field that is at fault, which is unfolded for it."""
        text = texts.error_text(to_body(error))
        field = error.field or ""
        for section in self.sections:
            if section.owns(field):
                if section in self.folds:
                    self.folds[section].open()
                section.show_problem(field, f"{text.message} {text.remedy}")
        self.error.show_error(error)

    # Building

    def _build(self) -> None:
        content = QWidget()
        form = QVBoxLayout(content)
        form.setContentsMargins(24, 24, 24, 8)
        form.setSpacing(12)
        form.addWidget(Label(translate("CreateVm", "Create virtual machines"), "title"))
        form.addWidget(self.essentials)
        form.addSpacing(4)
        for fold in self.folds.values():
            form.addWidget(fold)
        form.addStretch()
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(self.footer)

    def _connect(self) -> None:
        self._cache.changed.connect(self._cloud_changed)
        self.create_button.clicked.connect(lambda: self._bridge.spawn(self._create()))
        self.footer.cancel.clicked.connect(self.reject)
        for section in self.sections:
            section.changed.connect(self._review)


def create_vm(shell: Shell, snapshot: Snapshot | None = None) -> None:
    """Open the dialog, for machines whose root disk is a copy of a snapshot if one is given."""
    key = "create-vm" if snapshot is None else f"create-vm-{snapshot.id}"
    show_sheet(
        shell.window,
        key,
        lambda: CreateVmDialog(shell.bridge, shell.ref, shell.cache, shell.window, snapshot),
    )
