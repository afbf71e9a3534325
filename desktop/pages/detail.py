"""The detail below a list: name, state, tabs; the first tab holds facts in two columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.facts import FactGrid
from desktop.widgets.job_list import JobList
from desktop.widgets.labels import Label, Surface, copyable
from desktop.widgets.state import StateLabel
from desktop.widgets.tabs import TabRow

Facts = Callable[[Any], list[tuple[str, str]]]
StateOf = Callable[[Any], tuple[str, str] | None]


def scrolling(content: QWidget) -> QScrollArea:
    """`content` in an area that scrolls when there is too little room."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    return area


class Detail(Surface):
    """Shows one resource. Subclasses put widgets beside the facts or add tabs."""

    def __init__(self, shell: Shell, facts: Facts, state_of: StateOf) -> None:
        super().__init__("base")
        self.shell = shell
        self.resource: Any = None
        self._facts_of = facts
        self._state_of = state_of
        self.setMinimumHeight(176)
        self._name = copyable("", "strong")
        self._state = StateLabel()
        self._hint = Label(translate("Detail", "Select something to see its details."), "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.facts = FactGrid()
        self.jobs = JobList(shell.cache, shell.job_calls)
        self.tabs = TabRow()
        self.pages = QStackedWidget()
        self._build()
        # Facts such as "running for" change without anything happening.
        self._clock = QTimer(self)
        self._clock.setInterval(10_000)
        self._clock.timeout.connect(self._refresh_facts)
        self._clock.start()

    def _build(self) -> None:
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(16, 8, 16, 0)
        head.setSpacing(12)
        head.addWidget(self._name)
        head.addWidget(self._state)
        head.addSpacing(16)
        head.addWidget(self.tabs)
        head.addStretch()
        self.add_tab(translate("Detail", "Overview"), scrolling(self.make_overview()))
        self.add_more_tabs()
        self.add_tab(translate("Detail", "Jobs"), self.jobs)
        self.tabs.chosen.connect(self.pages.setCurrentIndex)
        self._both = QStackedWidget()
        shown = QWidget()
        layout = QVBoxLayout(shown)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addWidget(self.pages, 1)
        self._both.addWidget(self._hint)
        self._both.addWidget(shown)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._both)

    def add_tab(self, title: str, page: QWidget) -> None:
        """Add a tab; the order of calls is the order of tabs."""
        self.tabs.add(title)
        self.pages.addWidget(page)

    def add_more_tabs(self) -> None:
        """Tabs of the kind's own, between overview and jobs."""

    def make_overview(self) -> QWidget:
        """The content of the first tab."""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.addWidget(self.facts)
        layout.addStretch()
        return content

    def show_resource(self, resource: Any | None, selected: int = 1) -> None:
        """Show a resource, or a hint when there is none."""
        self.resource = resource
        if resource is None:
            self._both.setCurrentIndex(0)
            self.resource_changed()
            return
        self._both.setCurrentIndex(1)
        name = getattr(resource, "name", "") or resource.id
        if selected > 1:
            more = translate("Detail", "{name} and {count} more")
            name = more.format(name=name, count=selected - 1)
        self._name.setText(name)
        state = self._state_of(resource)
        self._state.setVisible(state is not None)
        if state is not None:
            self._state.set_state(*state)
        self.facts.set_facts(self._facts_of(resource))
        self.jobs.show_resource(resource.id)
        self.resource_changed()

    def _refresh_facts(self) -> None:
        if self.resource is not None and self.isVisible():
            self.facts.set_facts(self._facts_of(self.resource))

    def resource_changed(self) -> None:
        """Another resource or a new version of it is shown: subclasses follow."""
