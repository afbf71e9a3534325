"""A tab of a resource's detail: buttons above, and below what is a part of the resource."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.pages import actions as acts
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.widgets.abstract import AbstractQObject
from desktop.widgets.buttons import FlatButton


class PartsTab(QWidget, metaclass=AbstractQObject):
    """Parts with what can be done with them: as small buttons at the right, and as a menu.

    Subclasses make their view, then call `build`, and `refresh_actions` whenever another part is
    selected or what can be done has changed.
    """

    def __init__(self, shell: Shell, declared: list[Action]) -> None:
        super().__init__()
        self._shell = shell
        self.actions_declared = declared
        self.qactions = acts.make_qactions(
            declared, self, lambda action: acts.start(action, shell, self.view().selected())
        )

    @abstractmethod
    def view(self) -> Any:
        """The widget that shows the parts, with `selected` and the signal `menu_wanted`."""

    def build(self, buttons: Sequence[FlatButton]) -> QVBoxLayout:
        """Put everything into place, with these buttons at the left of the bar."""
        view = self.view()
        view.menu_wanted.connect(
            lambda menu: acts.fill_menu(menu, self.actions_declared, self.qactions)
        )
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 8, 16, 8)
        bar.setSpacing(8)
        for button in buttons:
            bar.addWidget(button)
        bar.addStretch()
        for action in self.actions_declared:
            bar.addWidget(acts.small_button(action, self.qactions[action.name]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(view, 1)
        return layout

    def refresh_actions(self) -> None:
        """Enable what fits what is selected."""
        acts.refresh(self.actions_declared, self.qactions, self.view().selected())
