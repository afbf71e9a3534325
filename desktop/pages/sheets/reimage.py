"""The sheets that make a machine's root disk anew: plain words first, and the name typed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QSpinBox

from appliance.protocol import resources as r
from desktop import texts
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.widgets.labels import Label
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

GiB = 1024**3


class ConsentForm(StepPage):
    """What is lost, what stays, and a line for the machine's name."""

    def __init__(self, operation: str, vm: r.Vm) -> None:
        super().__init__(operation_title(operation), vm.name)
        self._name = vm.name
        lost = translate(
            "Reimage",
            "Everything on the root disk is lost for good: the system, programs and files of the "
            "guest. There is no recycle bin for it.",
        )
        kept = translate(
            "Reimage",
            "Data disks, addresses, security groups and settings stay as they are. If it cannot "
            "be made, the machine keeps its present disk.",
        )
        for words, kind in ((lost, "body"), (kept, "muted")):
            label = Label(words, kind)
            label.setWordWrap(True)
            self.body.addWidget(label)

    def add_consent(self) -> None:
        """The last field: the name of the machine."""
        words = translate("Reimage", "Type {name} to confirm")
        self.consent = self.add_line("consent", words.format(name=self._name))
        self.body.addStretch()

    @property
    def is_meant(self) -> bool:
        """Whether the name was typed."""
        return self.consent.text().strip() == self._name

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""


class ReimageForm(ConsentForm):
    """The same image again."""

    names = ("reimage",)

    def __init__(self, vm: r.Vm) -> None:
        super().__init__("vm.reimage", vm)
        image = vm.image_name or translate("Reimage", "its image")
        words = translate("Reimage", "The new root disk is made from {image}, with {size}.")
        size = texts.size(root_bytes(vm))
        self.body.addWidget(Label(words.format(image=image, size=size), "body"))
        self.add_consent()

    def values(self, name: str) -> dict[str, Any]:
        """There is nothing to choose."""
        return {}

    def review(self) -> bool:
        """It must be meant."""
        return self.is_meant


class ChangeImageForm(ConsentForm):
    """Another image, and how large the disk is to be."""

    names = ("change_image",)

    def __init__(self, vm: r.Vm, images: list[r.Image]) -> None:
        super().__init__("vm.change_image", vm)
        self._images = {image.id: image for image in images}
        self.image = self.add_choice(
            "image_id",
            translate("Reimage", "New image"),
            [(f"{one.name}  {texts.size(one.virtual_size_bytes)}", one.id) for one in images],
        )
        self.size_field = QSpinBox()
        self.size_field.setSuffix(" GiB")
        self.size_field.setRange(0, 64 * 1024)
        self.size_field.setSpecialValueText(translate("Reimage", "as now, or as the image needs"))
        self.size_field.valueChanged.connect(lambda _: self.chosen_by_hand())
        self.add_field(
            "root_disk_bytes", FormField(translate("Reimage", "Size of the disk"), self.size_field)
        )
        self.side_by_side("image_id", "root_disk_bytes")
        self.add_consent()

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        found = {"image_id": self.image.currentData() or ""}
        if self.size_field.value():
            found["root_disk_bytes"] = self.size_field.value() * GiB
        return found

    def review(self) -> bool:
        """There must be an image, whose size fits, and it must be meant."""
        image = self._images.get(self.image.currentData() or "")
        nothing = translate("Reimage", "There is no other image.")
        self.tell("image_id", "" if image else nothing)
        size_bytes = self.size_field.value() * GiB
        is_small = bool(image and size_bytes and size_bytes < image.virtual_size_bytes)
        small = translate("Reimage", "The image needs more.")
        self.tell("root_disk_bytes", small if is_small else "")
        return image is not None and not is_small and self.is_meant


def root_bytes(vm: r.Vm) -> int:
    """The size of a machine's root disk."""
    return next((one.size_bytes for one in vm.volumes if one.kind == "root"), 0)


def other_images(cache: Cache, vm: r.Vm) -> list[r.Image]:
    """The images that a machine could start from instead."""
    found = [
        image
        for image in cache.all("image")
        if image.status == r.ImageStatus.READY and image.kind == "root"
    ]
    return sorted(found, key=lambda image: (image.id == vm.image_id, image.name))


def show_reimage(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that makes the root disk anew from the same image."""
    spec = SheetSpec(
        operation="vm.reimage", button=translate("Reimage", "Reimage"), fixed={"id": vm.id}
    )
    open_sheet(shell, f"reimage-{vm.id}", lambda: ReimageForm(vm), spec)


def show_change_image(shell: Shell, vm: r.Vm) -> None:
    """Open the sheet that makes it from another image."""
    images = other_images(shell.cache, vm)
    spec = SheetSpec(
        operation="vm.change_image",
        button=translate("Reimage", "Change image"),
        fixed={"id": vm.id},
    )
    open_sheet(shell, f"change-image-{vm.id}", lambda: ChangeImageForm(vm, images), spec)
