"""Step 6: the first instance offering and the first image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from appliance.client.setup import SetupFlow
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField, line
from desktop.wizard.page import StepPage

MiB = 1024**2
SOURCES = ("starter", "url", "upload")


class ImagePage(StepPage):
    """A size of machine, and what it starts from."""

    names = ("offering", "image")

    def __init__(self) -> None:
        super().__init__(
            translate("Wizard", "Instance offering and image"),
            translate(
                "Wizard",
                "An instance offering is a size of virtual machine to choose from; "
                "an image is the disk that a new machine starts with.",
            ),
        )
        self.offering_name = line()
        self.cpus = QSpinBox()
        self.cpus.setRange(1, 1024)
        self.memory = QSpinBox()
        self.memory.setRange(32, 64 * 1024 * 1024)
        self.memory.setSingleStep(128)
        self.memory.setSuffix(" MiB")
        self._add_offering()
        self.image_name = line()
        self.add_field("image_name", FormField(translate("Wizard", "Image"), self.image_name))
        self.sources = QButtonGroup(self)
        self._add_sources()
        self.url = self.add_line(
            "url", translate("Wizard", "Address (http or https)"), placeholder="https://…"
        )
        self.sha256 = self.add_line(
            "sha256",
            translate("Wizard", "SHA-256 of the image (optional)"),
            translate("Wizard", "Checked after the download."),
        )
        self.file = line()
        self._add_file()
        for field in (self.offering_name, self.image_name):
            field.textEdited.connect(self.touched)
        self._show_source()

    @property
    def source(self) -> str:
        """Which source is marked."""
        return SOURCES[max(0, self.sources.checkedId())]

    def fill(self, flow: SetupFlow) -> None:
        """Show the plan's values."""
        self.is_filling = True
        offering = flow.step("offering").request
        self.offering_name.setText(offering["name"])
        self.cpus.setValue(offering["cpu_count"])
        self.memory.setValue(offering["memory_bytes"] // MiB)
        image = flow.step("image").request
        self.image_name.setText(image["name"])
        self.sources.button(SOURCES.index(image["source"])).setChecked(True)
        self.url.setText(image.get("url", ""))
        self.sha256.setText(image.get("sha256", ""))
        self.is_filling = False
        self._show_source()

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        if name == "offering":
            return {
                "name": self.offering_name.text(),
                "cpu_count": self.cpus.value(),
                "memory_bytes": self.memory.value() * MiB,
            }
        values: dict[str, Any] = {"name": self.image_name.text(), "source": self.source}
        if self.source == "url":
            values["url"] = self.url.text().strip()
        if self.source != "starter":
            values["sha256"] = self.sha256.text().strip()
        if self.source == "upload" and self.upload_from is not None:
            values["size_bytes"] = self.upload_from.stat().st_size
        return values

    @property
    def upload_from(self) -> Path | None:
        """The file to send, if one is chosen and there."""
        path = Path(self.file.text().strip())
        return path if self.file.text().strip() and path.is_file() else None

    def review(self) -> bool:
        """Names, and what the source needs."""
        is_good = self.review_names()
        if self.source == "url":
            fits = self.url.text().strip().startswith(("http://", "https://"))
            wrong = translate("Wizard", "Begin the address with http:// or https://.")
            self.tell("url", "" if fits else wrong)
            is_good = is_good and fits
        if self.source == "upload":
            fits = self.upload_from is not None
            choose = translate("Wizard", "Choose a file on this computer.")
            self.tell("file", "" if fits else choose)
            is_good = is_good and fits
        return is_good

    def _add_offering(self) -> None:
        self.add_field("name", FormField(translate("Wizard", "Offering"), self.offering_name))
        cpus = FormField(translate("Wizard", "CPUs"), self.cpus)
        memory = FormField(translate("Wizard", "Memory"), self.memory)
        self.fields |= {"cpu_count": cpus, "memory_bytes": memory}
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(cpus)
        row.addWidget(memory)
        self.body.addLayout(row)
        for spin in (self.cpus, self.memory):
            spin.valueChanged.connect(lambda _: self.chosen_by_hand())

    def _add_sources(self) -> None:
        titles = (
            translate("Wizard", "Starter image: a small Linux that comes with the appliance"),
            translate("Wizard", "Download from an address"),
            translate("Wizard", "Upload a file from this computer"),
        )
        self.body.addWidget(Label(translate("Wizard", "Where from"), "small"))
        for index, title in enumerate(titles):
            button = QRadioButton(title)
            button.clicked.connect(lambda _=False: (self._show_source(), self.touched()))
            self.sources.addButton(button, index)
            self.body.addWidget(button)

    def _add_file(self) -> None:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        choose = FlatButton(translate("Wizard", "Choose…"))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        row.addWidget(self.file, 1)
        row.addWidget(choose)
        self.file.textEdited.connect(self.touched)
        self.add_field("file", FormField(translate("Wizard", "File"), box))

    def _choose(self) -> None:
        title = translate("Wizard", "Choose a disk image")
        pattern = translate("Wizard", "Disk images")
        files = f"{pattern} (*.qcow2 *.img *.raw *.vmdk *.vhdx *.vdi);;* (*)"
        path, _ = QFileDialog.getOpenFileName(self, title, "", files)
        if path:
            self.file.setText(path)
            self.touched()

    def _show_source(self) -> None:
        self.fields["url"].setVisible(self.source == "url")
        self.fields["file"].setVisible(self.source == "upload")
        self.fields["sha256"].setVisible(self.source != "starter")
