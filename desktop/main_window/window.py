"""The main window: frame, pages made when first shown, notices, search, and what menus do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from desktop import texts, theme
from desktop.main_window.jobs_strip import JobsStrip
from desktop.main_window.navigation import Navigation
from desktop.main_window.palette import Entry, Palette
from desktop.main_window.top_bar import ConnectionBar, TopBar
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages import actions as acts
from desktop.pages.base import Page, Shell
from desktop.pages.jobs import JobPage
from desktop.pages.registry import groups, pages
from desktop.pages.resource_page import ResourcePage
from desktop.settings import Settings
from desktop.texts import translate
from desktop.widgets.brand import window_icon
from desktop.widgets.cleanups import cleanup_words
from desktop.widgets.job_texts import job_title
from desktop.widgets.labels import Line
from desktop.widgets.notice import Notices


class MainWindow(QMainWindow):
    """Owns the pages. Signals say what only the application can do."""

    closing = Signal()
    logout_wanted = Signal()
    language_wanted = Signal(str)
    theme_wanted = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        ref: ClientRef,
        cache: Cache,
        settings: Settings,
        account_name: str = "",
        *,
        is_administrator: bool = True,
    ) -> None:
        super().__init__()
        self.setWindowTitle(translate("MainWindow", "Anyun"))
        self.setWindowIcon(window_icon())
        self.resize(1280, 800)
        self.setMinimumSize(1024, 640)
        self.bridge, self.ref, self.cache, self.settings = bridge, ref, cache, settings
        self.notices = Notices(self)
        self.shell = Shell(
            bridge,
            ref,
            cache,
            settings,
            self.notices,
            self,
            lambda key, one: self.go(key, one),
            is_administrator,
        )
        self._specs = {spec.key: spec for spec in pages() if is_administrator or spec.for_all}
        self._counted = {spec.kind for spec in self._specs.values() if spec.kind}
        self._pages: dict[str, Page] = {}
        self._fresh_at = datetime.now(UTC)
        self._last_counts = (0, 0)
        self._known_cleanups: list[r.Cleanup] = cache.all("cleanup")
        self._wizard: QWidget | None = None
        self._asked_setup = False
        self.top = TopBar(settings)
        self.top.set_account(account_name)
        self.connection = ConnectionBar()
        self.navigation = Navigation(groups(), list(self._specs.values()), settings)
        self.stack = QStackedWidget()
        self.jobs = JobsStrip(cache, self.shell.job_calls)
        self._build()
        self.palette_list = Palette(
            self.top.search,
            cache,
            self.commands,
            self.go,
            {spec.key: spec.icon for spec in self._specs.values()},
            self,
        )
        self._connect()
        self.go("overview")
        saved = settings.layout("window")
        if saved is not None:
            self.restoreGeometry(saved)

    # Pages

    def go(self, key: str, resource_id: str = "") -> None:
        """Show a page, and there a resource; "setup" opens the wizard, id "create" the dialog."""
        if key == "setup":
            self.open_setup()
            return
        if key not in self._specs:
            return
        page = self.page(key)
        self.stack.setCurrentWidget(page)
        self.navigation.show_page(key)
        page.setFocus()
        if resource_id == "create" and isinstance(page, ResourcePage):
            page.start_creating()
        elif resource_id:
            page.open_resource(resource_id)

    def page(self, key: str) -> Page:
        """The page, made when first asked for."""
        if key not in self._pages:
            page = self._specs[key].make(self.shell)
            self._pages[key] = page
            self.stack.addWidget(page)
        return self._pages[key]

    def current_page(self) -> Page | None:
        """The page that is shown."""
        page = self.stack.currentWidget()
        return page if isinstance(page, Page) else None

    def place(self) -> tuple[str, str]:
        """Where one is, as `go` takes it: the page, and the one resource that is selected."""
        page = self.current_page()
        key = next((key for key, made in self._pages.items() if made is page), "")
        selected = page.selection() if isinstance(page, ResourcePage) else []
        return key, selected[0].id if len(selected) == 1 else ""

    def commands(self) -> Iterable[Entry]:
        """What can be done by typing: actions on the selection first, then pages."""
        page = self.current_page()
        if isinstance(page, ResourcePage):
            selected = page.selection()
            for action in page.actions_declared:
                if not acts.why_not(action, selected):
                    names = _name(selected[0]) if len(selected) == 1 else str(len(selected))
                    qaction = page.qactions[action.name]
                    yield Entry(f"{action.title}: {names}", "", action.icon, qaction.trigger)
        go_to = translate("Palette", "Go to {page}")
        yield Entry(translate("Palette", "Create VM"), "", "plus", lambda: self.go("vm", "create"))
        for spec in self._specs.values():
            title = go_to.format(page=spec.title)
            yield Entry(title, "", spec.icon, lambda key=spec.key: self.go(key))
        yield Entry(translate("Palette", "Set-up"), "", "cog-outline", self.open_setup)
        yield Entry(
            translate("Palette", "Switch between light and dark"),
            "",
            "theme-light-dark",
            lambda: self.theme_wanted.emit("light" if theme.is_dark() else "dark"),
        )
        yield Entry(
            translate("Palette", "Log out"), "", "logout", lambda: self.logout_wanted.emit()
        )

    def open_setup(self) -> None:
        """Open the wizard that sets the cloud up, or bring it to front."""
        from desktop.wizard import SetupWizard

        wizard = self._wizard
        if wizard is None:
            wizard = SetupWizard(self.bridge, self.ref, self)
            self._wizard = wizard
            wizard.destroyed.connect(lambda *_: self._forget_wizard())
        wizard.show()
        wizard.raise_()

    def _forget_wizard(self) -> None:
        self._wizard = None

    # Building

    def _build(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.navigation)
        split.addWidget(self.stack)
        split.setStretchFactor(1, 1)
        split.setSizes([216, 1064])
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(split)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top)
        layout.addWidget(Line())
        layout.addWidget(self.connection)
        layout.addLayout(row, 1)
        layout.addWidget(self.jobs)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        self.navigation.chosen.connect(self.go)
        self.jobs.counted.connect(self._jobs_counted)
        self.jobs.failed.connect(self._job_failed)
        self.top.jobs.clicked.connect(self.jobs.toggle)
        self.top.warnings.clicked.connect(self._open_warnings)
        self.top.logout.triggered.connect(lambda: self.logout_wanted.emit())
        self.top.setup.triggered.connect(self.open_setup)
        self.top.password.triggered.connect(self._change_password)
        self.top.about.triggered.connect(self._about)
        self.top.languages.triggered.connect(lambda one: self.language_wanted.emit(one.data()))
        self.top.themes.triggered.connect(lambda one: self.theme_wanted.emit(one.data()))
        self.top.zone_menu.aboutToShow.connect(self._fill_zones)
        self.bridge.failed.connect(self.show_error)
        self.cache.changed.connect(self._cache_changed)
        self.cache.reset.connect(lambda _: self._count())
        self.cache.loaded.connect(self._loaded)
        self.cache.connection.connect(self._connection_changed)
        for keys, slot in (
            ("Ctrl+K", self._focus_search),
            ("Ctrl+F", self._focus_filter),
            ("Ctrl+J", self.jobs.toggle),
            ("F5", self._reload_page),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        self._count()
        self._jobs_counted(0, 0)

    # Living

    def show_error(self, error: BaseException) -> None:
        """Show an error as a notice with its remedy."""
        self.notices.error(error)

    def _cache_changed(self, kind: str, _puts: list[Any], _gone: list[str]) -> None:
        self._fresh_at = datetime.now(UTC)
        if kind in self._counted:
            self.navigation.set_count(kind, self.cache.count(kind))
        if kind in ("host", "cleanup"):
            self._jobs_counted(*self._last_counts)
        if kind == "cleanup":
            self._tell_cleanups()
        if kind == "zone":
            self._name_zone()

    def _count(self) -> None:
        for spec in self._specs.values():
            if spec.kind:
                self.navigation.set_count(spec.key, self.cache.count(spec.kind))
        self._name_zone()

    def _name_zone(self) -> None:
        zones = self.cache.all("zone")
        name = zones[0].name if len(zones) == 1 else translate("TopBar", "All zones")
        if self.top.zone.text() != name:
            self.top.zone.setText(name)
            self.top.zone.updateGeometry()

    def _fill_zones(self) -> None:
        menu = self.top.zone_menu
        menu.clear()
        for zone in self.cache.all("zone"):
            menu.addAction(zone.name).triggered.connect(
                lambda _=False, one=zone.id: self.go("zone", one)
            )
        menu.addSeparator()
        menu.addAction(translate("TopBar", "All zones")).triggered.connect(lambda: self.go("zone"))

    def _loaded(self, kind: str) -> None:
        if kind == "zone" and not self.cache.count("zone") and not self._asked_setup:
            self._asked_setup = True
            self.open_setup()

    def _connection_changed(self, online: bool, error: Any) -> None:
        since = texts.moment(self._fresh_at)
        reason = texts.error_text(error).message if error is not None else ""
        self.connection.set_online(online=online, since=since, reason=reason)

    def _jobs_counted(self, busy: int, failures: int) -> None:
        self._last_counts = (busy, failures)
        hosts = self.cache.all("host")
        lost = sum(1 for one in hosts if one.status is r.Status.DISCONNECTED)
        self.top.set_jobs(busy, failures + lost + self.cache.count("cleanup"))

    def _tell_cleanups(self) -> None:
        """A notice about clean-up work that came while this window was open."""
        known, self._known_cleanups = self._known_cleanups, self.cache.all("cleanup")
        came = {one.id for one in self._known_cleanups} - {one.id for one in known}
        if came and self.cache.is_loaded("cleanup"):
            self.notices.show(
                cleanup_words(len(self._known_cleanups)),
                role="warn",
                action=translate("Jobs", "Details"),
                on_action=self._open_cleanups,
            )

    def _open_cleanups(self) -> None:
        self.go("job")
        page = self.page("job")
        if isinstance(page, JobPage):
            page.show_cleanups()

    def _job_failed(self, job: r.Job) -> None:
        text = texts.error_text(job.error) if job.error is not None else None
        self.notices.show(
            translate("Jobs", "Failed: {job}").format(job=job_title(job))
            + (f"\n{text.message}" if text else ""),
            remedy=text.remedy if text else "",
            role="error",
            action=translate("Jobs", "Details"),
            on_action=lambda: self.go("job", job.id),
        )

    def _open_warnings(self) -> None:
        lost = [one for one in self.cache.all("host") if one.status is r.Status.DISCONNECTED]
        if lost:
            self.go("host", lost[0].id)
        elif self.cache.count("cleanup"):
            self._open_cleanups()
        else:
            self.jobs.open()

    def _focus_search(self) -> None:
        self.top.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.top.search.selectAll()

    def _focus_filter(self) -> None:
        page = self.current_page()
        if page is not None:
            page.focus_filter()

    def _reload_page(self) -> None:
        page = self.current_page()
        if page is not None:
            page.reload()

    def _change_password(self) -> None:
        from desktop.login.password_dialog import PasswordDialog

        PasswordDialog(self.shell).open()

    def _about(self) -> None:
        QMessageBox.about(
            self,
            translate("TopBar", "About Anyun"),
            translate("TopBar", "Anyun: an all-in-one private cloud.\nLicence: Apache-2.0."),
        )

    # Events

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the colour scheme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "navigation"):
            self.navigation.use_theme()
            self.top.use_theme()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout; the application decides when the process ends."""
        self.keep_layout()
        event.accept()
        self.closing.emit()

    def keep_layout(self) -> None:
        """Remember how large the window is, and where."""
        self.settings.set_layout("window", self.saveGeometry())
        self.settings.sync()


def _name(resource: Any) -> str:
    return job_title(resource) if isinstance(resource, r.Job) else resource.name
