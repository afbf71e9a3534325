"""Tests a form on the service while somebody types: after a pause, and only the newest values."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer

from appliance.protocol.resources import CheckResult
from desktop import texts
from desktop.net.bridge import Bridge
from desktop.texts import translate
from desktop.wizard.page import StepPage

PAUSE_MS = 400
Probe = Callable[[StepPage], Coroutine[Any, Any, CheckResult]]


class LiveCheck(QObject):
    """Asks `probe` for what a page says, and shows the answer beside the page's fields."""

    def __init__(self, bridge: Bridge, probe: Probe, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._probe = probe
        self._page: StepPage | None = None
        self._number = 0
        self._asked: concurrent.futures.Future[CheckResult] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._ask)

    def want(self, page: StepPage | None) -> None:
        """Test this page soon; what was asked before is of no interest any more."""
        self.stop()
        self._page = page
        if page is None or page.is_done or not page.tested_step:
            return
        page.await_findings()
        self._pause.start()

    @property
    def is_waiting(self) -> bool:
        """Whether somebody may still be typing."""
        return self._pause.isActive()

    def stop(self) -> None:
        """Test nothing, and drop an answer that is still on its way."""
        self._number += 1
        self._pause.stop()
        if self._asked is not None:
            self._asked.cancel()
            self._asked = None

    def _ask(self) -> None:
        page = self._page
        if page is None or not page.tested_step or not page.isVisible():
            return
        if not page.review():  # what is wrong stands there already
            page.forget_findings()
            return
        arrived = partial(self._arrived, self._number, page)
        failed = partial(self._failed, self._number, page)
        self._asked = self._bridge.fetch(self._probe(page), arrived, failed)

    def _arrived(self, number: int, page: StepPage, found: CheckResult) -> None:
        if number == self._number:
            page.show_findings(found)

    def _failed(self, number: int, page: StepPage, error: BaseException) -> None:
        if number != self._number:
            return
        page.forget_findings()
        words = translate("Wizard", "This could not be tested now: {reason}")
        reason = texts.error_text(error).message
        page.fields[page.tested_field].set_finding(words.format(reason=reason), "warn")
