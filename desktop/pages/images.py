"""Pages of images and instance offerings: what machines are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import image_words, texts
from desktop.models.columns import Column
from desktop.pages.actions import Action
from desktop.pages.common import (
    common_facts,
    created_column,
    id_column,
    name_column,
    size_column,
    state_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets import creating
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.images import edit_image
from desktop.pages.sheets.transfer import download, go_on_with_upload
from desktop.texts import translate


def transfer_actions() -> list[Action]:
    """What brings images to the appliance and back."""
    not_waiting = translate("Images", "It does not wait for a file.")
    not_ready = translate("Images", "It is not ready yet.")
    return [
        Action(
            name="go_on",
            title=translate("Images", "Go on with upload …"),
            icon="upload",
            run=go_on_with_upload,
            reason=lambda one: "" if one.status == r.ImageStatus.UPLOADING else not_waiting,
            is_single=True,
        ),
        Action(
            name="download",
            title=translate("Images", "Download …"),
            icon="download",
            run=download,
            reason=lambda one: "" if one.status == r.ImageStatus.READY else not_ready,
            is_single=True,
        ),
    ]


class ImagePage(ResourcePage):
    """Images from which virtual machines start."""

    kind = "image"

    def belongs(self, image: r.Image) -> bool:
        """What was deleted is in the recycle bin."""
        return image.deleted_at is None

    def title(self) -> str:
        """The page's title."""
        return translate("Images", "Images")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            Column(
                name="status",
                title=translate("Images", "Status"),
                text=lambda one: texts.word(f"image.status.{one.status.value}"),
                state=lambda one: ("image", one.status.value),
                width=136,
            ),
            Column(
                name="kind", title=translate("Images", "Kind"), text=image_words.kind, width=128
            ),
            Column(
                name="platform",
                title=translate("Images", "Platform"),
                text=image_words.platform,
                width=128,
            ),
            Column(
                name="firmware",
                title=translate("Images", "Firmware"),
                text=image_words.firmware,
                width=128,
                is_shown=False,
            ),
            Column(
                name="format",
                title=translate("Images", "Format"),
                text=lambda one: one.format,
                width=80,
            ),
            size_column("size", translate("Images", "File size"), lambda one: one.size_bytes),
            size_column(
                "virtual_size",
                translate("Images", "Disk size"),
                lambda one: one.virtual_size_bytes,
            ),
            Column(
                name="source",
                title=translate("Images", "Source"),
                text=image_words.source,
                width=128,
            ),
            created_column(),
            id_column(),
        ]

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """By status and kind."""
        return [
            (
                translate("Images", "Kind"),
                lambda one: one.kind,
                image_words.kind_word,
            ),
            (
                translate("Images", "Status"),
                lambda one: one.status.value,
                lambda value: texts.word(f"image.status.{value}"),
            ),
        ]

    def actions_of(self) -> list[Action]:
        """Go on with an upload, download, edit, delete."""
        return [*transfer_actions(), edit_action("image", run=edit_image), delete_action("image")]

    def facts(self, image: r.Image) -> list[tuple[str, str]]:
        """What the detail shows."""
        users = sum(1 for vm in self.shell.cache.all("vm") if vm.image_id == image.id)
        store = self.shell.cache.name("image_store", image.image_store_id)
        return [
            (translate("Images", "Kind"), image_words.kind(image)),
            (translate("Images", "Platform"), image_words.platform(image)),
            (translate("Images", "Firmware"), image_words.firmware(image)),
            (translate("Images", "Image store"), store),
            (translate("Images", "Source"), image.url or image_words.source(image)),
            (translate("Images", "Disk size"), texts.size(image.virtual_size_bytes)),
            (translate("Images", "File size"), texts.size(image.size_bytes)),
            (translate("Images", "Virtual machines made from it"), texts.number(users)),
            (translate("Images", "SHA-256 of what came"), image.sha256),
            (translate("Images", "SHA-256 in the image store"), image.stored_sha256),
            *common_facts(image),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What images are for."""
        words = translate("Images", "An image is a disk template from which VMs start.")
        return "disc", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Images", "Add image")

    def start_creating(self) -> None:
        """Open the sheet that adds an image."""
        creating.create_image(self.shell)


class OfferingPage(ResourcePage):
    """Sizes of virtual machines."""

    kind = "instance_offering"

    def title(self) -> str:
        """The page's title."""
        return translate("Offerings", "Instance offerings")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            state_column(),
            Column(
                name="cpu",
                title=translate("Offerings", "CPU"),
                text=lambda one: str(one.cpu_count),
                key=lambda one: one.cpu_count,
                is_right=True,
                width=80,
            ),
            size_column(
                "memory", translate("Offerings", "Memory"), lambda one: one.memory_bytes, 112
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Edit and delete."""
        return [edit_action("instance_offering"), delete_action("instance_offering")]

    def facts(self, offering: r.InstanceOffering) -> list[tuple[str, str]]:
        """What the detail shows."""
        vms = self.shell.cache.all("vm")
        users = sum(1 for vm in vms if vm.offering_id == offering.id)
        return [
            (translate("Offerings", "CPU"), str(offering.cpu_count)),
            (translate("Offerings", "Memory"), texts.size(offering.memory_bytes)),
            (translate("Offerings", "Virtual machines of this size"), texts.number(users)),
            *common_facts(offering),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What offerings are for."""
        words = translate("Offerings", "An offering is a size: how many CPUs, how much memory.")
        return "ruler-square", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Offerings", "Make offering")

    def start_creating(self) -> None:
        """Open the sheet that makes an offering."""
        creating.create_offering(self.shell)
