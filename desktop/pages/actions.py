"""Actions on resources: what they are called, when they fit, and how they run.

The tool bar, context menu and command palette are made from the same list in the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop import theme
from desktop.pages.base import Shell
from desktop.widgets.buttons import FlatButton

Run = Callable[[Shell, list[Any]], Awaitable[None]]
Reason = Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action. `reason` says why a resource does not allow it, empty when it does."""

    name: str
    title: str
    icon: str
    run: Run
    reason: Reason = lambda _resource: ""
    shortcut: str = ""
    is_single: bool = False  # works on one resource at a time
    is_main: bool = False  # has a button of its own in the bar
    group: int = 0  # a separator between groups


def why_not(action: Action, resources: Sequence[Any]) -> str:
    """Why the action does not fit the selection; empty when it fits.

    With several resources it fits if one of them allows it; it then runs on those that do.
    """
    from desktop.texts import translate

    if not resources:
        return translate("Actions", "Nothing is selected.")
    if action.is_single and len(resources) > 1:
        return translate("Actions", "Select a single one for this.")
    reasons = [action.reason(one) for one in resources]
    return "" if any(not reason for reason in reasons) else reasons[0]


def fitting(action: Action, resources: Sequence[Any]) -> list[Any]:
    """Those of the selection that allow the action."""
    return [one for one in resources if not action.reason(one)]


def start(action: Action, shell: Shell, resources: Sequence[Any]) -> None:
    """Run an action on what it fits of the selection; errors become notices."""
    chosen = fitting(action, resources)
    if chosen and not why_not(action, resources):
        shell.bridge.spawn(_guarded(action, shell, chosen))


async def _guarded(action: Action, shell: Shell, resources: list[Any]) -> None:
    await action.run(shell, resources)


async def call_each(
    shell: Shell, operation: str, resources: Sequence[Any], **request: Any
) -> list[Any]:
    """Call an operation on each resource, at most eight at once; the first error is raised
    after all were tried.
    """
    gate = asyncio.Semaphore(8)

    async def one(resource: Any) -> Any:
        async with gate:
            call = shell.ref.call(operation, id=resource.id, **request)
            return await shell.bridge.run(call)

    answers = await asyncio.gather(*(one(each) for each in resources), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


def make_qactions(
    actions: Sequence[Action], parent: QWidget, trigger: Callable[[Action], None]
) -> dict[str, QAction]:
    """Qt actions with icons and shortcuts, which work wherever the focus is within `parent`."""
    from PySide6.QtCore import Qt

    made: dict[str, QAction] = {}
    for action in actions:
        one = QAction(theme.icon(action.icon), action.title, parent)
        if action.shortcut:
            one.setShortcut(QKeySequence(action.shortcut))
            one.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        one.triggered.connect(lambda _=False, a=action: trigger(a))
        parent.addAction(one)
        made[action.name] = one
    return made


def refresh(
    actions: Sequence[Action], qactions: dict[str, QAction], resources: Sequence[Any]
) -> None:
    """Enable what fits the selection; the others say in their tooltip why they don't."""
    for action in actions:
        reason = why_not(action, resources)
        one = qactions[action.name]
        one.setEnabled(not reason)
        tip = action.title + (f" ({action.shortcut})" if action.shortcut else "")
        one.setToolTip(f"{tip}\n{reason}" if reason else tip)


def fill_menu(menu: QMenu, actions: Sequence[Action], qactions: dict[str, QAction]) -> None:
    """Add all actions in their order, with separators between groups."""
    last: int | None = None
    for action in actions:
        if last is not None and action.group != last:
            menu.addSeparator()
        menu.addAction(qactions[action.name])
        last = action.group


def small_button(action: Action, qaction: QAction) -> FlatButton:
    """A button with an action's icon alone, which follows the action."""
    from PySide6.QtCore import Qt

    button = FlatButton("", action.icon, "quiet")
    button.setAccessibleName(action.title)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(qaction.trigger)

    def follow() -> None:
        button.setEnabled(qaction.isEnabled())
        button.setToolTip(qaction.toolTip())

    qaction.changed.connect(follow)
    follow()
    return button
