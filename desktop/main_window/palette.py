"""One search over all resources, and every action and page by typing (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from desktop import texts, theme
from desktop.net.cache import Cache
from desktop.texts import translate

MAX_SHOWN = 12
_SEARCHED = (
    "vm",
    "host",
    "network",
    "image",
    "volume",
    "instance_offering",
    "affinity_group",
    "elastic_ip",
    "security_group",
    "primary_storage",
    "image_store",
    "cluster",
    "zone",
)


@dataclass(frozen=True)
class Entry:
    """One line of the palette: what it says, and what it does."""

    title: str
    hint: str
    icon: str
    run: Callable[[], object]


def search_text(kind: str, resource: Any) -> str:
    """What a resource is found by: name, id, addresses and MACs, in lower case."""
    parts = [resource.name, resource.id]
    if kind == "vm":
        for nic in resource.nics:
            parts += (nic.address, nic.mac)
    for field in ("address", "cidr", "path"):
        value = getattr(resource, field, "")
        if value:
            parts.append(value)
    return "\n".join(parts).casefold()


def find_resources(cache: Cache, words: list[str], limit: int) -> list[tuple[str, Any]]:
    """(kind, resource) of what holds all words; names that begin so come first."""
    found: list[tuple[bool, str, Any]] = []
    for kind in _SEARCHED:
        for resource in cache.all(kind):
            text = search_text(kind, resource)
            if all(word in text for word in words):
                starts = resource.name.casefold().startswith(words[0])
                found.append((not starts, kind, resource))
                if len(found) > 200:
                    break
    found.sort(key=lambda one: (one[0], len(one[2].name), one[2].name))
    return [(kind, resource) for _, kind, resource in found[:limit]]


class Palette(QFrame):
    """The list that drops from the search field."""

    def __init__(
        self,
        field: QLineEdit,
        cache: Cache,
        commands: Callable[[], Iterable[Entry]],
        go: Callable[[str, str], None],
        icons: dict[str, str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._host = parent
        self._field = field
        self._cache = cache
        self._commands = commands
        self._go = go
        self._icons = icons
        self._entries: list[Entry] = []
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.list = QListWidget()
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(18, 18))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.list)
        self.list.itemClicked.connect(lambda _: self._run())
        field.textEdited.connect(lambda _: self.search())
        field.installEventFilter(self)
        self.hide()

    def search(self) -> None:
        """Find what fits the words in the field."""
        words = self._field.text().casefold().split()
        entries = [
            one for one in self._commands() if all(word in one.title.casefold() for word in words)
        ]
        if words:
            entries = entries[:6]
            for kind, resource in find_resources(self._cache, words, MAX_SHOWN):
                hint = texts.word(f"kind.{kind}")
                if kind == "vm":
                    addresses = ", ".join(nic.address for nic in resource.nics if nic.address)
                    state = texts.word(f"vm.state.{resource.state.value}")
                    hint = " · ".join(part for part in (hint, state, addresses) if part)
                entries.append(self._resource_entry(kind, resource, hint))
        self._entries = entries[: MAX_SHOWN + 4]
        self._fill()

    def _resource_entry(self, kind: str, resource: Any, hint: str) -> Entry:
        icon = self._icons.get(kind, "circle-outline")
        return Entry(resource.name, hint, icon, lambda: self._go(kind, resource.id))

    def _fill(self) -> None:
        self.list.clear()
        for entry in self._entries:
            text = f"{entry.title}    {entry.hint}" if entry.hint else entry.title
            item = QListWidgetItem(theme.icon(entry.icon), text)
            item.setSizeHint(QSize(200, 32))
            self.list.addItem(item)
        if not self._entries:
            item = QListWidgetItem(translate("Palette", "Nothing found"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setSizeHint(QSize(200, 32))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._place()

    def _place(self) -> None:
        parent = self._host
        rows = max(1, len(self._entries))
        corner = self._field.mapTo(parent, QPoint(0, self._field.height() + 4))
        width = max(self._field.width(), 480)
        corner.setX(max(8, corner.x() - (width - self._field.width()) // 2))
        height = min(rows * 32 + 12, parent.height() - corner.y() - 16)
        self.setGeometry(corner.x(), corner.y(), width, height)
        self.show()
        self.raise_()

    def _run(self) -> None:
        row = self.list.currentRow()
        self.hide()
        self._field.clear()
        self._field.clearFocus()
        if 0 <= row < len(self._entries):
            self._entries[row].run()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Keys of the field move in the list; leaving the field closes it."""
        if event.type() == QEvent.Type.FocusIn:
            self.search()
        elif event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            count = max(1, self.list.count())
            self.list.setCurrentRow((self.list.currentRow() + step) % count)
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run()
            return True
        if key == Qt.Key.Key_Escape:
            self._field.clear()
            self.hide()
            self._field.clearFocus()
            return True
        return False
