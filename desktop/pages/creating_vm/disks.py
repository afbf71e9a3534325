"""The section of a new machine's disks: how large the first is, and which further ones."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from appliance.protocol.requests import DATA_VOLUMES_MAX
from desktop import texts
from desktop.pages.creating_vm.section import Draft, GiB, Section, given
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.wizard.fields import INPUT_HEIGHT, line

LARGEST_GIB = 64 * 1024
USUAL_GIB = 20


class DataDiskRow(QWidget):
    """One further disk: its size, and a name if it is to have its own."""

    changed = Signal()
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.size_field = QSpinBox()
        self.size_field.setRange(1, LARGEST_GIB)
        self.size_field.setValue(USUAL_GIB)
        self.size_field.setSuffix(" GiB")
        self.size_field.setAccessibleName(translate("CreateVm", "Size of the data disk"))
        self.name = line(placeholder=translate("CreateVm", "named after the machine"))
        self.name.setAccessibleName(translate("CreateVm", "Name of the data disk"))
        for field in (self.name, self.size_field):
            field.setMinimumHeight(INPUT_HEIGHT)
        remove = FlatButton("", "close", "quiet")
        remove.setToolTip(translate("CreateVm", "Leave this disk out"))
        remove.setAccessibleName(remove.toolTip())
        remove.setAutoDefault(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.name, 2)
        layout.addWidget(self.size_field, 1)
        layout.addWidget(remove)
        self.size_field.valueChanged.connect(lambda _: self.changed.emit())
        self.name.textEdited.connect(lambda _: self.changed.emit())
        remove.clicked.connect(self.removed)

    def request(self) -> dict[str, Any]:
        """The disk's part of the request."""
        name = self.name.text().strip()
        return given({"size_bytes": self.size_field.value() * GiB, "name": name})


def bus_choices() -> list[tuple[str, str]]:
    """How guests reach disks, in words."""
    return [
        (translate("CreateVm", "virtio-blk, the usual way"), "virtio"),
        (translate("CreateVm", "virtio SCSI"), "virtio_scsi"),
    ]


class Disks(Section):
    """The root disk, and data disks."""

    def __init__(self) -> None:
        super().__init__()
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
                "data_disks": disks or None,
            }
        )

    def follow(self, draft: Draft) -> None:
        """The root disk of a machine that is installed from a disc is empty."""
        super().follow(draft)
        usual = f"{USUAL_GIB} GiB"
        as_image = translate("CreateVm", "as the image")
        as_snapshot = translate("CreateVm", "as the snapshot")
        as_source = as_snapshot if draft.snapshot is not None else as_image
        self.root.setSpecialValueText(usual if self._is_empty else as_source)

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
