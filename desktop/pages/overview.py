"""The start page: how many of what, how full the cloud is, what runs, and the first step."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from appliance.protocol import resources as r
from desktop import texts, theme
from desktop.pages.base import Page, Shell
from desktop.pages.detail import scrolling
from desktop.texts import translate
from desktop.widgets.bars import CapacityBar
from desktop.widgets.buttons import FlatButton
from desktop.widgets.job_list import JobList
from desktop.widgets.labels import Label, Surface
from desktop.widgets.state import StateLabel


class Tile(Surface):
    """A figure with its name; a click opens the list behind it."""

    pressed = Signal()

    def __init__(self, title: str, icon: str) -> None:
        super().__init__("base", is_card=True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._title = title
        self._icon = icon
        self._picture = QLabel()
        self._figure = Label("–", "figure")
        self._words = Label(title, "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(self._words)
        head.addStretch()
        head.addWidget(self._picture)
        layout.addLayout(head)
        layout.addWidget(self._figure)

    def set_count(self, count: int) -> None:
        """Show a number."""
        self._figure.setText(texts.number(count))
        self.setAccessibleName(f"{self._title}: {count}")

    def showEvent(self, _event: Any) -> None:
        """Take the icon in the colour of now."""
        self._picture.setPixmap(theme.icon(self._icon).pixmap(20, 20))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the list."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()


class FirstStep(Surface):
    """The card that leads to the next step while the cloud is empty."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__("base", is_card=True)
        self._title = Label("", "strong")
        self._words = Label("", "muted")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(24, 16, 24, 16)
        self._row.setSpacing(16)
        text = QVBoxLayout()
        text.setSpacing(4)
        text.addWidget(self._title)
        text.addWidget(self._words)
        self._row.addLayout(text, 1)
        self._button = FlatButton("", "arrow-right", "primary")
        self._button.clicked.connect(self.pressed)
        self._row.addWidget(self._button)

    def set_step(self, title: str, words: str, button: str) -> None:
        """Say what comes next."""
        self._title.setText(title)
        self._words.setText(words)
        self._button.setText(button)
        self._button.updateGeometry()


def card(title: str, content: QWidget) -> Surface:
    """A titled card around a widget."""
    result = Surface("base", is_card=True)
    layout = QVBoxLayout(result)
    layout.setContentsMargins(16, 12, 16, 16)
    layout.setSpacing(12)
    layout.addWidget(Label(title, "strong"))
    layout.addWidget(content, 1)
    return result


class OverviewPage(Page):
    """Counts, capacity, states and the newest jobs, all computed from the live copy."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.tiles: dict[str, Tile] = {}
        self._step_target = "setup"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(200)
        self._timer.timeout.connect(self.refresh)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(16)
        layout.addWidget(Label(translate("Overview", "Overview"), "title"))
        self.first_step = FirstStep()
        self.first_step.pressed.connect(lambda: shell.go(self._step_target, "create"))
        layout.addWidget(self.first_step)
        layout.addLayout(self._make_tiles())
        layout.addLayout(self._make_middle(), 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(content))
        shell.cache.changed.connect(lambda *_: self._soon())
        shell.cache.reset.connect(lambda *_: self._soon())
        shell.cache.loaded.connect(lambda *_: self._soon())
        self.refresh()

    def _make_tiles(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(16)
        for column, (key, title, icon) in enumerate(
            (
                ("vm", translate("Overview", "Virtual machines"), "monitor-multiple"),
                ("host", translate("Overview", "Hosts"), "server"),
                ("image", translate("Overview", "Images"), "disc"),
                ("network", translate("Overview", "Networks"), "lan"),
                ("job", translate("Overview", "Running jobs"), "progress-check"),
            )
        ):
            tile = Tile(title, icon)
            tile.pressed.connect(lambda k=key: self.shell.go(k, ""))
            grid.addWidget(tile, 0, column)
            grid.setColumnStretch(column, 1)
            self.tiles[key] = tile
        return grid

    def _make_middle(self) -> QHBoxLayout:
        self._cpu = CapacityBar(translate("Overview", "CPU"))
        self._memory = CapacityBar(translate("Overview", "Memory"))
        self._storage = CapacityBar(translate("Overview", "Primary storage"))
        self._addresses = CapacityBar(translate("Overview", "Addresses"))
        bars = QWidget()
        column = QVBoxLayout(bars)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        for bar in (self._cpu, self._memory, self._storage, self._addresses):
            column.addWidget(bar)
        column.addStretch()
        self._states = QWidget()
        self._states_layout = QVBoxLayout(self._states)
        self._states_layout.setContentsMargins(0, 0, 0, 0)
        self._states_layout.setSpacing(8)
        self._state_rows: dict[str, tuple[QWidget, Label]] = {}
        self._no_vms = Label(translate("Overview", "No virtual machines yet."), "muted")
        self._states_layout.addWidget(self._no_vms)
        self._states_layout.addStretch()
        left = QVBoxLayout()
        left.setSpacing(16)
        left.addWidget(card(translate("Overview", "Capacity"), bars))
        left.addWidget(card(translate("Overview", "Virtual machines by state"), self._states))
        left.addStretch()
        jobs = JobList(self.shell.cache, self.shell.job_calls)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 2)
        row.addWidget(card(translate("Overview", "Newest jobs"), jobs), 3)
        return row

    def showEvent(self, event: Any) -> None:
        """Show figures of now at once."""
        super().showEvent(event)
        self.refresh()

    def _soon(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Compute all figures anew."""
        cache = self.shell.cache
        for kind in ("vm", "host", "image", "network"):
            self.tiles[kind].set_count(cache.count(kind))
        busy = (r.JobState.RUNNING, r.JobState.QUEUED, r.JobState.UNDOING)
        running = sum(1 for job in cache.all("job") if job.state in busy)
        self.tiles["job"].set_count(running)
        self._show_capacity()
        self._show_states()
        self._show_first_step()

    def _show_capacity(self) -> None:
        hosts: list[r.Host] = self.shell.cache.all("host")
        cpu_total = sum(one.cpu_capacity for one in hosts)
        cpu = sum(one.cpu_claimed for one in hosts)
        loads = [one.load for one in hosts if one.load is not None]
        busy = sum(one.cpu_count * one.load.cpu_share for one in hosts if one.load is not None)
        there = sum(one.cpu_count for one in hosts if one.load is not None)
        self._cpu.set_values(
            cpu / cpu_total if cpu_total else 0,
            _in_use(f"{texts.number(cpu)} / {texts.number(cpu_total)}", busy, there),
        )
        total = sum(one.memory_capacity_bytes for one in hosts)
        used = sum(one.memory_claimed_bytes for one in hosts)
        taken = sum(one.memory_used_bytes for one in loads)
        there = sum(one.memory_total_bytes for one in loads)
        words = _in_use(_of(used, total), taken, there)
        self._memory.set_values(used / total if total else 0, words)
        stores: list[r.PrimaryStorage] = self.shell.cache.all("primary_storage")
        total = sum(one.total_bytes for one in stores)
        used = total - sum(one.available_bytes for one in stores)
        self._storage.set_values(used / total if total else 0, _of(used, total))
        networks: list[r.Network] = self.shell.cache.all("network")
        total = sum(one.addresses_total for one in networks)
        used = sum(one.addresses_used for one in networks)
        self._addresses.set_values(
            used / total if total else 0, f"{texts.number(used)} / {texts.number(total)}"
        )

    def _show_states(self) -> None:
        counts: dict[str, int] = {}
        for vm in self.shell.cache.all("vm"):
            counts[vm.state.value] = counts.get(vm.state.value, 0) + 1
        self._no_vms.setVisible(not counts)
        for place, state in enumerate(one.value for one in r.VmState):
            count = counts.get(state, 0)
            if count and state not in self._state_rows:
                self._add_state_row(state, place)
            if state in self._state_rows:
                row, figure = self._state_rows[state]
                row.setVisible(count > 0)
                figure.setText(texts.number(count))

    def _add_state_row(self, state: str, _place: int) -> None:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        name = StateLabel()
        name.set_state("vm", state)
        figure = Label("", "table")
        line.addWidget(name)
        line.addStretch()
        line.addWidget(figure)
        self._state_rows[state] = (row, figure)
        self._states_layout.insertWidget(self._states_layout.count() - 1, row)

    def _show_first_step(self) -> None:
        cache = self.shell.cache
        if not cache.is_loaded("vm"):
            self.first_step.hide()
            return
        if not all(cache.count(k) for k in ("zone", "host", "network", "primary_storage")):
            self._step_target = "setup"
            self.first_step.set_step(
                translate("Overview", "Set up this cloud"),
                translate(
                    "Overview",
                    "Seven short steps, filled in with what was found on this machine. "
                    "You can leave and come back at any time.",
                ),
                translate("Overview", "Begin the set-up"),
            )
            self.first_step.show()
        elif not cache.count("vm"):
            self._step_target = "vm"
            self.first_step.set_step(
                translate("Overview", "Create your first virtual machine"),
                translate("Overview", "The cloud is ready: it has a host, storage and a network."),
                translate("Overview", "Create VM"),
            )
            self.first_step.show()
        else:
            self.first_step.hide()


def _in_use(claimed: str, used: float, there: float) -> str:
    """What is claimed, and how much of what is there is really used now, if hosts tell."""
    if not there:
        return claimed
    words = translate("Overview", "{claimed} claimed · {share} in use")
    return words.format(claimed=claimed, share=f"{used / there:.0%}")


def _of(used: float, total: float) -> str:
    return f"{texts.size(used)} / {texts.size(total)}"
