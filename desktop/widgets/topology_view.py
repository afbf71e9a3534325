"""Draws the picture of the networks: hover or click to see what belongs together, wheel to zoom."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsPathItem,
    QGraphicsScene,
    QGraphicsSceneMouseEvent,
    QGraphicsView,
    QStyleOptionGraphicsItem,
    QWidget,
)

from desktop import theme
from desktop.models.topology import HEAD, OUTSIDE, Box, Picture
from desktop.widgets.state import look_of, paint_shape

ZOOM_STEP, ZOOM_MIN, ZOOM_MAX = 1.25, 0.1, 3.0
ALL_LINES_UP_TO = 40  # more of them would hide what they join
FAINT = 0.18
MARGIN = 24.0
STRIP = 4.0  # of a network's colour
# Hues of networks; none is near the colours of states that want attention.
HUES = (212, 268, 172, 310, 232, 135, 190, 288)
Key = tuple[str, str]


def network_colour(place: int) -> QColor:
    """A colour of its own for each network, readable on both schemes."""
    return QColor.fromHsl(HUES[place % len(HUES)], 150, 150 if theme.is_dark() else 105)


class BoxItem(QGraphicsItem):
    """One host, network or machine."""

    def __init__(self, view: TopologyView, box: Box) -> None:
        super().__init__()
        self._view, self.box = view, box
        self.setPos(box.x, box.y)
        self.setZValue(0 if box.kind == "host" else 2)
        self.setAcceptHoverEvents(True)
        self.setToolTip("\n".join(text for text in (box.title, box.detail) if text))

    def boundingRect(self) -> QRectF:
        """The box with its frame."""
        return QRectF(0, 0, self.box.width, self.box.height).adjusted(-2, -2, 2, 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Frame, colour of the network, state and words."""
        box, colours = self.box, theme.colours()
        painter.setOpacity(1.0 if self._view.is_lit(box.key) else FAINT)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = self._view.chosen == box.key
        frame = colours.accent if is_chosen else colours.line
        painter.setPen(QPen(theme.colour(frame), 2 if is_chosen else 1))
        painter.setBrush(theme.colour(colours.window if box.kind == "host" else colours.base))
        painter.drawRoundedRect(QRectF(0.5, 0.5, box.width - 1, box.height - 1), 6, 6)
        self._strip(painter)
        left = 12.0
        if box.state:
            kind = "vm" if box.kind == "vm" else "status"
            centre = QPointF(left + 5, 14 if box.kind == "vm" else HEAD / 2)
            paint_shape(painter, centre, look_of(kind, box.state).role)
            left += 18
        self._words(painter, left)

    def _strip(self, painter: QPainter) -> None:
        colours = self._view.colours_of(self.box)
        painter.setPen(Qt.PenStyle.NoPen)
        each = (self.box.height - 12) / max(1, len(colours))
        for place, colour in enumerate(colours):
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(2, 6 + place * each, STRIP, each), 2, 2)

    def _words(self, painter: QPainter, left: float) -> None:
        box, colours = self.box, theme.colours()
        width = box.width - left - 8
        lines = [(box.title, "strong" if box.kind != "vm" else "body", colours.text)]
        if box.detail:
            lines.append((box.detail, "small", colours.muted))
        height = HEAD if box.kind == "host" else box.height
        each = height / len(lines) if len(lines) == 1 else (height - 8) / 2
        for place, (text, role, colour) in enumerate(lines):
            font = theme.font(role)
            painter.setFont(font)
            painter.setPen(theme.colour(colour))
            indent = left if place == 0 else 12.0
            room = width if place == 0 else box.width - 20
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(room))
            top = (0 if len(lines) == 1 else 4) + place * each
            where = QRectF(indent, top, room, each)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, shown)

    def hoverEnterEvent(self, _event: Any) -> None:
        """Show what belongs to it."""
        self._view.point_at(self.box.key)

    def hoverLeaveEvent(self, _event: Any) -> None:
        """Show everything again, or what was clicked."""
        self._view.point_at(None)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Keep it lit."""
        self._view.choose(self.box.key)
        event.accept()

    def mouseDoubleClickEvent(self, _event: QGraphicsSceneMouseEvent) -> None:
        """Open its page."""
        self._view.open(self.box)


class LineItem(QGraphicsPathItem):
    """Joins a machine and its network, or a network and the world."""

    def __init__(self, view: TopologyView, first: Box, second: Box) -> None:
        super().__init__()
        self._view, self.ends = view, (first.key, second.key)
        self._colours = view.colours_of(second if second.kind == "network" else first)
        path = self.path()
        low, high = (first, second) if first.y > second.y else (second, first)
        start = QPointF(low.x + low.width / 2, low.y)
        end = QPointF(high.x + high.width / 2, high.y + high.height)
        path.moveTo(start)
        bend = (start.y() - end.y()) / 2
        path.cubicTo(start - QPointF(0, bend), end + QPointF(0, bend), end)
        self.setPath(path)
        self.setZValue(1)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """A thin line in the colour of the network; drawn only where it tells something."""
        if not self._view.shows_line(self.ends):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._colours[0] if self._colours else theme.colour(theme.colours().muted)
        painter.setPen(QPen(colour, 1.4))
        painter.setOpacity(0.9 if self._view.lit is not None else 0.5)
        painter.drawPath(self.path())


class TopologyView(QGraphicsView):
    """Scrolls by dragging; keeps zoom and choice when the picture changes."""

    opened = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.picture = Picture()
        self.chosen: Key | None = None
        self.lit: set[Key] | None = None
        self._pointed: Key | None = None
        self._colours: dict[str, QColor] = {}
        self._is_whole = True  # nobody has zoomed yet

    def show_picture(self, picture: Picture) -> None:
        """Draw it; at the first time it is made to fit."""
        if picture == self.picture:
            return
        self.picture = picture
        if self.chosen not in picture.boxes:
            self.chosen = None
        self.repaint_all()
        if self._is_whole:
            self.fit()

    def repaint_all(self) -> None:
        """Draw everything anew, in the colours of now."""
        networks = sorted(ref for kind, ref in self.picture.boxes if kind == "network")
        self._colours = {ref: network_colour(place) for place, ref in enumerate(networks)}
        scene = self.scene()
        scene.clear()
        for box in self.picture.boxes.values():
            scene.addItem(BoxItem(self, box))
        for first, second in self.picture.lines:
            ends = self.picture.boxes.get(first), self.picture.boxes.get(second)
            if ends[0] is not None and ends[1] is not None:
                scene.addItem(LineItem(self, ends[0], ends[1]))
        size = QRectF(0, 0, self.picture.width, self.picture.height)
        scene.setSceneRect(size.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))
        self.setBackgroundBrush(theme.colour(theme.colours().raised))
        self.point_at(None)

    def colours_of(self, box: Box) -> list[QColor]:
        """The colours of the networks of a box."""
        refs = (box.ref,) if box.kind == "network" else box.networks
        return [self._colours[ref] for ref in refs if ref in self._colours]

    # What is lit

    def is_lit(self, key: Key) -> bool:
        """Whether a box is shown in full."""
        return self.lit is None or key in self.lit

    def shows_line(self, ends: tuple[Key, Key]) -> bool:
        """Few lines are always shown, many only where one looks."""
        if self.lit is not None:
            return ends[0] in self.lit and ends[1] in self.lit and self._centre() in ends
        to_world = (OUTSIDE, "") in ends
        return to_world or len(self.picture.lines) <= ALL_LINES_UP_TO

    def _centre(self) -> Key | None:
        return self._pointed or self.chosen

    def point_at(self, key: Key | None) -> None:
        """Light what belongs to a box; without one, what was clicked, or everything."""
        self._pointed = key
        centre = self._centre()
        self.lit = self.picture.related(centre) if centre is not None else None
        self.scene().update()

    def choose(self, key: Key | None) -> None:
        """Keep a box lit."""
        self.chosen = key
        self.point_at(None)

    def open(self, box: Box) -> None:
        """Tell that somebody wants to see more of it."""
        if box.kind != OUTSIDE and box.ref:
            self.opened.emit(box.kind, box.ref)

    # Zoom

    def zoom(self, factor: float) -> None:
        """Larger or smaller, within reason."""
        self._is_whole = False
        now = self.transform().m11()
        factor = max(ZOOM_MIN / now, min(ZOOM_MAX / now, factor))
        self.scale(factor, factor)

    def fit(self) -> None:
        """Show all of it, not larger than life."""
        self._is_whole = True
        self.fitInView(self.sceneRect(), Qt.AspectRatioMode.KeepAspectRatio)
        if self.transform().m11() > 1:
            self.resetTransform()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Go on showing all of it."""
        super().resizeEvent(event)
        if self._is_whole:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom where the mouse is."""
        self.zoom(ZOOM_STEP if event.angleDelta().y() > 0 else 1 / ZOOM_STEP)
        event.accept()

    def mousePressEvent(self, event: Any) -> None:
        """A click beside everything lets go of what was chosen."""
        if self.itemAt(event.position().toPoint()) is None:
            self.choose(None)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """+ and − zoom, 0 fits, Return opens what is chosen, Escape lets go."""
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_Escape:
            self.choose(None)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.open(self.picture.boxes[self.chosen])
        else:
            super().keyPressEvent(event)
