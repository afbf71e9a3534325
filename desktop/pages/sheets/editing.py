"""The action that changes name and description of a resource."""

from __future__ import annotations

from typing import Any

from desktop.operation_titles import operation_title
from desktop.pages.actions import Action, Run
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import FormSheet, SheetSpec
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.pages_basic import NamePage


def edit_action(kind: str, *, group: int = 1, run: Run | None = None) -> Action:
    """Change a resource of a kind that has an update operation; `run` opens a sheet of its own."""

    async def edit(shell: Shell, resources: list[Any]) -> None:
        show_edit(shell, kind, resources[0])

    return Action(
        name="rename",
        title=translate("Actions", "Edit …"),
        icon="pencil-outline",
        run=run or edit,
        shortcut="F2",
        is_single=True,
        group=group,
    )


def show_edit(shell: Shell, kind: str, resource: Any) -> None:
    """Open the sheet with the resource's name and description."""
    operation = f"{kind}.update"

    def make() -> FormSheet:
        form = NamePage("edit", operation_title(operation), resource.name)
        values = {"name": resource.name, "description": resource.description}
        form.show_requests({"edit": values})
        form.name.selectAll()
        spec = SheetSpec(
            operation=operation,
            button=translate("Sheets", "Save"),
            fixed={"id": resource.id},
        )
        sheet = FormSheet(shell, form, spec)
        sheet.resize(480, 320)
        return sheet

    show_sheet(shell.window, f"edit-{resource.id}", make)
