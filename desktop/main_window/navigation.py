"""The navigation at the left: groups that fold, pages with icons and counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from desktop import texts, theme
from desktop.pages.base import PageSpec
from desktop.settings import Settings

KEY_ROLE = Qt.ItemDataRole.UserRole
ICON_ROLE = Qt.ItemDataRole.UserRole + 1
COUNT_ROLE = Qt.ItemDataRole.UserRole + 2


class _Delegate(QStyledItemDelegate):
    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(200, 32 if index.data(ICON_ROLE) else 36)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        rect: QRect = option.rect  # type: ignore[attr-defined]
        flags: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(ICON_ROLE):
            self._paint_page(painter, rect, flags, index)
        else:
            self._paint_group(painter, rect, flags, index)
        painter.restore()

    def _paint_page(
        self,
        painter: QPainter,
        rect: QRect,
        flags: QStyle.StateFlag,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        c = theme.colours()
        box = QRectF(rect).adjusted(8, 1, -8, -1)
        selected = bool(flags & QStyle.StateFlag.State_Selected)
        hovered = bool(flags & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(c.selection if selected else c.raised))
            painter.drawRoundedRect(box, 5, 5)
        role = "accent" if selected else "muted"
        inner = box.toRect().adjusted(10, 0, -10, 0)
        theme.icon(str(index.data(ICON_ROLE)), role).paint(
            painter, QRect(inner.left(), inner.center().y() - 8, 18, 18)
        )
        count = index.data(COUNT_ROLE)
        words = texts.number(count) if count else ""
        painter.setPen(theme.colour(c.muted))
        painter.setFont(theme.font("small"))
        painter.drawText(
            inner, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), words
        )
        width = painter.fontMetrics().horizontalAdvance(words)
        painter.setFont(theme.font("strong" if selected else "body"))
        painter.setPen(theme.colour(c.text))
        text_box = inner.adjusted(28, 0, -width - 4, 0)
        title = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, text_box.width()
        )
        painter.drawText(text_box, int(Qt.AlignmentFlag.AlignVCenter), title)

    def _paint_group(
        self,
        painter: QPainter,
        rect: QRect,
        flags: QStyle.StateFlag,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        c = theme.colours()
        is_open = bool(flags & QStyle.StateFlag.State_Open)
        arrow = QRect(rect.left() + 16, rect.bottom() - 22, 16, 16)
        theme.icon("chevron-down" if is_open else "chevron-right").paint(painter, arrow)
        painter.setPen(theme.colour(c.muted))
        painter.setFont(theme.font("small"))
        painter.drawText(
            QRect(rect.left() + 36, rect.bottom() - 26, rect.width() - 40, 24),
            int(Qt.AlignmentFlag.AlignVCenter),
            str(index.data()),
        )


class Navigation(QTreeWidget):
    """The tree of pages; `chosen` carries the key of the page that was clicked."""

    chosen = Signal(str)

    def __init__(
        self,
        groups: Sequence[tuple[str, str]],
        pages: Sequence[PageSpec],
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._items: dict[str, QTreeWidgetItem] = {}
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(_Delegate(self))
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(208)
        self.setAccessibleName("Navigation")
        self._use_colours()
        folded = settings.texts("folded")
        for key, title in groups:
            members = [page for page in pages if page.group == key]
            if title:
                group = QTreeWidgetItem([title])
                group.setData(0, KEY_ROLE, key)
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.addTopLevelItem(group)
                for page in members:
                    group.addChild(self._make_item(page))
                group.setExpanded(key not in folded)
            else:
                for page in members:
                    self.addTopLevelItem(self._make_item(page))
        self.itemExpanded.connect(lambda _: self._save_folds())
        self.itemCollapsed.connect(lambda _: self._save_folds())
        self.currentItemChanged.connect(lambda item, _: self._item_chosen(item))

    def show_page(self, key: str) -> None:
        """Mark the page shown."""
        item = self._items.get(key)
        if item is not None and item is not self.currentItem():
            self.blockSignals(True)
            self.setCurrentItem(item)
            self.blockSignals(False)
            self.viewport().update()

    def set_count(self, key: str, count: int) -> None:
        """Show how many there are beside a page."""
        item = self._items.get(key)
        if item is not None and item.data(0, COUNT_ROLE) != count:
            item.setData(0, COUNT_ROLE, count)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a group folds it."""
        item = self.itemAt(event.position().toPoint())
        if item is not None and not item.data(0, ICON_ROLE):
            item.setExpanded(not item.isExpanded())
            return
        super().mouseReleaseEvent(event)

    def use_theme(self) -> None:
        """Follow a change of the colour scheme."""
        self._use_colours()
        self.viewport().update()

    def _use_colours(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, theme.colour(theme.colours().window))
        self.setPalette(palette)

    def _make_item(self, page: PageSpec) -> QTreeWidgetItem:
        item = QTreeWidgetItem([page.title])
        item.setData(0, KEY_ROLE, page.key)
        item.setData(0, ICON_ROLE, page.icon)
        item.setToolTip(0, page.title)
        self._items[page.key] = item
        return item

    def _item_chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, ICON_ROLE):
            self.chosen.emit(str(item.data(0, KEY_ROLE)))

    def _save_folds(self) -> None:
        folded = []
        for place in range(self.topLevelItemCount()):
            item = self.topLevelItem(place)
            if item is not None and item.childCount() and not item.isExpanded():
                folded.append(str(item.data(0, KEY_ROLE)))
        self._settings.set_texts("folded", folded)
