"""Sheets about images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QComboBox

from appliance.protocol import resources as r
from appliance.protocol.snapshots import Snapshot
from desktop import image_words
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.creating import free_name
from desktop.pages.sheets.form_sheet import Choice, FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page import Request, choose
from desktop.wizard.pages_basic import NamePage


class ImageEdit(NamePage):
    """Name and description, and what machines of the image need."""

    def __init__(self, image: r.Image) -> None:
        super().__init__("edit", operation_title("image.update"), image.name)
        self._guessed = image.guessed
        self.traits: dict[str, QComboBox] = {}
        if image.kind != "iso":
            title = translate("Images", "Kind")
            self.traits["kind"] = self.add_choice("kind", title, image_words.kinds(with_iso=False))
        for key, title, choices in (
            ("platform", translate("Images", "Platform"), image_words.platforms()),
            ("firmware", translate("Images", "Firmware"), image_words.firmwares()),
        ):
            self.traits[key] = self.add_choice(key, title, choices, self._hint(key))
        self.side_by_side(*self.traits)

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        super().fill(requests)
        for key, box in self.traits.items():
            choose(box, requests["edit"][key])

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return super().values(name) | {key: box.currentData() for key, box in self.traits.items()}

    def _hint(self, key: str) -> str:
        words = translate("Images", "Guessed from its content. Saving confirms it.")
        return words if key in self._guessed else ""


class ImageOfVolume(NamePage):
    """What the image of a volume is called, and what its machines need."""

    def __init__(self, source: r.Volume | Snapshot, *, is_running: bool) -> None:
        if isinstance(source, Snapshot):
            words = translate("Images", "The image is the disk as it was when this was taken.")
        elif is_running:
            words = translate(
                "Images",
                "The image is the disk as it is at this moment; the machine goes on meanwhile. "
                "If its guest agent answers, its file systems stand still for that moment.",
            )
        else:
            words = translate("Images", "Nobody can use the disk until the image is made.")
        title = translate("Images", "Image of {name}").format(name=source.name)
        super().__init__("image", title, words)
        by_content = (translate("Wizard", "As its content says"), "auto")
        self.platform = self.add_choice(
            "platform", translate("Images", "Platform"), [by_content, *image_words.platforms()]
        )
        self.firmware = self.add_choice(
            "firmware", translate("Images", "Firmware"), [by_content, *image_words.firmwares()]
        )
        self.side_by_side("platform", "firmware")

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return super().values(name) | {
            "platform": self.platform.currentData(),
            "firmware": self.firmware.currentData(),
        }


def make_image(shell: Shell, volume: r.Volume, snapshot: Snapshot | None = None) -> None:
    """Open the sheet that makes an image of a volume, or of a snapshot of it."""
    vm = shell.cache.get("vm", volume.vm_id)
    is_running = vm is not None and vm.state in (r.VmState.RUNNING, r.VmState.PAUSED)

    def make() -> FormSheet:
        form = ImageOfVolume(snapshot or volume, is_running=is_running)
        stem = vm.name if vm is not None else volume.name
        stem = snapshot.name if snapshot is not None else stem
        form.show_requests({"image": {"name": free_name(stem, shell.cache.all("image"))}})
        stores = sorted(shell.cache.all("image_store"), key=lambda one: one.name)
        choice = Choice(
            key="image_store_id",
            title=translate("Sheets", "Image store"),
            items=[(one.name, one.id) for one in stores],
            missing=translate("Sheets", "Make an image store first."),
        )
        spec = SheetSpec(
            operation="volume.create_image",
            button=translate("Images", "Make image"),
            fixed={"id": volume.id} | ({"snapshot_id": snapshot.id} if snapshot else {}),
            choices=(choice,),
        )
        sheet = FormSheet(shell, form, spec)
        sheet.resize(560, 440)
        return sheet

    show_sheet(shell.window, f"image-of-{(snapshot or volume).id}", make)


async def edit_image(shell: Shell, resources: list[Any]) -> None:
    """Open the sheet that changes what is said of an image."""
    image: r.Image = resources[0]

    def make() -> FormSheet:
        form = ImageEdit(image)
        names = ("name", "description", "kind", "platform", "firmware")
        form.show_requests({"edit": {name: getattr(image, name) for name in names}})
        form.name.selectAll()
        spec = SheetSpec(
            operation="image.update", button=translate("Sheets", "Save"), fixed={"id": image.id}
        )
        sheet = FormSheet(shell, form, spec)
        sheet.resize(560, 400)
        return sheet

    show_sheet(shell.window, f"edit-{image.id}", make)
