"""The page of one kind of resource: list above, detail below, made from a short declaration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop import texts
from desktop.models.columns import Column
from desktop.models.table_model import TableModel
from desktop.pages import actions as acts
from desktop.pages.base import Page, Shell
from desktop.pages.detail import Detail
from desktop.texts import translate
from desktop.widgets.abstract import AbstractQObject
from desktop.widgets.buttons import FlatButton
from desktop.widgets.empty import EmptyPage
from desktop.widgets.labels import Label, Line, Surface
from desktop.widgets.search import Chip, FilterField
from desktop.widgets.table import ResourceTable

# From so many rows on, what stands around the list is computed a few times a second, not at once.
_MANY = 500


class ResourcePage(Page, metaclass=AbstractQObject):
    """Shows all resources of `kind`. Subclasses declare columns, actions, facts and words."""

    kind: ClassVar[str]
    state_kind: ClassVar[str] = ""
    """Whose states the chip offers: vm, state, status, image or job."""
    layout_name: ClassVar[str] = ""
    """Under which name columns and sizes are remembered, if not under the kind's."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.model = TableModel(self.columns(), self)
        self.actions_declared = self.actions_of()
        self.qactions = acts.make_qactions(self.actions_declared, self, self._trigger)
        self.table = ResourceTable(self.model, self._layout_name(), shell.settings)
        self.filter = FilterField()
        self.chips: list[tuple[Chip, Callable[[Any], str]]] = []
        self.detail = self.make_detail()
        self._title = Label(self.title(), "title")
        self._summary = Label("", "muted")
        self._summary.setWordWrap(False)
        self._stack = QStackedWidget()
        self._empty = self._make_empty()
        self._nothing = EmptyPage(
            "filter-off-outline",
            translate("Pages", "Nothing fits the filter"),
            "",
            translate("Pages", "Clear the filter"),
        )
        self.setFocusProxy(self.table)
        self._late_puts: dict[str, Any] = {}
        self._later = self._make_timer(400, self._apply_late)
        self._around = self._make_timer(400, self._refresh_around)
        self._build()
        self._connect()
        self._load()

    # To be declared by subclasses

    @abstractmethod
    def title(self) -> str:
        """The page's title."""

    @abstractmethod
    def columns(self) -> list[Column]:
        """The columns of the list."""

    def actions_of(self) -> list[acts.Action]:
        """The actions on these resources, in the order of bar and menu."""
        return []

    @abstractmethod
    def facts(self, resource: Any, /) -> list[tuple[str, str]]:
        """Name and value of what the detail shows."""

    @abstractmethod
    def empty_words(self) -> tuple[str, str, str]:
        """(icon, what this is for, the first step's button or empty) of the empty page."""

    def belongs(self, _resource: Any, /) -> bool:
        """Whether a resource of the kind is shown on this page at all."""
        return True

    def banner(self) -> QWidget | None:
        """What stands above the list when something needs attention."""
        return None

    def start_creating(self) -> None:
        """The first step of the empty page, and the button above the list."""

    def create_title(self) -> str:
        """The button above the list; empty for none."""
        return ""

    def filters(self) -> list[tuple[str, Callable[[Any], str], Callable[[str], str]]]:
        """Chips: title, the value of a resource, and the word for a value."""
        return []

    def summary(self) -> str:
        """What stands beside the title: how many there are."""
        return texts.number(self.model.total())

    def make_detail(self) -> Detail:
        """The detail below the list."""
        return Detail(self.shell, self.facts, self.state_of)

    def state_of(self, resource: Any, /) -> tuple[str, str] | None:
        """The (kind, state) shown beside a resource's name in the detail."""
        for column in self.model.columns:
            if column.state is not None:
                return column.state(resource)
        return None

    # Page

    def open_resource(self, resource_id: str) -> None:
        """Select a resource, clearing filters that hide it."""
        if self.model.row_of(resource_id) < 0:
            self.clear_filters()
        self.table.select(resource_id)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus()
        self.filter.selectAll()

    def clear_filters(self) -> None:
        """Show all."""
        self.filter.clear()
        for chip, _ in self.chips:
            chip.reset()
        self.apply_filter()

    def apply_filter(self) -> None:
        """Show what fits field and chips."""
        active = [(chip.chosen, value) for chip, value in self.chips if chip.chosen]

        def accepts(resource: Any) -> bool:
            return all(value(resource) in chosen for chosen, value in active)

        self.model.set_filter(self.filter.text(), accepts if active else None)
        self._show_right_page()

    def is_empty_page_shown(self) -> bool:
        """Whether the page says what it is for, because there is nothing to list."""
        return self._stack.currentWidget() is self._empty

    def selection(self) -> list[Any]:
        """The selected resources."""
        return self.table.selected()

    # Building

    def _layout_name(self) -> str:
        return self.layout_name or self.kind

    def _resources(self) -> list[Any]:
        return [one for one in self.shell.cache.all(self.kind) if self.belongs(one)]

    def _make_timer(self, interval_ms: int, slot: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        return timer

    def _build(self) -> None:
        body = Surface("base")
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_head())
        layout.addWidget(self._make_bar())
        if (banner := self.banner()) is not None:
            layout.addWidget(banner)
        layout.addWidget(Line())
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._nothing)
        layout.addWidget(self._stack, 1)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(6)
        self._splitter.addWidget(body)
        self._splitter.addWidget(self.detail)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        self._splitter.setSizes([420, 300])
        saved = self.shell.settings.layout(f"splitter/{self._layout_name()}")
        if saved is not None:
            self._splitter.restoreState(saved)
        self._splitter.splitterMoved.connect(
            lambda *_: self.shell.settings.set_layout(
                f"splitter/{self._layout_name()}", self._splitter.saveState()
            )
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._splitter)

    def _make_head(self) -> QWidget:
        head = QWidget()
        layout = QHBoxLayout(head)
        layout.setContentsMargins(16, 16, 16, 0)
        layout.setSpacing(16)
        layout.addWidget(self._title)
        layout.addWidget(self._summary, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch()
        if self.create_title():
            button = FlatButton(self.create_title(), "plus", "primary")
            button.clicked.connect(self.start_creating)
            layout.addWidget(button)
        return head

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addWidget(self.filter, 1)
        for title, value, _ in self.filters():
            chip = Chip(title)
            chip.changed.connect(self.apply_filter)
            self.chips.append((chip, value))
            layout.addWidget(chip)
        layout.addStretch(1)
        for action in self.actions_declared:
            if action.is_main:
                layout.addWidget(acts.small_button(action, self.qactions[action.name]))
        layout.addWidget(self._make_more())
        return bar

    def _make_more(self) -> FlatButton:
        more = FlatButton("", "dots-horizontal", "quiet")
        more.setToolTip(translate("Pages", "More actions, columns, export"))
        more.setAccessibleName(more.toolTip())
        menu = QMenu(more)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: self._fill_more(menu))
        more.clicked.connect(lambda: menu.exec(more.mapToGlobal(more.rect().bottomLeft())))
        return more

    def _fill_more(self, menu: QMenu) -> None:
        menu.clear()
        acts.fill_menu(menu, self.actions_declared, self.qactions)
        menu.addSeparator()
        columns = self.table.columns_menu()
        columns.setTitle(translate("Pages", "Columns"))
        menu.addMenu(columns)
        menu.addAction(translate("Pages", "Export as CSV …")).triggered.connect(self._export)

    def _make_empty(self) -> EmptyPage:
        icon, words, button = self.empty_words()
        page = EmptyPage(icon, self.title(), words, button)
        page.pressed.connect(self.start_creating)
        return page

    def _connect(self) -> None:
        self.filter.changed.connect(lambda _: self.apply_filter())
        self.filter.serve(self.table)
        self._nothing.pressed.connect(self.clear_filters)
        self.table.selection_changed.connect(self._selection_changed)
        self.table.menu_wanted.connect(
            lambda menu: acts.fill_menu(menu, self.actions_declared, self.qactions)
        )
        self.table.opened.connect(self.opened)
        cache = self.shell.cache
        cache.changed.connect(self._cache_changed)
        cache.reset.connect(self._cache_reset)
        cache.loaded.connect(lambda kind: self._show_right_page() if kind == self.kind else None)

    def opened(self, _resource: Any, /) -> None:
        """A resource was double-clicked."""
        self.detail.setFocus()

    # Living

    def _load(self) -> None:
        self._late_puts.clear()
        self.model.replace(self._resources())
        self._refresh_around()
        self._selection_changed()

    def _cache_reset(self, kind: str) -> None:
        if kind == self.kind:
            self._load()

    def _cache_changed(self, kind: str, puts: list[Any], gone: list[str]) -> None:
        if kind != self.kind:
            self.related_changed(kind)
            return
        gone = [*gone, *(one.id for one in puts if not self.belongs(one))]
        puts = [one for one in puts if self.belongs(one)]
        if len(puts) >= _MANY and self.model.total():
            # A long list arrives page by page: show its first page at once, the rest in few steps.
            self._late_puts.update({one.id: one for one in puts})
            if not self._later.isActive():
                self._later.start()
            puts = []
        for one in puts:
            self._late_puts.pop(one.id, None)
        for key in gone:
            self._late_puts.pop(key, None)
        self._apply(puts, gone)

    def _apply_late(self) -> None:
        puts, self._late_puts = list(self._late_puts.values()), {}
        self._apply(puts, [])

    def _apply(self, puts: list[Any], gone: list[str]) -> None:
        self.model.apply(puts, gone)
        if self.model.total() < _MANY:
            self._refresh_around()
        elif not self._around.isActive():
            self._around.start()
        current = self.table.current()
        if current is None or any(one.id == current.id for one in puts) or gone:
            self._selection_changed()

    def related_changed(self, kind: str) -> None:
        """Another kind changed: subclasses whose texts show it make them anew."""

    def _refresh_around(self) -> None:
        self._summary.setText(self.summary())
        for (chip, value), (_, _, word) in zip(self.chips, self.filters(), strict=True):
            values = sorted({value(one) for one in self._resources()})
            chip.set_values((one, word(one)) for one in values if one)
        self._show_right_page()

    def _show_right_page(self) -> None:
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.table)
        elif self.model.total():
            self._stack.setCurrentWidget(self._nothing)
        elif self.shell.cache.is_loaded(self.kind):
            self._stack.setCurrentWidget(self._empty)
        else:
            self._stack.setCurrentWidget(self.table)
        self.detail.setVisible(self.model.total() > 0)

    def _selection_changed(self) -> None:
        selected = self.table.selected()
        acts.refresh(self.actions_declared, self.qactions, selected)
        self.detail.show_resource(self.table.current(), len(selected))

    def _trigger(self, action: acts.Action) -> None:
        acts.start(action, self.shell, self.table.selected())

    def _export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, translate("Pages", "Export as CSV"), f"{self.kind}.csv", "CSV (*.csv)"
        )
        if not name:
            return
        try:
            self.table.export_csv(Path(name))
        except OSError as error:
            self.shell.notices.error(error)
        else:
            self.shell.notices.show(translate("Pages", "Exported to {path}").format(path=name))
