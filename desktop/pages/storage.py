"""Pages of images, instance offerings, primary storage and image stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.actions import Action
from desktop.pages.common import (
    created_column,
    delete_action,
    id_column,
    name_column,
    rename_action,
    state_column,
    status_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.texts import translate


def used_column() -> Column:
    """How much of a directory's file system is used."""
    return Column(
        name="used",
        title=translate("Storage", "Used"),
        text=lambda one: (
            f"{texts.size(one.total_bytes - one.available_bytes)} / {texts.size(one.total_bytes)}"
        ),
        key=lambda one: _used(one),
        fraction=_used,
        width=176,
    )


def _used(one: Any) -> float:
    return (one.total_bytes - one.available_bytes) / one.total_bytes if one.total_bytes else 0.0


def _path_column() -> Column:
    return Column(
        name="path", title=translate("Storage", "Path"), text=lambda one: one.path, width=240
    )


def source_word(source: str) -> str:
    """Where an image came from."""
    words = {
        "upload": translate("Images", "uploaded"),
        "url": translate("Images", "downloaded"),
        "starter": translate("Images", "starter image"),
    }
    return words.get(source, source)


class ImagePage(ResourcePage):
    """Images from which virtual machines start."""

    kind = "image"

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
                name="platform",
                title=translate("Images", "Platform"),
                text=lambda one: one.platform.capitalize(),
                width=96,
            ),
            Column(
                name="format",
                title=translate("Images", "Format"),
                text=lambda one: one.format,
                width=80,
            ),
            Column(
                name="size",
                title=translate("Images", "File size"),
                text=lambda one: texts.size(one.size_bytes),
                key=lambda one: one.size_bytes,
                is_right=True,
                is_searched=False,
                width=96,
            ),
            Column(
                name="virtual_size",
                title=translate("Images", "Disk size"),
                text=lambda one: texts.size(one.virtual_size_bytes),
                key=lambda one: one.virtual_size_bytes,
                is_right=True,
                is_searched=False,
                width=96,
            ),
            Column(
                name="source",
                title=translate("Images", "Source"),
                text=lambda one: source_word(one.source),
                width=128,
            ),
            created_column(),
            id_column(),
        ]

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """By status."""
        return [
            (
                translate("Images", "Status"),
                lambda one: one.status.value,
                lambda value: texts.word(f"image.status.{value}"),
            )
        ]

    def actions_of(self) -> list[Action]:
        """Rename and delete."""
        return [rename_action("image"), delete_action("image")]

    def facts(self, image: r.Image) -> list[tuple[str, str]]:
        """What the detail shows."""
        users = sum(1 for vm in self.shell.cache.all("vm") if vm.image_id == image.id)
        store = self.shell.cache.name("image_store", image.image_store_id)
        return [
            (translate("Images", "Image store"), store),
            (translate("Images", "Source"), image.url or source_word(image.source)),
            (translate("Images", "Disk size"), texts.size(image.virtual_size_bytes)),
            (translate("Images", "File size"), texts.size(image.size_bytes)),
            (translate("Images", "Virtual machines made from it"), texts.number(users)),
            (translate("Images", "Created"), texts.moment(image.created_at)),
            ("SHA-256", image.sha256),
            (translate("Images", "Description"), image.description),
            (translate("Images", "ID"), image.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What images are for."""
        words = translate("Images", "An image is a disk template from which VMs start.")
        return "disc", words, ""


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
            Column(
                name="memory",
                title=translate("Offerings", "Memory"),
                text=lambda one: texts.size(one.memory_bytes),
                key=lambda one: one.memory_bytes,
                is_right=True,
                width=112,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Rename and delete."""
        return [rename_action("instance_offering"), delete_action("instance_offering")]

    def facts(self, offering: r.InstanceOffering) -> list[tuple[str, str]]:
        """What the detail shows."""
        vms = self.shell.cache.all("vm")
        users = sum(1 for vm in vms if vm.offering_id == offering.id)
        return [
            (translate("Offerings", "CPU"), str(offering.cpu_count)),
            (translate("Offerings", "Memory"), texts.size(offering.memory_bytes)),
            (translate("Offerings", "Virtual machines of this size"), texts.number(users)),
            (translate("Offerings", "Created"), texts.moment(offering.created_at)),
            (translate("Offerings", "Description"), offering.description),
            (translate("Offerings", "ID"), offering.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What offerings are for."""
        words = translate("Offerings", "An offering is a size: how many CPUs, how much memory.")
        return "ruler-square", words, ""


class PrimaryStoragePage(ResourcePage):
    """Where the disks of virtual machines live."""

    kind = "primary_storage"

    def title(self) -> str:
        """The page's title."""
        return translate("Storage", "Primary storage")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            status_column(),
            state_column(),
            _path_column(),
            used_column(),
            Column(
                name="claimed",
                title=translate("Storage", "Promised to disks"),
                text=lambda one: texts.size(one.claimed_bytes),
                key=lambda one: one.claimed_bytes,
                is_right=True,
                is_searched=False,
                width=144,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Rename and delete."""
        return [rename_action("primary_storage"), delete_action("primary_storage")]

    def facts(self, storage: r.PrimaryStorage) -> list[tuple[str, str]]:
        """What the detail shows."""
        cluster = self.shell.cache.name("cluster", storage.cluster_id)
        return [
            (translate("Storage", "Kind"), translate("Storage", "Local directory")),
            (translate("Storage", "Path"), storage.path),
            (translate("Storage", "Free"), texts.size(storage.available_bytes)),
            (translate("Storage", "Promised to disks"), texts.size(storage.claimed_bytes)),
            (translate("Storage", "Cluster"), cluster),
            (translate("Storage", "Created"), texts.moment(storage.created_at)),
            (translate("Storage", "Description"), storage.description),
            (translate("Storage", "ID"), storage.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What primary storage is for."""
        words = translate("Storage", "Primary storage holds the disks of virtual machines.")
        return "harddisk", words, ""


class ImageStorePage(ResourcePage):
    """Image servers: directories on hosts that keep images."""

    kind = "image_store"

    def title(self) -> str:
        """The page's title."""
        return translate("Storage", "Image stores")

    def columns(self) -> list[Column]:
        """The columns of the list."""
        return [
            name_column(),
            status_column(),
            state_column(),
            _path_column(),
            used_column(),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Rename and delete."""
        return [rename_action("image_store"), delete_action("image_store")]

    def facts(self, store: r.ImageStore) -> list[tuple[str, str]]:
        """What the detail shows."""
        images = self.shell.cache.all("image")
        count = sum(1 for one in images if one.image_store_id == store.id)
        return [
            (translate("Storage", "Host"), self.shell.cache.name("host", store.host_id)),
            (translate("Storage", "Path"), store.path),
            (translate("Storage", "Free"), texts.size(store.available_bytes)),
            (translate("Storage", "Images"), texts.number(count)),
            (translate("Storage", "Created"), texts.moment(store.created_at)),
            (translate("Storage", "Description"), store.description),
            (translate("Storage", "ID"), store.id),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What image stores are for."""
        words = translate("Storage", "An image store keeps images in a directory of a host.")
        return "archive-outline", words, ""
