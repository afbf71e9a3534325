"""A quiet bar about clean-up work that waits: what it is, why, "Try now" and "Forget"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from appliance.protocol import resources as r
from desktop import texts, theme
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.operation_titles import operation_title
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.confirm import ConfirmForGood
from desktop.widgets.labels import Label, Surface
from desktop.widgets.notice import ErrorLabel

SHOWN = 5


def cleanup_title(one: r.Cleanup) -> str:
    """Which step of what has still to be undone: `Create VM web-1: writing disk`."""
    words = f"{operation_title(one.operation)} {one.resource_name or one.resource_id}".strip()
    return translate("Cleanups", "{job}: {step}").format(
        job=words, step=texts.word(f"step.{one.step}")
    )


def cleanup_words(count: int) -> str:
    """How much clean-up work waits, and that nobody needs to do anything."""
    if count == 1:
        return translate(
            "Cleanups",
            "One piece of clean-up work has not worked yet; it is tried again by itself.",
        )
    words = translate(
        "Cleanups", "{n} pieces of clean-up work have not worked yet; they are tried again."
    )
    return words.format(n=texts.number(count))


def next_try(one: r.Cleanup, now: datetime | None = None) -> str:
    """How often it was tried, and when it is tried again."""
    seconds = (one.next_at - (now or datetime.now(UTC))).total_seconds()
    if seconds <= 0:
        words = translate("Cleanups", "Tried {n} times; next try: now")
        return words.format(n=texts.number(one.attempts))
    words = translate("Cleanups", "Tried {n} times; next try in {time}")
    return words.format(n=texts.number(one.attempts), time=texts.duration(seconds))


class CleanupLine(QWidget):
    """One piece of clean-up work."""

    def __init__(
        self,
        one: r.Cleanup,
        retry: Callable[[CleanupLine], None],
        forget: Callable[[CleanupLine], None],
    ) -> None:
        super().__init__()
        self._title = Label("", "strong")
        self._why = Label("", "muted")
        self._when = Label("", "small")
        self.button = FlatButton(translate("Cleanups", "Try now"), "refresh")
        self.button.clicked.connect(lambda: retry(self))
        self.forget = FlatButton(translate("Cleanups", "Forget …"), "close", "quiet")
        self.forget.clicked.connect(lambda: forget(self))
        self.error = ErrorLabel()
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self._title, self._why, self._when, self.error):
            words.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(26, 4, 0, 4)
        layout.setSpacing(16)
        layout.addLayout(words, 1)
        layout.addWidget(self.button)
        layout.addWidget(self.forget)
        self.show_cleanup(one)

    def show_cleanup(self, one: r.Cleanup) -> None:
        """Show a new version of it."""
        self.cleanup = one
        self._title.setText(cleanup_title(one))
        self._why.setText(texts.error_text(one.error).message if one.error else "")
        self._why.setVisible(one.error is not None)
        self.show_times()

    def show_times(self) -> None:
        """Count down."""
        self._when.setText(next_try(self.cleanup))


class CleanupBar(Surface):
    """Hidden while there is nothing to clean up."""

    def __init__(self, bridge: Bridge, ref: ClientRef, cache: Cache) -> None:
        super().__init__("raised")
        self._bridge, self._ref, self._cache = bridge, ref, cache
        self.lines: dict[str, CleanupLine] = {}
        self._picture = QLabel()
        self.words = Label("")
        self.button = FlatButton(translate("Cleanups", "Show"), "chevron-down", "quiet")
        self.button.setCheckable(True)
        self.button.toggled.connect(lambda _: self._show())
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(4)
        self._more = Label("", "small")
        self._more.setContentsMargins(26, 0, 0, 0)
        self._column.addWidget(self._more)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self.words)
        row.addStretch()
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 4)
        layout.addLayout(row)
        layout.addWidget(self._list)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._show_times)
        cache.changed.connect(self._changed)
        cache.reset.connect(lambda kind: self._show() if kind == "cleanup" else None)
        self._show()

    def _changed(self, kind: str, _puts: list[Any], _gone: list[str]) -> None:
        if kind == "cleanup":
            self._show()

    def _show(self) -> None:
        found = sorted(self._cache.all("cleanup"), key=lambda one: one.created_at)
        is_open = self.button.isChecked() and bool(found)
        self.setVisible(bool(found))
        self._picture.setPixmap(theme.icon("alert", "warn").pixmap(18, 18))
        self.words.setText(cleanup_words(len(found)))
        self.button.set_icon_name("chevron-up" if is_open else "chevron-down")
        self._list.setVisible(is_open)
        self._show_lines(found[:SHOWN] if is_open else [])
        self._more.setVisible(len(found) > SHOWN)
        more = translate("Cleanups", "and {n} more").format(n=texts.number(len(found) - SHOWN))
        self._more.setText(more)
        if is_open:
            self._clock.start()
        else:
            self._clock.stop()

    def _show_lines(self, found: list[r.Cleanup]) -> None:
        wanted = {one.id for one in found}
        for ref in [ref for ref in self.lines if ref not in wanted]:
            line = self.lines.pop(ref)
            line.hide()
            line.deleteLater()
        for place, one in enumerate(found):
            if one.id in self.lines:
                self.lines[one.id].show_cleanup(one)
            else:
                self.lines[one.id] = CleanupLine(one, self._retry, self._forget)
                self._column.insertWidget(place, self.lines[one.id])

    def _show_times(self) -> None:
        for line in self.lines.values():
            line.show_times()

    def _forget(self, line: CleanupLine) -> None:
        """Ask first: what is forgotten stays on its host."""
        name = line.cleanup.resource_name or line.cleanup.resource_id
        dialog = ConfirmForGood(
            translate("Cleanups", "Forget this clean-up work?"),
            [
                cleanup_title(line.cleanup),
                translate(
                    "Cleanups",
                    "It is not tried again. What it would have removed stays where it is: right "
                    "for a host that never comes back.",
                ),
            ],
            name,
            translate("Cleanups", "Forget"),
            self,
        )
        dialog.confirmed.connect(lambda: self._ask(line, "cleanup.dismiss"))
        dialog.open()

    def _retry(self, line: CleanupLine) -> None:
        self._ask(line, "cleanup.retry")

    def _ask(self, line: CleanupLine, operation: str) -> None:
        if not self._ref.is_set:
            return
        line.button.setEnabled(False)
        line.error.clear()

        def ended(error: BaseException | None) -> None:
            if not shiboken6.isValid(line):
                return  # it worked, and the line is gone
            line.button.setEnabled(True)
            if error is not None:
                line.error.show_error(error)

        call = self._ref.call(operation, id=line.cleanup.id)
        self._bridge.fetch(call, lambda _: ended(None), ended)
