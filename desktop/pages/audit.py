"""The audit log: who asked for which change. Read by pages when it is opened, newest first."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from appliance.protocol import messages
from appliance.protocol import resources as r
from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.operation_titles import operation_title
from desktop.pages.base import Page, Shell
from desktop.texts import translate
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label, Line, Surface
from desktop.widgets.notice import ErrorLabel
from desktop.widgets.search import FilterField
from desktop.widgets.table import ResourceTable

PAGE_SIZE = 500
SYSTEM = "system"
_VALUE = re.compile(r"\{\w+\}")


def outcome_words(entry: r.AuditEntry) -> str:
    """How the request was answered, in words."""
    words = {
        "accepted": translate("Audit", "accepted"),
        "done": translate("Audit", "done"),
    }
    if entry.outcome in words:
        return words[entry.outcome]
    # The log keeps an error's code without its values: leave gaps where they stood.
    text = messages.render(entry.outcome, {}, texts.language()).message
    return translate("Audit", "refused: {reason}").format(reason=_VALUE.sub("…", text))


def actor_words(entry: r.AuditEntry) -> str:
    """Who asked: an account by its name, or the system itself."""
    if entry.account_id == SYSTEM:
        return translate("Audit", "the system")
    return entry.account_name or translate("Audit", "nobody known")


class AuditPage(Page):
    """A list that grows when scrolled to its end."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._cursor: str | None = None
        self._more = True
        self._loading = False
        self.model = TableModel(self._columns(), self)
        self.table = ResourceTable(self.model, "audit", shell.settings)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        self.filter = FilterField()
        self._error = ErrorLabel()
        refresh = FlatButton(translate("Audit", "Refresh"), "refresh")
        refresh.clicked.connect(self.reload)
        head = QHBoxLayout()
        head.setContentsMargins(16, 16, 16, 8)
        head.setSpacing(16)
        head.addWidget(Label(translate("Audit", "Audit log"), "title"))
        head.addStretch()
        head.addWidget(self.filter, 1)
        head.addWidget(refresh)
        body = Surface("base")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._error)
        layout.addWidget(Line())
        layout.addWidget(self.table, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(body)
        self.filter.changed.connect(self.model.set_filter)
        self.filter.serve(self.table)
        bar = self.table.verticalScrollBar()
        bar.valueChanged.connect(lambda value: self._near_end(value, bar.maximum()))

    def showEvent(self, event: Any) -> None:
        """Read anew each time the page is opened."""
        super().showEvent(event)
        self.reload()

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus()

    def reload(self) -> None:
        """Read the newest entries."""
        self._cursor, self._more = None, True
        self._load(first=True)

    def _near_end(self, value: int, maximum: int) -> None:
        if self._more and maximum and value > maximum - 400:
            self._load(first=False)

    def _load(self, *, first: bool) -> None:
        if self._loading or not self.shell.ref.is_set:
            return
        self._loading = True
        request: dict[str, Any] = {"limit": PAGE_SIZE, "sort": "-id"}
        if self._cursor is not None:
            request["cursor"] = self._cursor

        def arrived(page: Any) -> None:
            self._loading = False
            self._error.clear()
            self._cursor, self._more = page.next, page.next is not None
            if first:
                self.model.replace(page.items)
            else:
                self.model.apply(page.items, [])

        def failed(error: BaseException) -> None:
            self._loading = False
            self._error.show_error(error)

        self.shell.bridge.fetch(self.shell.ref.call("audit.list", **request), arrived, failed)

    def _columns(self) -> list[Column]:
        return [
            Column(
                name="at",
                title=translate("Audit", "When"),
                text=lambda one: texts.moment(one.at),
                key=lambda one: one.at,
                width=168,
            ),
            Column(
                name="account",
                title=translate("Audit", "Who"),
                text=actor_words,
            ),
            Column(
                name="operation",
                title=translate("Audit", "What"),
                text=lambda one: operation_title(one.operation),
                width=216,
            ),
            Column(
                name="resource",
                title=translate("Audit", "On what"),
                text=self._resource_name,
                width=288,
            ),
            Column(
                name="outcome", title=translate("Audit", "Outcome"), text=outcome_words, width=208
            ),
            Column(name="address", title=translate("Audit", "From"), text=lambda one: one.address),
            Column(
                name="code",
                title=translate("Audit", "Operation and code"),
                text=lambda one: f"{one.operation} {one.outcome}",
                is_shown=False,
                width=240,
            ),
        ]

    def _resource_name(self, entry: r.AuditEntry) -> str:
        kind = entry.operation.partition(".")[0]
        try:
            name = self.shell.cache.name(kind, entry.resource_id)
        except KeyError:
            name = ""
        return name or entry.resource_id or "–"
