"""Sheets about images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QComboBox

from appliance.protocol import resources as r
from desktop import image_words
from desktop.operation_titles import operation_title
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
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
