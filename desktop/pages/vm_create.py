"""The dialog that makes virtual machines: common things first, the rest folded."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from appliance.protocol.errors import ApiError, to_body
from desktop import texts
from desktop.net.bridge import Bridge, single_flight
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.more_networks import MoreNetworks
from desktop.pages.sheets.footer import SheetFooter
from desktop.pages.sheets.nics import network_words
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField, line

GiB = 1024**3
MiB = 1024**2
CUSTOM = "custom"
LONGEST_NAME = 255
_last: dict[str, Any] = {}
"""What was chosen last, while the client runs."""


class CreateVmDialog(QDialog):
    """Asks for what a machine needs, says what will happen, and closes when it is accepted."""

    def __init__(
        self, bridge: Bridge, client_ref: ClientRef, cache: Cache, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("CreateVm", "Create virtual machines"))
        self.resize(600, 620)
        self._bridge, self._ref, self._cache = bridge, client_ref, cache
        self.fields: dict[str, FormField] = {}
        self._make_inputs()
        self.footer = SheetFooter(translate("CreateVm", "Create"))
        self.error, self.plan = self.footer.error, self.footer.plan
        self.equivalent = self.footer.equivalent
        self.create_button, self.api = self.footer.go, self.footer.api
        self._build()
        self._fill()
        self._connect()
        self._review()
        self.name.setFocus()
        self.name.selectAll()

    # Inputs

    def _make_inputs(self) -> None:
        self.name = line("vm-1")
        self.offering, self.image, self.network = QComboBox(), QComboBox(), QComboBox()
        self.cpus, self.memory, self.count = QSpinBox(), QSpinBox(), QSpinBox()
        self.cpus.setRange(1, 1024)
        self.memory.setRange(32, 64 * 1024 * 1024)
        self.memory.setSingleStep(128)
        self.memory.setValue(512)
        self.memory.setSuffix(" MiB")
        self.count.setRange(1, 100)
        self.ssh_key, self.user_data = QPlainTextEdit(), QPlainTextEdit()
        for text in (self.ssh_key, self.user_data):
            text.setFixedHeight(64)
            text.setTabChangesFocus(True)
        self.networks = MoreNetworks(self._cache)
        self.address = line(placeholder=translate("CreateVm", "chosen by the system"))
        self.host = QComboBox()
        self.group, self.security = QComboBox(), QComboBox()
        self.disk = QSpinBox()
        self.disk.setRange(0, 65536)
        self.disk.setSuffix(" GiB")
        self.disk.setSpecialValueText(translate("CreateVm", "as the image"))
        self.start = QCheckBox(translate("CreateVm", "Start after creation"))
        self.start.setChecked(True)

    def _fill(self) -> None:
        self._fill_lists()
        self.host.addItem(translate("CreateVm", "chosen by the system"), None)
        for host in self._sorted("host"):
            self.host.addItem(host.name, host.id)
        self.group.addItem(translate("CreateVm", "none"), None)
        for group in self._sorted("affinity_group"):
            self.group.addItem(group.name, group.id)
        self.security.addItem(translate("CreateVm", "as the settings say"), None)
        for group in self._sorted("security_group"):
            self.security.addItem(group.name, [group.id])
        self.security.addItem(translate("CreateVm", "none: nothing is filtered"), [])
        names = {vm.name for vm in self._cache.all("vm")}
        number = next(n for n in range(1, len(names) + 2) if f"vm-{n}" not in names)
        self.name.setText(f"vm-{number}")
        self.name.selectAll()
        self._show_size()
        self.networks.set_first(self.network.currentData() or "")

    def _fill_lists(self) -> None:
        """Offer what there is now, and keep what was chosen."""
        size = translate("CreateVm", "{name}: {cpus}, {memory}")
        offerings = [
            (
                size.format(
                    name=item.name,
                    cpus=texts.cpus(item.cpu_count),
                    memory=texts.size(item.memory_bytes),
                ),
                item.id,
            )
            for item in self._sorted("instance_offering")
        ]
        images = [
            (image.name, image.id)
            for image in self._sorted("image")
            if image.status == r.ImageStatus.READY
        ]
        networks = [(network_words(network), network.id) for network in self._sorted("network")]
        own = (translate("CreateVm", "Own size"), CUSTOM)
        _offer(self.offering, [*offerings, own], _last.get("offering"))
        _offer(self.image, images, _last.get("image"))
        _offer(self.network, networks, _last.get("network"))

    def _cache_changed(self, kind: str, _puts: object = None, _gone: object = None) -> None:
        if kind in ("instance_offering", "image", "network", "host"):
            self._fill_lists()
            self.networks.set_first(self.network.currentData() or "")
            self._review()

    def _sorted(self, kind: str) -> list[Any]:
        return sorted(self._cache.all(kind), key=lambda item: item.name)

    # What is asked for

    def request(self) -> dict[str, Any]:
        """The body of `vm.create`, without what was left as it is."""
        body: dict[str, Any] = {
            "name": self.name.text().strip(),
            "image_id": self.image.currentData() or "",
            "network_id": self.network.currentData() or "",
            "count": self.count.value(),
        }
        if self.offering.currentData() == CUSTOM:
            body["cpu_count"] = self.cpus.value()
            body["memory_bytes"] = self.memory.value() * MiB
        else:
            body["offering_id"] = self.offering.currentData()
        optional = {
            "ssh_public_key": self.ssh_key.toPlainText().strip(),
            "user_data": self.user_data.toPlainText(),
            "address": self.address.text().strip(),
            "host_id": self.host.currentData(),
            "affinity_group_id": self.group.currentData(),
            "security_group_ids": self.security.currentData(),
            "root_disk_bytes": self.disk.value() * GiB,
            "more_nics": self.networks.requests() or None,
        }
        body |= {key: value for key, value in optional.items() if value or value == []}
        if not self.start.isChecked():
            body["start"] = False
        return body

    def problems(self) -> dict[str, str]:
        """What does not fit, by field."""
        found = {}
        if not self.name.text().strip():
            found["name"] = translate("CreateVm", "Give a name.")
        if not self.image.currentData():
            found["image_id"] = translate("CreateVm", "Add an image first: none is ready.")
        if not self.network.currentData():
            found["network_id"] = translate("CreateVm", "Make a network first.")
        if len(self.name.text().strip()) > LONGEST_NAME:
            words = translate("CreateVm", "A name has at most {n} characters.")
            found["name"] = words.format(n=LONGEST_NAME)
        if self.address.text().strip():
            found |= self._address_problems()
        if self.count.value() > 1 and self.networks.has_addresses():
            words = translate("CreateVm", "A fixed address goes with one machine only.")
            found["more_nics"] = words
        return found

    def _address_problems(self) -> dict[str, str]:
        """A fixed address must be in one of the network's ranges, and for one machine."""
        if self.count.value() > 1:
            words = translate("CreateVm", "A fixed address goes with one machine only.")
            return {"address": words}
        network: r.Network | None = self._cache.get("network", self.network.currentData() or "")
        try:
            address = IPv4Address(self.address.text().strip())
        except AddressValueError:
            return {"address": translate("CreateVm", "This is no IPv4 address.")}
        if network is None:
            return {}
        for item in network.ranges:
            if IPv4Address(item.first) <= address <= IPv4Address(item.last):
                return {}
        spans = ", ".join(f"{item.first} – {item.last}" for item in network.ranges)
        words = translate("CreateVm", "Choose an address from {ranges}.")
        return {"address": words.format(ranges=spans)}

    def _review(self) -> None:
        found = self.problems()
        for key, form in self.fields.items():
            form.set_problem(found.get(key, ""))
        self.networks.set_problem(found.get("more_nics", ""))
        self.create_button.setEnabled(not found)
        self.plan.setText(self._plan_words())
        self.equivalent.set_calls([("vm.create", self.request())])

    def _plan_words(self) -> str:
        words = translate(
            "CreateVm", "{n} × {cpus} and {memory} of memory from {image}, in {network}."
        )
        cpus, memory = self._size()
        plan = words.format(
            n=self.count.value(),
            cpus=texts.cpus(cpus),
            memory=texts.size(memory),
            image=self.image.currentText() or "–",
            network=" + ".join(
                [
                    self._cache.name("network", self.network.currentData()) or "–",
                    *self.networks.names(),
                ]
            ),
        )
        return f"{plan} {self._room_words()}"

    def _room_words(self) -> str:
        """How much memory is free on the host that has the most."""
        rooms = [
            host.memory_bytes - host.memory_reserved_bytes - host.memory_claimed_bytes
            for host in self._cache.all("host")
        ]
        if not rooms:
            return ""
        words = translate("CreateVm", "{memory} of memory are free on the emptiest host.")
        return words.format(memory=texts.size(max(0, *rooms, 0)))

    def _size(self) -> tuple[int, int]:
        offering = self._cache.get("instance_offering", self.offering.currentData() or "")
        if offering is None:
            return self.cpus.value(), self.memory.value() * MiB
        return offering.cpu_count, offering.memory_bytes

    def _show_size(self) -> None:
        is_custom = self.offering.currentData() == CUSTOM
        self.fields["cpu_count"].setVisible(is_custom)
        self.fields["memory_bytes"].setVisible(is_custom)

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
        _last.update({key: box.currentData() for key, box in self._choices().items()})
        self.accept()

    def _choices(self) -> dict[str, QComboBox]:
        return {"offering": self.offering, "image": self.image, "network": self.network}

    def _show_error(self, error: ApiError) -> None:
        if (error.field or "").startswith("more_nics"):
            text = texts.error_text(to_body(error))
            self.networks.set_problem(f"{text.message} {text.remedy}")
        form = self.fields.get(error.field or "")
        if form is not None:
            if not form.isVisibleTo(self):
                self.more.setChecked(True)
            text = texts.error_text(to_body(error))
            form.set_problem(f"{text.message} {text.remedy}")
            form.field.setFocus()
        self.error.show_error(error)

    # Building

    def _form(self, key: str, title: str, field: QWidget, hint: str = "") -> FormField:
        form = FormField(title, field, hint)
        self.fields[key] = form
        return form

    def _build(self) -> None:
        content = QWidget()
        form = QVBoxLayout(content)
        form.setContentsMargins(24, 24, 24, 8)
        form.setSpacing(12)
        form.addWidget(Label(translate("CreateVm", "Create virtual machines"), "title"))
        form.addLayout(
            _row(
                (self._form("name", translate("CreateVm", "Name"), self.name), 3),
                (self._form("count", translate("CreateVm", "How many"), self.count), 1),
            )
        )
        form.addWidget(self._form("offering_id", translate("CreateVm", "Size"), self.offering))
        form.addLayout(
            _row(
                (self._form("cpu_count", translate("CreateVm", "CPUs"), self.cpus), 1),
                (self._form("memory_bytes", translate("CreateVm", "Memory"), self.memory), 1),
            )
        )
        form.addWidget(self._form("image_id", translate("CreateVm", "Image"), self.image))
        form.addWidget(self._form("network_id", translate("CreateVm", "Network"), self.network))
        form.addWidget(self.networks)
        self.more = FlatButton(translate("CreateVm", "More options"), "chevron-down", "quiet")
        self.more.setCheckable(True)
        self.more.setAutoDefault(False)
        form.addWidget(self.more)
        self.folded = self._folded()
        form.addWidget(self.folded)
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

    def _folded(self) -> QWidget:
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        key_title = translate("CreateVm", "SSH public key")
        read = FlatButton(translate("CreateVm", "Read from a file…"), "", "quiet")
        read.setAutoDefault(False)
        read.clicked.connect(self._read_key)
        layout.addWidget(self._form("ssh_public_key", key_title, self.ssh_key))
        layout.addWidget(read)
        user_hint = translate("CreateVm", "A script that begins with #!, or cloud-init data.")
        user_title = translate("CreateVm", "User data")
        layout.addWidget(self._form("user_data", user_title, self.user_data, user_hint))
        layout.addLayout(
            _row(
                (self._form("address", translate("CreateVm", "Fixed address"), self.address), 1),
                (self._form("host_id", translate("CreateVm", "Host"), self.host), 1),
            )
        )
        disk = translate("CreateVm", "Root disk")
        group = translate("CreateVm", "Affinity group")
        layout.addLayout(
            _row(
                (self._form("root_disk_bytes", disk, self.disk), 1),
                (self._form("affinity_group_id", group, self.group), 1),
            )
        )
        security = translate("CreateVm", "Security group")
        layout.addWidget(self._form("security_group_ids", security, self.security))
        layout.addWidget(self.start)
        box.hide()
        return box

    def _connect(self) -> None:
        self._cache.changed.connect(self._cache_changed)
        self.create_button.clicked.connect(lambda: self._bridge.spawn(self._create()))
        self.networks.changed.connect(self._review)
        self.network.currentIndexChanged.connect(
            lambda _: self.networks.set_first(self.network.currentData() or "")
        )
        self.more.toggled.connect(self.folded.setVisible)
        self.footer.cancel.clicked.connect(self.reject)
        self.offering.currentIndexChanged.connect(lambda _: self._show_size())
        for box in (
            self.offering,
            self.image,
            self.network,
            self.host,
            self.group,
            self.security,
        ):
            box.currentIndexChanged.connect(lambda _: self._review())
        for spin in (self.cpus, self.memory, self.count, self.disk):
            spin.valueChanged.connect(lambda _: self._review())
        for field in (self.name, self.address):
            field.textEdited.connect(lambda _: self._review())
        for text in (self.ssh_key, self.user_data):
            text.textChanged.connect(self._review)
        self.start.toggled.connect(lambda _: self._review())

    def _read_key(self) -> None:
        title = translate("CreateVm", "Choose a public key")
        folder = str(Path.home() / ".ssh")
        path, _ = QFileDialog.getOpenFileName(self, title, folder, "*.pub;;* (*)")
        if path:
            try:
                self.ssh_key.setPlainText(Path(path).read_text(encoding="utf-8").strip())
            except (OSError, UnicodeDecodeError) as error:
                self.fields["ssh_public_key"].set_problem(str(error))


def _row(*fields: tuple[QWidget, int]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(16)
    for widget, stretch in fields:
        row.addWidget(widget, stretch)
    return row


def _offer(box: QComboBox, items: list[tuple[str, str]], proposed: str | None) -> None:
    """Show `items` (words and id); keep the choice, or take the proposed one."""
    chosen = box.currentData() or proposed
    box.blockSignals(True)
    box.clear()
    for words, ref in items:
        box.addItem(words, ref)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
