"""What every section of the dialog for new machines is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from msgspec import to_builtins
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from appliance.protocol.hardware import Hardware, NewHardware
from appliance.protocol.snapshots import Snapshot
from desktop.widgets.abstract import AbstractQObject
from desktop.wizard.fields import FormField

GiB = 1024**3
MiB = 1024**2


@dataclass(frozen=True)
class Draft:
    """What the common fields say, on which the other sections depend.

    The root disk is made of an image, or of a snapshot, or is empty beside a disc.
    """

    image: r.Image | None = None
    snapshot: Snapshot | None = None
    network: r.Network | None = None
    count: int = 1

    @property
    def source_name(self) -> str:
        """What the machine starts from is called."""
        source = self.snapshot or self.image
        return source.name if source is not None else "–"

    @property
    def source_bytes(self) -> int:
        """What the root disk has to hold at least."""
        if self.snapshot is not None:
            return self.snapshot.size_bytes
        is_disk = self.image is not None and self.image.kind != "iso"
        return self.image.virtual_size_bytes if self.image is not None and is_disk else 0


class Section(QWidget, metaclass=AbstractQObject):
    """Fields for a part of a request, known by the names that they have there.

    A section says what it asks for beyond what is usual, what does not fit, and, in a few words,
    what was chosen.
    """

    changed = Signal()
    title = ""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, FormField] = {}
        self.draft = Draft()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(12)

    @abstractmethod
    def request(self) -> dict[str, Any]:
        """The section's part of the request, without what was left as it is."""

    def problems(self) -> dict[str, str]:
        """What does not fit, by field."""
        return {}

    def summary(self) -> str:
        """What was chosen, in a few words; empty if all is as usual."""
        return ""

    def follow(self, draft: Draft) -> None:
        """Other common fields were chosen."""
        self.draft = draft

    def cloud_changed(self) -> None:
        """What there is to choose from may have changed."""

    def owns(self, field: str) -> bool:
        """Whether a field of the request is one of this section's."""
        return field in self.fields

    def show_problem(self, field: str, words: str) -> None:
        """Show a refusal at its field, which is one of this section's."""
        self.fields[field].set_problem(words)
        self.fields[field].field.setFocus()

    def review(self) -> bool:
        """Show what does not fit; whether all fits."""
        found = self.problems()
        for key, form in self.fields.items():
            form.set_problem(found.get(key, ""))
        return not found

    # Building

    def add(self, key: str, title: str, field: QWidget, hint: str = "") -> FormField:
        """A titled input that is not placed yet; its changes are the section's."""
        form = FormField(title, field, hint)
        self.fields[key] = form
        self.watch(field)
        return form

    def watch(self, field: QWidget) -> None:
        """A change of this input is one of the section."""
        match field:
            case QLineEdit():
                field.textEdited.connect(lambda _: self.changed.emit())
            case QPlainTextEdit():
                field.textChanged.connect(self.changed)
            case QComboBox():
                field.currentIndexChanged.connect(lambda _: self.changed.emit())
            case QSpinBox():
                field.valueChanged.connect(lambda _: self.changed.emit())
            case QCheckBox():
                field.toggled.connect(lambda _: self.changed.emit())
            case _:
                raise TypeError(field)

    def row(self, *widgets: tuple[QWidget, int]) -> None:
        """Widgets side by side, each with its share of the width."""
        row = QHBoxLayout()
        row.setSpacing(16)
        for widget, stretch in widgets:
            row.addWidget(widget, stretch, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)


class HardwareSection(Section):
    """A section for a part of a machine's hardware, of a new machine or of one that is there.

    Its fields have the names that they have in the hardware.
    """

    @abstractmethod
    def load(self, hardware: Hardware) -> None:
        """Show what a machine has."""

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """All that the fields say."""

    def request(self) -> dict[str, Any]:
        """What is not as usual."""
        usual = to_builtins(NewHardware())
        chosen = {key: value for key, value in self.values().items() if value != usual[key]}
        return {"hardware": chosen} if chosen else {}

    def owns(self, field: str) -> bool:
        """Whether a field is one of this part of the hardware."""
        return _own_name(field) in self.fields

    def show_problem(self, field: str, words: str) -> None:
        """Show a refusal at its field."""
        super().show_problem(_own_name(field), words)


def _own_name(field: str) -> str:
    """`hardware.numa[0].cpus` is of the field `numa`."""
    return field.removeprefix("hardware.").partition("[")[0]


def offer(box: QComboBox, items: list[tuple[str, Any]], proposed: str | None = None) -> None:
    """Show `items` (words and value); keep the choice, or take the proposed one."""
    chosen = box.currentData() or proposed
    box.blockSignals(True)
    box.clear()
    for words, value in items:
        box.addItem(words, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """What is not left as it is: an empty list says something, an empty text does not."""
    return {key: value for key, value in values.items() if value or value == []}
