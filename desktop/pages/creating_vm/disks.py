"""The section of a new machine's disks: how large the first is, and which further ones."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QSpinBox, QVBoxLayout

from appliance.protocol import resources as r
from appliance.protocol.requests import DATA_VOLUMES_MAX
from desktop import texts
from desktop.net.cache import Cache
from desktop.pages.creating_vm.rows import RemovableRow
from desktop.pages.creating_vm.section import Draft, GiB, Section, given, offer
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.wizard.fields import line

LARGEST_GIB = 64 * 1024
USUAL_GIB = 20


class DataDiskRow(RemovableRow):
    """One further disk: its size, a name if it is to have its own, what it is a copy of, and where
    it lies. What there is no choice of is not asked.
    """

    def __init__(self) -> None:
        super().__init__(translate("CreateVm", "Leave this disk out"))
        self.name = line(placeholder=translate("CreateVm", "named after the machine"))
        self.size_field = QSpinBox()
        self.size_field.setRange(1, LARGEST_GIB)
        self.size_field.setValue(USUAL_GIB)
        self.size_field.setSuffix(" GiB")
        self.image, self.storage = QComboBox(), QComboBox()
        self._smallest: dict[str, int] = {}
        self.add(self.name, translate("CreateVm", "Name of the data disk"), 2)
        self.add(self.size_field, translate("CreateVm", "Size of the data disk"), 1)
        below = self.new_line()
        self.add(self.image, translate("CreateVm", "What is on the data disk"), 1, below)
        self.add(self.storage, translate("CreateVm", "Storage of the data disk"), 1, below)
        self.image.currentIndexChanged.connect(lambda _: self._follow_image())

    def offer(self, images: list[r.Image], storages: list[tuple[str, str]]) -> None:
        """Show what there is to choose from, and keep what was chosen."""
        empty = translate("CreateVm", "empty")
        self._smallest = {one.id: -(-one.virtual_size_bytes // GiB) for one in images}
        named = [(copy_words(one), one.id) for one in images]
        offer(self.image, [(empty, None), *named])
        beside = translate("CreateVm", "with the root disk")
        offer(self.storage, [(beside, None), *storages])
        self.image.setVisible(bool(images))
        self.storage.setVisible(len(storages) > 1)
        self._follow_image()

    def _follow_image(self) -> None:
        """A copy has at least the size of its image."""
        self.size_field.setMinimum(max(1, self._smallest.get(self.image.currentData() or "", 1)))

    def request(self) -> dict[str, Any]:
        """The disk's part of the request."""
        return given(
            {
                "size_bytes": self.size_field.value() * GiB,
                "name": self.name.text().strip(),
                "image_id": self.image.currentData(),
                "primary_storage_id": self.storage.currentData(),
            }
        )


def bus_choices() -> list[tuple[str, str]]:
    """How guests reach disks, in words."""
    return [
        (translate("CreateVm", "virtio-blk, the usual way"), "virtio"),
        (translate("CreateVm", "virtio SCSI"), "virtio_scsi"),
    ]


def data_images(cache: Cache) -> list[r.Image]:
    """The images that data disks may be copies of."""
    ready = (one for one in cache.all("image") if one.status is r.ImageStatus.READY)
    return sorted((one for one in ready if one.kind == "data"), key=lambda one: one.name)


def copy_words(image: r.Image) -> str:
    """What a data disk is that is made of an image."""
    return translate("CreateVm", "a copy of {name}").format(name=image.name)


def storages_in(cache: Cache, clusters: set[str] | None = None) -> list[r.PrimaryStorage]:
    """The storages that take new disks, of all clusters or of one of these; tenants see none."""
    found = [
        one
        for one in cache.all("primary_storage")
        if one.state is r.State.ENABLED and (clusters is None or clusters & set(one.cluster_ids))
    ]
    return sorted(found, key=lambda one: one.name)


class Disks(Section):
    """The root disk, and data disks."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self._cache = cache
        self.title = translate("CreateVm", "Disks")
        self.root = QSpinBox()
        self.root.setRange(0, LARGEST_GIB)
        self.root.setSuffix(" GiB")
        self.root.setSpecialValueText(translate("CreateVm", "as the image"))
        self.rows: list[DataDiskRow] = []
        self.add_disk = FlatButton(translate("CreateVm", "Add a data disk"), "plus", "quiet")
        self.add_disk.setAutoDefault(False)
        self.add_disk.clicked.connect(self.add_row)
        self._problem = Label("", "error")
        self._problem.hide()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        self.bus = QComboBox()
        for words, value in bus_choices():
            self.bus.addItem(words, value)
        bus = translate("CreateVm", "How the guest reaches its disks")
        self.row(
            (self.add("root_disk_bytes", translate("CreateVm", "Root disk"), self.root), 1),
            (self.add("root_bus", bus, self.bus), 1),
        )
        self.storage = QComboBox()
        storage = translate("CreateVm", "Primary storage")
        self.body.addWidget(self.add("primary_storage_id", storage, self.storage))
        self.body.addLayout(self._rows)
        self.body.addWidget(self._problem)
        self.body.addWidget(self.add_disk, 0, Qt.AlignmentFlag.AlignLeft)

    def request(self) -> dict[str, Any]:
        """Sizes that were chosen."""
        bus = {"bus": self.bus.currentData()} if self.bus.currentIndex() else {}
        disks = [row.request() | bus for row in self.rows]
        root_gib = self.root.value() or (USUAL_GIB if self._is_empty else 0)
        return given(
            {
                "root_disk_bytes": root_gib * GiB,
                "root_bus": bus.get("bus"),
                "primary_storage_id": self.storage.currentData(),
                "data_disks": disks or None,
            }
        )

    def follow(self, draft: Draft) -> None:
        """The root disk of a machine that is installed from a disc is empty."""
        super().follow(draft)
        self._offer()
        usual = f"{USUAL_GIB} GiB"
        as_image = translate("CreateVm", "as the image")
        as_snapshot = translate("CreateVm", "as the snapshot")
        as_source = as_snapshot if draft.snapshot is not None else as_image
        self.root.setSpecialValueText(usual if self._is_empty else as_source)

    def cloud_changed(self) -> None:
        """There may be other storages and images."""
        self._offer()

    def _offer(self) -> None:
        """The storages that the network's clusters use, for those who may see them, and images."""
        network = self.draft.network
        clusters = set(network.cluster_ids) if network is not None else set()
        storages = [(one.name, one.id) for one in storages_in(self._cache, clusters)]
        images = data_images(self._cache)
        automatic = translate("CreateVm", "chosen by the system")
        offer(self.storage, [(automatic, None), *storages])
        self.fields["primary_storage_id"].setVisible(len(storages) > 1)
        for row in self.rows:
            row.offer(images, storages)

    @property
    def _is_empty(self) -> bool:
        return self.draft.image is not None and self.draft.image.kind == "iso"

    def problems(self) -> dict[str, str]:
        """The root disk holds the whole image or snapshot."""
        needed = self.draft.source_bytes
        if not self.root.value() or self.root.value() * GiB >= needed:
            return {}
        words = translate("CreateVm", "At least {size} are needed for what it is made of.")
        return {"root_disk_bytes": words.format(size=texts.size(needed))}

    def summary(self) -> str:
        """The sizes."""
        words = [texts.size(self.root.value() * GiB)] if self.root.value() else []
        words += [self.storage.currentText()] if self.storage.currentData() else []
        words += [f"+ {texts.size(row.size_field.value() * GiB)}" for row in self.rows]
        return " ".join(words)

    def review(self) -> bool:
        """What the service said of a data disk was of another request."""
        self._tell("")
        return super().review()

    def owns(self, field: str) -> bool:
        """Whether a field is of a disk."""
        return field.startswith("data_disks") or super().owns(field)

    def show_problem(self, field: str, words: str) -> None:
        """Data disks share one line for what is wrong with them."""
        if field in self.fields:
            super().show_problem(field, words)
        else:
            self._tell(words)

    def add_row(self) -> None:
        """Ask for one more data disk."""
        row = DataDiskRow()
        row.changed.connect(self.changed)
        row.removed.connect(lambda: self.remove(row))
        self.rows.append(row)
        self._rows.addWidget(row)
        self._offer()
        self._refresh()
        row.size_field.setFocus()

    def remove(self, row: DataDiskRow) -> None:
        """Leave a data disk out."""
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        self._refresh()
        self.add_disk.setFocus()

    def _refresh(self) -> None:
        is_full = len(self.rows) >= DATA_VOLUMES_MAX
        words = translate("CreateVm", "A machine has at most {n} data disks.")
        self.add_disk.setEnabled(not is_full)
        self.add_disk.setToolTip(words.format(n=DATA_VOLUMES_MAX) if is_full else "")
        self.changed.emit()

    def _tell(self, words: str) -> None:
        self._problem.setText(words)
        self._problem.setVisible(bool(words))
