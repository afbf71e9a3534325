"""What one can do with primary storages, in the order of bar and menu."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.sheets.clusters import cluster_actions
from desktop.pages.sheets.storage_maintenance import show_storage_maintenance
from desktop.texts import translate


def storage_actions() -> list[Action]:
    """Enable, disable, reconnect, clean up, clusters."""
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
        *cluster_actions("primary_storage", group=1),
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
