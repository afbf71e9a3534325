"""The bar at the top: product and zones, search and commands, jobs, warnings, account."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QWidget

from desktop import theme
from desktop.settings import Settings
from desktop.texts import language, translate
from desktop.widgets.brand import mark
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label, Surface


class TopBar(Surface):
    """Made of buttons with menus; the main window fills and connects them."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__("base", parent=parent)
        self._settings = settings
        self._mark = QLabel()
        self.zone = FlatButton(translate("TopBar", "All zones"), "", "quiet")
        self.zone_menu = QMenu(self.zone)
        self.zone.setMenu(self.zone_menu)
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("TopBar", "Search or command (Ctrl+K)"))
        self.search.setAccessibleName(translate("TopBar", "Search or command"))
        self.search.setMinimumHeight(32)
        self.search.setMinimumWidth(240)
        self.search.setMaximumWidth(520)
        self._glass = self.search.addAction(
            theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.jobs = FlatButton("0", "progress-check", "quiet")
        self.jobs.setToolTip(translate("TopBar", "Running jobs"))
        self.warnings = FlatButton("0", "flag-outline", "quiet")
        self.warnings.setToolTip(
            translate("TopBar", "Failed jobs, lost hosts and clean-up work that waits")
        )
        for button in (self.jobs, self.warnings):
            button.setAccessibleName(button.toolTip())
        self.account = FlatButton("", "account-circle-outline", "quiet")
        self.account_menu = QMenu(self.account)
        self.account.setMenu(self.account_menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._mark)
        layout.addWidget(Label(translate("TopBar", "Anyun"), "strong"))
        layout.addWidget(self.zone)
        layout.addStretch(1)
        layout.addWidget(self.search, 4)
        layout.addStretch(1)
        layout.addWidget(self.jobs)
        layout.addWidget(self.warnings)
        layout.addWidget(self.account)
        self._fill_account_menu()
        self.use_theme()

    def use_theme(self) -> None:
        """Take pictures in the colours of now."""
        self._mark.setPixmap(mark(24, self.devicePixelRatioF()))
        self._glass.setIcon(theme.icon("magnify"))

    def set_account(self, name: str) -> None:
        """Show who is logged in."""
        self.account.setText(name)
        self.account.updateGeometry()

    def set_jobs(self, busy: int, warnings: int) -> None:
        """Show how many jobs work, and how many things need attention."""
        self.jobs.setText(str(busy))
        self.warnings.setText(str(warnings))
        self.warnings.set_icon_name("flag" if warnings else "flag-outline")
        for button in (self.jobs, self.warnings):
            button.updateGeometry()

    def sizeHint(self) -> QSize:
        """48 pixels high."""
        return QSize(1024, 48)

    def _fill_account_menu(self) -> None:
        menu = self.account_menu
        self.languages = self._choice(
            menu.addMenu(translate("TopBar", "Language")),
            [("en", "English"), ("zh", "中文")],
            language(),
        )
        self.themes = self._choice(
            menu.addMenu(translate("TopBar", "Colours")),
            [
                ("system", translate("TopBar", "As the system")),
                ("light", translate("TopBar", "Light")),
                ("dark", translate("TopBar", "Dark")),
            ],
            self._settings.theme,
        )
        menu.addSeparator()
        self.password = menu.addAction(translate("TopBar", "Change password …"))
        self.setup = menu.addAction(translate("TopBar", "Set-up …"))
        self.about = menu.addAction(translate("TopBar", "About Anyun"))
        menu.addSeparator()
        self.logout = menu.addAction(translate("TopBar", "Log out"))

    def _choice(self, menu: QMenu, values: list[tuple[str, str]], chosen: str) -> QActionGroup:
        group = QActionGroup(menu)
        for value, word in values:
            action = menu.addAction(word)
            action.setCheckable(True)
            action.setData(value)
            action.setChecked(value == chosen)
            group.addAction(action)
        return group


class ConnectionBar(Surface):
    """A quiet bar while the connection is lost: what is shown is old, and it comes back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("raised", parent=parent)
        self._picture = QLabel()
        self._words = Label("", "body")
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 4)
        layout.setSpacing(8)
        layout.addWidget(self._picture)
        layout.addWidget(self._words)
        layout.addStretch()
        self.hide()

    def set_online(self, *, online: bool, since: str = "", reason: str = "") -> None:
        """Show or hide; `since` is the time from which the data is."""
        if online:
            self.hide()
            return
        self._picture.setPixmap(theme.icon("cloud-off-outline", "warn").pixmap(18, 18))
        words = translate(
            "Connection", "Connection lost; what you see is from {time}. Reconnecting …"
        )
        self._words.setText(words.format(time=since))
        self._words.setToolTip(reason)
        self.show()
