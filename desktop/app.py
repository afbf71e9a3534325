"""Builds the client: application, look, language, network thread; login, then the main window."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import qasync
import structlog
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from desktop import texts, theme
from desktop.i18n import loader
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.settings import Settings, Theme
from desktop.texts import translate

log = structlog.get_logger(__name__)

GC_THRESHOLD = (20_000, 20, 50)


@dataclass(frozen=True)
class Options:
    """What the command line chose; empty texts mean what was remembered."""

    url: str = ""
    fingerprint: str = ""
    language: str = ""
    theme: str = ""


class Application:
    """Holds what lives as long as the process, and shows one window after the other."""

    def __init__(self, qt: QApplication, options: Options, settings: Settings) -> None:
        self.qt = qt
        self.options = options
        self.settings = settings
        self.bridge = Bridge()
        self.ref = ClientRef()
        self.cache = Cache()
        self.window: QWidget | None = None
        self._session: Any = None
        self._closing = False
        self.cache.logged_out.connect(self._session_over)

    def start(self) -> None:
        """Show the login window."""
        language = loader.install(self.qt, self.options.language or self.settings.language)
        theme.use_fonts(self.qt, chinese=language == "zh")
        theme.apply(self.qt, self.options.theme or self.settings.theme)
        self.bridge.start()
        self.show_login()

    def show_login(self, message: str = "") -> None:
        """Show the login window; it connects at once when it knows where to."""
        from desktop.login.window import LoginWindow

        options = self.options
        window = LoginWindow(self.bridge, self.settings, options.url, options.fingerprint)
        window.logged_in.connect(self._logged_in)
        window.closing.connect(self.quit)
        self._replace(window)
        if message:
            window.error.show_text(message)
        elif options.url or self.settings.url:
            self.bridge.spawn(window.connect_to())

    def show_main(self) -> None:
        """Show the main window with what the cache holds."""
        from desktop.main_window.window import MainWindow

        account = self._session.account
        window = MainWindow(
            self.bridge,
            self.ref,
            self.cache,
            self.settings,
            account.name,
            is_administrator=account.kind == "administrator",
        )
        window.closing.connect(self.quit)
        window.logout_wanted.connect(lambda: self.bridge.spawn(self.log_out()))
        window.language_wanted.connect(self.set_language)
        window.theme_wanted.connect(self.set_theme)
        self._replace(window)

    def set_language(self, language: str) -> None:
        """Change the language; the window is made anew."""
        self.settings.language = language
        theme.use_fonts(self.qt, chinese=loader.install(self.qt, language) == "zh")
        self._show_anew()

    def set_theme(self, chosen: Theme) -> None:
        """Change the colours; the window is made anew."""
        self.settings.theme = chosen
        theme.apply(self.qt, chosen)
        self._show_anew()

    def _show_anew(self) -> None:
        """The main window in other words or colours: as large, and at the same place in it."""
        from desktop.main_window.window import MainWindow

        place = ("", "")
        if isinstance(self.window, MainWindow):
            self.window.keep_layout()
            place = self.window.place()
        self.show_main()
        if isinstance(self.window, MainWindow):
            self.window.go(*place)

    async def log_out(self) -> None:
        """End the session and show the login window."""
        await self._leave(end_session=True)
        self.options = Options(language=self.options.language, theme=self.options.theme)
        self.show_login()

    def quit(self) -> None:
        """End the client: stop what runs in the network thread, then the process."""
        if not self._closing:
            self._closing = True
            self.bridge.spawn(self._shut_down())

    async def _shut_down(self) -> None:
        from desktop.pages.vm_console import close_all

        try:
            close_all()
            # A session ends with the client: nothing that logs in is left on this machine.
            async with asyncio.timeout(3):
                await self._leave(end_session=True)
        except Exception as error:
            log.info("shutdown_incomplete", error=str(error))
        await self.bridge.close()
        self.qt.quit()

    async def _leave(self, *, end_session: bool) -> None:
        self.cache.stop()
        if not self.ref.is_set:
            return
        client = self.ref.client
        if end_session:
            try:
                await self.bridge.run(client.call("session.delete"))
            except Exception as error:
                log.info("logout_failed", error=str(error))
        self.ref.set(None)
        self.cache.clear()
        await self.bridge.run(client.close())

    def _logged_in(self, client: Any, session: Any) -> None:
        self._session = session
        self.ref.set(client)
        self.cache.follow(self.bridge, self.ref)
        self.show_main()

    def _session_over(self) -> None:
        if self._session is not None and not self._closing:
            self._session = None
            self.bridge.spawn(self._log_in_again())

    async def _log_in_again(self) -> None:
        await self._leave(end_session=False)
        self.show_login(translate("Login", "Your session is over: log in again."))

    def _replace(self, window: QWidget) -> None:
        old, self.window = self.window, window
        window.show()
        if old is not None:
            old.blockSignals(True)
            old.close()
            old.deleteLater()


def install_excepthook(parent: Application) -> None:
    """Errors that nobody caught are logged and shown in a dialog; the client goes on."""
    shown: set[str] = set()

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            parent.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("uncaught", error=str(error), details=details)
        if details in shown:
            return
        shown.add(details)
        text = texts.error_text(error)
        box = QMessageBox(parent.window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(text.message)
        box.setInformativeText(text.remedy)
        box.setDetailedText(details)
        box.open()

    sys.excepthook = hook


def run(options: Options, settings: Settings | None = None) -> int:
    """Run the client until its window is closed; the process's exit code."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Collecting garbage among 100,000 machines takes long: do it seldom.
    gc.set_threshold(*GC_THRESHOLD)
    qt = QApplication([sys.argv[0]])
    qt.setApplicationName("Anyun")
    qt.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(qt)
    asyncio.set_event_loop(loop)
    application = Application(qt, options, settings or Settings())
    install_excepthook(application)
    with loop:
        loop.call_soon(application.start)
        loop.run_forever()
    return 0
