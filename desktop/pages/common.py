"""Columns and actions that many pages have."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QInputDialog

from desktop import texts
from desktop.models.columns import Column, natural
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.texts import translate


def name_column() -> Column:
    """The name, sorted so that web-9 comes before web-10."""
    return Column(
        name="name",
        title=translate("Columns", "Name"),
        text=lambda one: one.name,
        key=lambda one: natural(one.name),
        width=200,
    )


def state_column() -> Column:
    """What the administrator wants: enabled, disabled, maintenance."""
    return Column(
        name="state",
        title=translate("Columns", "State"),
        text=lambda one: texts.word(f"state.{one.state.value}"),
        state=lambda one: ("state", one.state.value),
        width=120,
    )


def status_column() -> Column:
    """What the system sees: connected or not."""
    return Column(
        name="status",
        title=translate("Columns", "Status"),
        text=lambda one: texts.word(f"status.{one.status.value}"),
        state=lambda one: ("status", one.status.value),
        width=136,
    )


def created_column() -> Column:
    """When it was made."""
    return Column(
        name="created",
        title=translate("Columns", "Created"),
        text=lambda one: texts.minute(one.created_at),
        key=lambda one: one.created_at,
        is_searched=False,
        width=144,
    )


def id_column() -> Column:
    """The id, hidden at first."""
    return Column(
        name="id",
        title=translate("Columns", "ID"),
        text=lambda one: one.id,
        is_shown=False,
        is_searched=False,
        width=288,
    )


def rename_action(noun: str) -> Action:
    """Ask for a new name and change it, for any kind that has an update operation."""

    async def rename(shell: Shell, resources: list[Any]) -> None:
        resource = resources[0]
        name, ok = QInputDialog.getText(
            shell.window,
            translate("Actions", "Rename"),
            translate("Actions", "New name:"),
            text=resource.name,
        )
        name = name.strip()
        if ok and name and name != resource.name:
            await shell.bridge.run(shell.ref.call(f"{noun}.update", id=resource.id, name=name))

    return Action(
        name="rename",
        title=translate("Actions", "Rename …"),
        icon="pencil-outline",
        run=rename,
        shortcut="F2",
        is_single=True,
        group=1,
    )


def delete_action(noun: str) -> Action:
    """Delete one thing for good, after its name was typed in."""

    async def delete(shell: Shell, resources: list[Any]) -> None:
        from desktop.widgets.confirm import ConfirmForGood

        resource = resources[0]
        dialog = ConfirmForGood(
            translate("Actions", "Delete {name}").format(name=resource.name),
            [
                translate("Actions", "It is deleted for good, and nobody can bring it back."),
                translate("Actions", "If something still uses it, the service refuses."),
            ],
            resource.name,
            translate("Actions", "Delete"),
            shell.window,
        )
        call = f"{noun}.delete"
        dialog.confirmed.connect(
            lambda: shell.bridge.fetch(shell.ref.call(call, id=resource.id), lambda _answer: None)
        )
        dialog.open()

    return Action(
        name="delete",
        title=translate("Actions", "Delete …"),
        icon="delete-outline",
        run=delete,
        shortcut="Del",
        is_single=True,
        group=2,
    )
