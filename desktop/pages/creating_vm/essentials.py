"""What every machine needs: a name, an image, a size, a network."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QSpinBox

from appliance.protocol import resources as r
from appliance.protocol.snapshots import Snapshot
from desktop import texts
from desktop.net.cache import Cache
from desktop.pages.creating_vm.section import Draft, MiB, Section, offer
from desktop.pages.sheets.nics import network_words
from desktop.texts import translate
from desktop.wizard.fields import line

CUSTOM = "custom"
SOURCES = ("iso_id", "snapshot_id")  # beside images
LONGEST_NAME = 255
_last: dict[str, Any] = {}
"""What was chosen last, while the client runs."""


class Essentials(Section):
    """The fields that are always shown."""

    def __init__(self, cache: Cache, snapshot: Snapshot | None = None) -> None:
        super().__init__()
        self._cache, self._snapshot = cache, snapshot
        self.name = line("vm-1")
        self.offering, self.image, self.network = QComboBox(), QComboBox(), QComboBox()
        self.cpus, self.memory, self.count = QSpinBox(), QSpinBox(), QSpinBox()
        self.cpus.setRange(1, 1024)
        self.memory.setRange(32, 64 * 1024 * 1024)
        self.memory.setSingleStep(128)
        self.memory.setValue(512)
        self.memory.setSuffix(" MiB")
        self.count.setRange(1, 100)
        self._build()
        self.cloud_changed()
        self.name.setText(self._free_name())
        self.offering.currentIndexChanged.connect(lambda _: self._show_size())
        self._show_size()

    def _build(self) -> None:
        self.row(
            (self.add("name", translate("CreateVm", "Name"), self.name), 3),
            (self.add("count", translate("CreateVm", "How many"), self.count), 1),
        )
        self.body.addWidget(self.add("image_id", translate("CreateVm", "Image"), self.image))
        self.body.addWidget(self.add("offering_id", translate("CreateVm", "Size"), self.offering))
        self.row(
            (self.add("cpu_count", translate("CreateVm", "CPUs"), self.cpus), 1),
            (self.add("memory_bytes", translate("CreateVm", "Memory"), self.memory), 1),
        )
        self.body.addWidget(self.add("network_id", translate("CreateVm", "Network"), self.network))

    def cloud_changed(self) -> None:
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
        installs = translate("CreateVm", "{name} (disc: installs onto an empty root disk)")
        images = [
            (installs.format(name=image.name) if image.kind == "iso" else image.name, image.id)
            for image in self._sorted("image")
            if image.status == r.ImageStatus.READY and image.kind != "data"
        ]
        if self._snapshot is not None:
            images = [(_snapshot_words(self._snapshot), self._snapshot.id)]
        networks = [(network_words(network), network.id) for network in self._sorted("network")]
        own = (translate("CreateVm", "Own size"), CUSTOM)
        offer(self.offering, [*offerings, own], _last.get("offering"))
        offer(self.image, images, _last.get("image"))
        offer(self.network, networks, _last.get("network"))

    def draft_now(self) -> Draft:
        """What the other sections depend on."""
        return Draft(
            image=self._cache.get("image", self.image.currentData() or ""),
            snapshot=self._snapshot,
            network=self._cache.get("network", self.network.currentData() or ""),
            count=self.count.value(),
        )

    def request(self) -> dict[str, Any]:
        """Everything here is always said."""
        body: dict[str, Any] = {
            "name": self.name.text().strip(),
            self._source_field(): self.image.currentData() or "",
            "network_id": self.network.currentData() or "",
            "count": self.count.value(),
        }
        if self.offering.currentData() == CUSTOM:
            body["cpu_count"] = self.cpus.value()
            body["memory_bytes"] = self.memory.value() * MiB
        else:
            body["offering_id"] = self.offering.currentData()
        return body

    def owns(self, field: str) -> bool:
        """Discs and snapshots are chosen where images are."""
        return field in SOURCES or super().owns(field)

    def show_problem(self, field: str, words: str) -> None:
        """Show a refusal at its field."""
        super().show_problem("image_id" if field in SOURCES else field, words)

    def _source_field(self) -> str:
        if self._snapshot is not None:
            return "snapshot_id"
        image = self._cache.get("image", self.image.currentData() or "")
        return "iso_id" if image is not None and image.kind == "iso" else "image_id"

    def problems(self) -> dict[str, str]:
        """A name, an image and a network are needed."""
        found = {}
        name = self.name.text().strip()
        if not name:
            found["name"] = translate("CreateVm", "Give a name.")
        if len(name) > LONGEST_NAME:
            words = translate("CreateVm", "A name has at most {n} characters.")
            found["name"] = words.format(n=LONGEST_NAME)
        if not self.image.currentData():
            found["image_id"] = translate("CreateVm", "Add an image first: none is ready.")
        if not self.network.currentData():
            found["network_id"] = translate("CreateVm", "Make a network first.")
        return found

    def chosen_size(self) -> tuple[int, int]:
        """CPUs and bytes of memory, chosen or of the offering."""
        offering = self._cache.get("instance_offering", self.offering.currentData() or "")
        if offering is None:
            return self.cpus.value(), self.memory.value() * MiB
        return offering.cpu_count, offering.memory_bytes

    def remember(self) -> None:
        """Propose these choices the next time."""
        boxes = {"offering": self.offering, "network": self.network}
        boxes |= {"image": self.image} if self._snapshot is None else {}
        _last.update({key: box.currentData() for key, box in boxes.items()})

    def _free_name(self) -> str:
        names = {vm.name for vm in self._cache.all("vm")}
        number = next(n for n in range(1, len(names) + 2) if f"vm-{n}" not in names)
        return f"vm-{number}"

    def _sorted(self, kind: str) -> list[Any]:
        return sorted(self._cache.all(kind), key=lambda item: item.name)

    def _show_size(self) -> None:
        is_custom = self.offering.currentData() == CUSTOM
        self.fields["cpu_count"].setVisible(is_custom)
        self.fields["memory_bytes"].setVisible(is_custom)


def _snapshot_words(snapshot: Snapshot) -> str:
    words = translate("CreateVm", "Snapshot {name} of {volume}")
    return words.format(name=snapshot.name, volume=snapshot.volume_name)
