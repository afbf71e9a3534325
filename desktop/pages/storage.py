"""Pages of primary storage and image stores: directories on hosts."""

from __future__ import annotations

from appliance.protocol import resources as r
from appliance.protocol.storages import StorageHost
from desktop import texts
from desktop.models.columns import Column
from desktop.pages.actions import Action
from desktop.pages.common import (
    common_facts,
    created_column,
    id_column,
    name_column,
    share_column,
    size_column,
    state_column,
    status_column,
)
from desktop.pages.resource_page import ResourcePage
from desktop.pages.sheets import creating
from desktop.pages.sheets.deleting import delete_action
from desktop.pages.sheets.editing import edit_action
from desktop.pages.storage_actions import storage_actions
from desktop.texts import translate


def used_column() -> Column:
    """How much of a directory's file system is used."""
    return share_column(
        "used",
        translate("Storage", "Used"),
        lambda one: (one.total_bytes - one.available_bytes, one.total_bytes),
        texts.size,
        176,
    )


def _path_column() -> Column:
    return Column(
        name="path", title=translate("Storage", "Path"), text=lambda one: one.path, width=240
    )


def kind_words(kind: str) -> str:
    """What a storage is made of."""
    words = {
        "local": translate("Storage", "Local directory"),
        "nfs": translate("Storage", "NFS"),
        "shared": translate("Storage", "Shared directory"),
        "ceph": translate("Storage", "Ceph"),
        "directory": translate("Storage", "Directory on a host"),
    }
    return words.get(kind, kind)


def place_of(storage: r.PrimaryStorage) -> str:
    """Where a storage is: a directory, an export, or a pool."""
    return storage.source or storage.path


def _hosts_words(storage: r.PrimaryStorage) -> str:
    """How many of its hosts reach it."""
    good = sum(host.status == "connected" for host in storage.hosts)
    words = translate("Storage", "{good} of {all}")
    return words.format(good=texts.number(good), all=texts.number(len(storage.hosts)))


def _status_words(host: StorageHost) -> str:
    """How a host reaches a storage, and what is wrong if it does not."""
    words = {
        "connected": translate("Storage", "connected"),
        "broken": translate("Storage", "broken"),
        "unknown": translate("Storage", "not known: the host is away"),
    }[host.status]
    return f"{words}: {host.reason}" if host.reason else words


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
            Column(
                name="kind",
                title=translate("Storage", "Kind"),
                text=lambda one: kind_words(one.kind),
                width=128,
            ),
            Column(name="path", title=translate("Storage", "Where"), text=place_of, width=240),
            Column(name="hosts", title=translate("Storage", "Hosts"), text=_hosts_words, width=112),
            used_column(),
            share_column(
                "promised",
                translate("Storage", "Promised"),
                lambda one: (one.claimed_bytes, one.capacity_bytes),
                texts.size,
                176,
            ),
            size_column(
                "claimed",
                translate("Storage", "Promised to disks"),
                lambda one: one.claimed_bytes,
                144,
            ),
            created_column(),
            id_column(),
        ]

    def actions_of(self) -> list[Action]:
        """Edit, what storages can do, delete."""
        return [
            edit_action("primary_storage"),
            *storage_actions(),
            delete_action("primary_storage"),
        ]

    def facts(self, storage: r.PrimaryStorage) -> list[tuple[str, str]]:
        """What the detail shows."""
        names = [self.shell.cache.name("cluster", ref) for ref in storage.cluster_ids]
        return [
            (translate("Storage", "Kind"), kind_words(storage.kind)),
            (translate("Storage", "Where"), place_of(storage)),
            (translate("Storage", "Free"), texts.size(storage.available_bytes)),
            (translate("Storage", "Promised to disks"), texts.size(storage.claimed_bytes)),
            (translate("Storage", "Disks may claim"), texts.size(storage.capacity_bytes)),
            (translate("Storage", "Clusters"), ", ".join(names)),
            *((host.host_name, _status_words(host)) for host in storage.hosts),
            *common_facts(storage),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What primary storage is for."""
        words = translate("Storage", "Primary storage holds the disks of virtual machines.")
        return "harddisk", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Storage", "Make primary storage")

    def start_creating(self) -> None:
        """Open the sheet that makes a primary storage."""
        creating.create_primary_storage(self.shell)


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
        """Edit and delete."""
        return [edit_action("image_store"), delete_action("image_store")]

    def facts(self, store: r.ImageStore) -> list[tuple[str, str]]:
        """What the detail shows."""
        images = self.shell.cache.all("image")
        count = sum(1 for one in images if one.image_store_id == store.id)
        return [
            (translate("Storage", "Kind"), kind_words(store.kind)),
            (translate("Storage", "Host"), self.shell.cache.name("host", store.host_id)),
            (translate("Storage", "Path"), store.path),
            (translate("Storage", "Free"), texts.size(store.available_bytes)),
            (translate("Storage", "Images"), texts.number(count)),
            *common_facts(store),
        ]

    def empty_words(self) -> tuple[str, str, str]:
        """What image stores are for."""
        words = translate("Storage", "An image store keeps images in a directory of a host.")
        return "archive-outline", words, self.create_title()

    def create_title(self) -> str:
        """The button above the list."""
        return translate("Storage", "Make image store")

    def start_creating(self) -> None:
        """Open the sheet that makes an image store."""
        creating.create_image_store(self.shell)
