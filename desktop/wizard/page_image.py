"""Step 6: the first instance offering and the first image, each also a form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QSpinBox,
    QWidget,
)

from appliance.protocol.errors import ErrorBody
from appliance.protocol.resources import CheckResult
from desktop import image_words, texts
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField, line
from desktop.wizard.page import Request, StepPage, choose

MiB = 1024**2
SOURCES = ("starter", "url", "upload")
ENDINGS = "*.qcow2 *.img *.raw *.vmdk *.vhd *.vhdx *.vdi *.iso *.ova *.gz *.xz *.zst"


class OfferingForm(StepPage):
    """A size of machine."""

    names = ("offering",)

    def __init__(self, title: str = "", intro: str = "", *, name_title: str = "") -> None:
        super().__init__(title, intro)
        self.name = self.add_line("name", name_title or translate("Wizard", "Name"))
        self.description = self.add_line("description", translate("Wizard", "Description"))
        self.side_by_side("name", "description")
        self.cpus = QSpinBox()
        self.cpus.setRange(1, 1024)
        self.memory = QSpinBox()
        self.memory.setRange(32, 64 * 1024 * 1024)
        self.memory.setSingleStep(128)
        self.memory.setSuffix(" MiB")
        self.add_field("cpu_count", FormField(translate("Wizard", "CPUs"), self.cpus))
        self.add_field("memory_bytes", FormField(translate("Wizard", "Memory"), self.memory))
        self.side_by_side("cpu_count", "memory_bytes")
        for spin in (self.cpus, self.memory):
            spin.valueChanged.connect(lambda _: self.chosen_by_hand())

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        request = requests["offering"]
        self.name.setText(request["name"])
        self.description.setText(request.get("description", ""))
        self.cpus.setValue(request["cpu_count"])
        self.memory.setValue(request["memory_bytes"] // MiB)

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {
            "name": self.name.text(),
            "description": self.description.text(),
            "cpu_count": self.cpus.value(),
            "memory_bytes": self.memory.value() * MiB,
        }

    def review(self) -> bool:
        """A name is needed."""
        return self.review_names()


class ImageForm(StepPage):
    """Where an image comes from: `sources` of starter, url and upload are offered."""

    names = ("image",)
    tested_field = "url"

    def __init__(
        self,
        title: str = "",
        intro: str = "",
        *,
        name_title: str = "",
        sources: tuple[str, ...] = SOURCES,
    ) -> None:
        super().__init__(title, intro)
        self.name = self.add_line("name", name_title or translate("Wizard", "Name"))
        self.description = self.add_line("description", translate("Wizard", "Description"))
        self.side_by_side("name", "description")
        self.sources = QButtonGroup(self)
        self._add_sources(sources)
        self.url = self.add_line(
            "url", translate("Wizard", "Address (http or https)"), placeholder="https://…"
        )
        self.file = line()
        self._add_file()
        by_content = (translate("Wizard", "As its content says"), "auto")
        self.kind = self.add_choice(
            "kind", translate("Wizard", "Type"), [by_content, *image_words.kinds(with_iso=True)]
        )
        self.platform = self.add_choice(
            "platform", translate("Wizard", "Platform"), [by_content, *image_words.platforms()]
        )
        self.firmware = self.add_choice(
            "firmware", translate("Wizard", "Firmware"), [by_content, *image_words.firmwares()]
        )
        self.side_by_side("kind", "platform", "firmware")
        self.sha256 = self.add_line(
            "sha256",
            translate("Wizard", "SHA-256 of the image (optional)"),
            translate("Wizard", "Checked when all of it has come."),
        )
        self._show_source()

    @property
    def source(self) -> str:
        """Which source is marked."""
        return SOURCES[max(0, self.sources.checkedId())]

    def choose_source(self, source: str) -> None:
        """Mark another source."""
        self.sources.button(SOURCES.index(source)).setChecked(True)
        self._show_source()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        request = requests["image"]
        self.name.setText(request["name"])
        self.description.setText(request.get("description", ""))
        choose(self.kind, request.get("kind", "auto"))
        choose(self.platform, request.get("platform", "auto"))
        choose(self.firmware, request.get("firmware", "auto"))
        self.url.setText(request.get("url", ""))
        self.sha256.setText(request.get("sha256", ""))
        self.choose_source(request["source"])

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        values: dict[str, Any] = {
            "name": self.name.text(),
            "description": self.description.text(),
            "source": self.source,
        }
        for key, box in self._traits.items():
            values[key] = "auto" if self.source == "starter" else box.currentData()
        if self.source == "url":
            values["url"] = self.url.text().strip()
        if self.source != "starter":
            values["sha256"] = self.sha256.text().strip()
        if self.upload_from is not None:
            values["size_bytes"] = self.upload_from.stat().st_size
        return values

    @property
    def upload_from(self) -> Path | None:
        """The file to send, if one is chosen and there."""
        text = self.file.text().strip()
        if self.source != "upload" or not text or not Path(text).is_file():
            return None
        return Path(text)

    @property
    def _traits(self) -> dict[str, QComboBox]:
        return {"kind": self.kind, "platform": self.platform, "firmware": self.firmware}

    def review(self) -> bool:
        """A name, and what the source needs."""
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

    @property
    def tested_step(self) -> str:
        """Only an address can be tested."""
        return "image" if self.source == "url" and self.url.text().strip() else ""

    def good_words(self, facts: Mapping[str, Any]) -> str:
        """How large the file behind the address is."""
        size_bytes = facts.get("size_bytes")
        if not size_bytes:
            return translate("Wizard", "The host can read this address.")
        words = translate("Wizard", "The host can read this address: {size}.")
        return words.format(size=texts.size(size_bytes))

    # Building

    def _add_sources(self, sources: tuple[str, ...]) -> None:
        titles = (
            translate("Wizard", "Starter image: a small Linux that comes with the appliance"),
            translate("Wizard", "Download from an address"),
            translate("Wizard", "Upload a file from this computer"),
        )
        self.body.addWidget(Label(translate("Wizard", "Where from"), "small"))
        offered = {n: title for n, title in enumerate(titles) if SOURCES[n] in sources}
        self.add_radios(self.sources, offered)
        self.sources.buttonClicked.connect(lambda _: (self._show_source(), self.touched()))

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
        files = f"{pattern} ({ENDINGS});;* (*)"
        path, _ = QFileDialog.getOpenFileName(self, title, "", files)
        if path:
            self.file.setText(path)
            self.touched()

    def _show_source(self) -> None:
        self.fields["url"].setVisible(self.source == "url")
        self.fields["file"].setVisible(self.source == "upload")
        for key in (*self._traits, "sha256"):
            self.fields[key].setVisible(self.source != "starter")


class ImagePage(StepPage):
    """Both together: a size of machine, and what it starts from."""

    names = ("offering", "image")
    tested_field = "url"

    def __init__(self) -> None:
        super().__init__(
            translate("Wizard", "Instance offering and image"),
            translate(
                "Wizard",
                "An instance offering is a size of virtual machine to choose from; "
                "an image is the disk that a new machine starts with.",
            ),
        )
        self.offering = OfferingForm(name_title=translate("Wizard", "Offering"))
        self.image = ImageForm(name_title=translate("Wizard", "Image"))
        self.fields = self.offering.fields | {
            {"name": "image_name", "description": "image_description"}.get(key, key): form
            for key, form in self.image.fields.items()
        }
        for form in (self.offering, self.image):
            self.body.addWidget(form)
            form.changed.connect(self.touched)
        self.cpus, self.memory = self.offering.cpus, self.offering.memory
        self.sources, self.url, self.file = self.image.sources, self.image.url, self.image.file

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        for form in (self.offering, self.image):
            form.show_requests(requests)

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return (self.offering if name == "offering" else self.image).values(name)

    @property
    def upload_from(self) -> Path | None:
        """The file to send, if one is chosen and there."""
        return self.image.upload_from

    def review(self) -> bool:
        """What both need."""
        fits = [form.review() for form in (self.offering, self.image)]
        return all(fits)

    @property
    def tested_step(self) -> str:
        """Only an address can be tested."""
        return self.image.tested_step

    def show_findings(self, found: CheckResult) -> None:
        """What is tested is the image."""
        self.image.show_findings(found)

    def show_problem(self, problem: ErrorBody, step: str = "") -> bool:
        """Both have a name: the step tells which one is meant."""
        return (self.image if step == "image" else self.offering).show_problem(problem)
