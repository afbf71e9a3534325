"""The bar at the top of a console window."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from desktop.console.send_keys import SendKeysMenu
from desktop.console.viewport import ScaleMode
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Surface
from desktop.widgets.tabs import TabRow


class ConsoleBar(Surface):
    """Tabs at the left, what can be done with the screen in the middle, power at the right."""

    tab_chosen = Signal(int)
    keys_wanted = Signal(object)
    """Names of the keys of a combination."""
    paste_wanted = Signal()
    mode_chosen = Signal(object)
    full_screen_wanted = Signal()
    view_only_toggled = Signal(bool)
    copy_picture_wanted = Signal()
    save_picture_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent=parent)
        self.tabs = TabRow()
        self.tabs.add(self.tr("Screen"))
        self.tabs.add(self.tr("Serial console"))
        self.tabs.chosen.connect(self.tab_chosen)
        self.keys_menu = SendKeysMenu(self.keys_wanted.emit, self)
        self.keys = self._button(self.tr("Send keys"), "keyboard-outline", text=True)
        self.keys.setMenu(self.keys_menu)
        self.paste = self._button(
            self.tr("Paste as keystrokes: types the clipboard's text into the machine"),
            "clipboard-text-outline",
        )
        self.paste.clicked.connect(self.paste_wanted)
        self.scale = self._button(
            self.tr("How the picture fits into the window"), "fit-to-page-outline"
        )
        self.scale.setMenu(self._scale_menu())
        self.full_screen = self._button(self.tr("Full screen (F11)"), "fullscreen")
        self.full_screen.clicked.connect(self.full_screen_wanted)
        self.view_only = self._button(
            self.tr("View only: keyboard and mouse are not sent to the machine"), "eye-outline"
        )
        self.view_only.setCheckable(True)
        self.view_only.toggled.connect(self.view_only_toggled)
        self.picture = self._button(self.tr("Screenshot"), "camera-outline")
        menu = QMenu(self)
        menu.addAction(self.tr("Copy screenshot"), self.copy_picture_wanted.emit)
        menu.addAction(self.tr("Save screenshot …"), self.save_picture_wanted.emit)
        self.picture.setMenu(menu)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(4, 4, 8, 4)
        self._layout.setSpacing(2)
        self._layout.addWidget(self.tabs)
        self._layout.addSpacing(8)
        for button in (
            self.keys,
            self.paste,
            self.scale,
            self.full_screen,
            self.view_only,
            self.picture,
        ):
            self._layout.addWidget(button)
        self._layout.addStretch(1)
        self.power_buttons: list[FlatButton] = []
        self.power_menu: QMenu | None = None

    def _button(self, title: str, icon: str, *, text: bool = False) -> FlatButton:
        button = FlatButton(title if text else "", icon, "quiet")
        button.setToolTip(title)
        button.setAccessibleName(title)
        # A click here must not take the keyboard away from the machine.
        button.setFocusPolicy(button.focusPolicy().TabFocus)
        return button

    def _scale_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        titles = {
            ScaleMode.FIT: self.tr("Fit to window"),
            ScaleMode.FILL: self.tr("Fill the window"),
            ScaleMode.ACTUAL: self.tr("Actual size (1:1)"),
        }
        self.modes: dict[ScaleMode, QAction] = {}
        for mode, title in titles.items():
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(mode is ScaleMode.FIT)
            action.triggered.connect(lambda *_, mode=mode: self.mode_chosen.emit(mode))
            group.addAction(action)
            self.modes[mode] = action
        return menu

    def set_for_screen(self, *, is_screen: bool) -> None:
        """Enable what only a screen can do."""
        for button in (self.keys, self.paste, self.scale, self.picture):
            button.setEnabled(is_screen)

    def add_power_actions(self, actions: list[QAction]) -> None:
        """Show a button for each action, at the right; those with the property "is_folded" are
        together in a menu.
        """
        for action in actions:
            if action.property("is_folded"):
                continue
            button = _ActionButton(action)
            self.power_buttons.append(button)
            self._layout.addWidget(button)
        folded = [action for action in actions if action.property("is_folded")]
        if folded:
            self.power_menu = QMenu(self)
            self.power_menu.setToolTipsVisible(True)
            self.power_menu.addActions(folded)
            more = self._button(self.tr("More power actions"), "dots-vertical")
            more.setMenu(self.power_menu)
            self._layout.addWidget(more)


class _ActionButton(FlatButton):
    """A quiet button that follows a QAction: its text, tooltip, icon and whether it can be done.

    The icon's name is taken from the action's property "icon_name", else the text is shown.
    """

    def __init__(self, action: QAction) -> None:
        name = action.property("icon_name") or ""
        super().__init__("" if name else action.text(), str(name), "quiet")
        self._action = action
        self.setFocusPolicy(self.focusPolicy().TabFocus)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        action.destroyed.connect(self.deleteLater)
        self._follow()

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setVisible(self._action.isVisible())
        self.setToolTip(self._action.toolTip())
        self.setAccessibleName(self._action.text())
        if self.text():
            self.setText(self._action.text())
