"""What one can do with primary storages, in the order of bar and menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.protocol import resources as r
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.pages.sheets.storage_maintenance import show_storage_maintenance
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage


class StorageClusterForm(StepPage):
    """One of several clusters."""

    names = ("primary_storage",)

    def __init__(
        self, operation: str, storage: r.PrimaryStorage, clusters: Sequence[r.Cluster]
    ) -> None:
        super().__init__(operation_title(operation), storage.name)
        self.cluster = self.add_choice(
            "cluster_id",
            translate("Storage", "Cluster"),
            [(one.name, one.id) for one in sorted(clusters, key=lambda one: one.name)],
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        return {"cluster_id": self.cluster.currentData() or ""}

    def review(self) -> bool:
        """There must be one to choose."""
        is_there = self.cluster.count() > 0
        words = translate("Storage", "The zone has no further cluster.")
        self.tell("cluster_id", "" if is_there else words)
        return is_there


def storage_actions() -> list[Action]:
    """Enable, disable, reconnect, clean up, clusters."""
    last = translate("Storage", "It is in one cluster only.")
    return [
        Action(
            name="enable",
            title=translate("Storage", "Enable"),
            icon="check-circle-outline",
            run=_each("primary_storage.enable"),
            reason=_enabled_reason,
            is_main=True,
        ),
        Action(
            name="disable",
            title=translate("Storage", "Disable: place no new disks here"),
            icon="cancel",
            run=_each("primary_storage.disable"),
            reason=_disabled_reason,
            is_main=True,
        ),
        Action(
            name="maintenance",
            title=translate("Storage", "Enter maintenance …"),
            icon="wrench-outline",
            run=_maintain,
            reason=_maintained_reason,
            is_single=True,
        ),
        Action(
            name="reconnect",
            title=translate("Storage", "Reconnect all hosts"),
            icon="lan-connect",
            run=_each("primary_storage.reconnect"),
            group=1,
        ),
        Action(
            name="clean_cache",
            title=translate("Storage", "Delete copies of images that no disk needs"),
            icon="broom",
            run=_each("primary_storage.clean_cache"),
            group=1,
        ),
        Action(
            name="attach_cluster",
            title=translate("Storage", "Attach to a cluster …"),
            icon="link-variant",
            run=_attach,
            is_single=True,
            group=1,
        ),
        Action(
            name="detach_cluster",
            title=translate("Storage", "Detach from a cluster …"),
            icon="link-variant-off",
            run=_detach,
            is_single=True,
            reason=lambda storage: "" if len(storage.cluster_ids) > 1 else last,
            group=1,
        ),
    ]


def _enabled_reason(storage: r.PrimaryStorage) -> str:
    is_so = storage.state is r.State.ENABLED
    return translate("Storage", "It is enabled already.") if is_so else ""


def _disabled_reason(storage: r.PrimaryStorage) -> str:
    is_so = storage.state is r.State.DISABLED
    return translate("Storage", "It is disabled already.") if is_so else ""


def _maintained_reason(storage: r.PrimaryStorage) -> str:
    is_so = storage.state is r.State.MAINTENANCE
    return translate("Storage", "It is in maintenance already.") if is_so else ""


async def _maintain(shell: Shell, storages: list[Any]) -> None:
    show_storage_maintenance(shell, storages[0])


def _each(operation: str) -> Any:
    async def run(shell: Shell, storages: list[Any]) -> None:
        await call_each(shell, operation, storages)

    return run


async def _attach(shell: Shell, storages: list[Any]) -> None:
    storage: r.PrimaryStorage = storages[0]
    others = [
        one
        for one in shell.cache.all("cluster")
        if one.zone_id == storage.zone_id and one.id not in storage.cluster_ids
    ]
    _open(shell, "primary_storage.attach_cluster", storage, others)


async def _detach(shell: Shell, storages: list[Any]) -> None:
    storage: r.PrimaryStorage = storages[0]
    own = [one for one in shell.cache.all("cluster") if one.id in storage.cluster_ids]
    _open(shell, "primary_storage.detach_cluster", storage, own)


def _open(
    shell: Shell, operation: str, storage: r.PrimaryStorage, clusters: Sequence[r.Cluster]
) -> None:
    spec = SheetSpec(
        operation=operation, button=operation_title(operation), fixed={"id": storage.id}
    )
    key = f"{operation}-{storage.id}"
    open_sheet(shell, key, lambda: StorageClusterForm(operation, storage, clusters), spec)
