"""How states look everywhere: shape, colour and word."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from time import monotonic

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from desktop import texts, theme

RUNNING = "ok"
WORKING = "working"
IDLE = "idle"
WARN = "warn"
ERROR = "error"

_LOOKS: dict[str, dict[str, str]] = {
    "vm": {
        "created": IDLE,
        "starting": WORKING,
        "running": RUNNING,
        "stopping": WORKING,
        "stopped": IDLE,
        "rebooting": WORKING,
        "migrating": WORKING,
        "pausing": WORKING,
        "paused": WARN,
        "resuming": WORKING,
        "destroying": WORKING,
        "destroyed": IDLE,
        "expunging": WORKING,
        "error": ERROR,
        "unknown": WARN,
    },
    "state": {
        "enabled": RUNNING,
        "disabled": IDLE,
        "maintenance": WARN,
        "pre_maintenance": WORKING,
    },
    "domain": {"running": RUNNING, "paused": WARN, "stopped": IDLE, "other": WARN},
    "status": {"connecting": WORKING, "connected": RUNNING, "disconnected": ERROR},
    "image": {
        "creating": WORKING,
        "uploading": WORKING,
        "ready": RUNNING,
        "error": ERROR,
        "deleting": WORKING,
    },
    "volume": {
        "not_made": IDLE,
        "creating": WORKING,
        "ready": RUNNING,
        "attaching": WORKING,
        "detaching": WORKING,
        "changing": WORKING,
        "snapshotting": WORKING,
        "reverting": WORKING,
        "merging": WORKING,
        "moving": WORKING,
        "deleted": IDLE,
        "expunging": WORKING,
    },
    "snapshot": {
        "creating": WORKING,
        "ready": RUNNING,
        "deleting": WORKING,
        "hidden": IDLE,
    },
    "job": {
        "queued": IDLE,
        "running": WORKING,
        "undoing": WARN,
        "succeeded": RUNNING,
        "failed": ERROR,
        "cancelled": IDLE,
    },
    "step": {
        "pending": IDLE,
        "running": WORKING,
        "done": RUNNING,
        "failed": ERROR,
        "undone": WARN,
    },
}
_WORD_KEYS = {
    "vm": "vm.state.{}",
    "state": "state.{}",
    "domain": "domain.state.{}",
    "status": "status.{}",
    "image": "image.status.{}",
    "volume": "volume.status.{}",
    "snapshot": "snapshot.status.{}",
    "job": "job.state.{}",
    "step": "step.state.{}",
}


@dataclass(frozen=True)
class Look:
    """What to draw for a state: the role names shape and colour."""

    role: str
    word: str

    @property
    def colour(self) -> str:
        """The colour in force now."""
        return str(getattr(theme.colours(), self.role))


def look_of(kind: str, state: str) -> Look:
    """The look of a state of a kind: vm, state, status, image, volume, job or step."""
    role = _LOOKS.get(kind, {}).get(state, IDLE)
    return Look(role, texts.word(_WORD_KEYS.get(kind, "{}").format(state)))


def paint_shape(painter: QPainter, centre: QPointF, role: str, *, size: float = 10) -> None:
    """Draw the shape: ● running, ◐ turning, ○ idle, ▲ attention, ■ failed."""
    colour = theme.colour(getattr(theme.colours(), role))
    half = size / 2
    box = QRectF(centre.x() - half, centre.y() - half, size, size)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if role == RUNNING:
        painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
    elif role == WARN:
        path = QPainterPath(QPointF(centre.x(), box.top()))
        path.lineTo(box.right() + 0.5, box.bottom() - 0.5)
        path.lineTo(box.left() - 0.5, box.bottom() - 0.5)
        painter.drawPath(path)
    elif role == ERROR:
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 1.5, 1.5)
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.6))
        ring = box.adjusted(1.2, 1.2, -1.2, -1.2)
        painter.drawEllipse(ring)
        if role == WORKING:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            turn = int(-monotonic() * 360 * 16 * 0.8) % (360 * 16)
            painter.drawPie(ring, turn, 180 * 16)
    painter.restore()


class StateLabel(QWidget):
    """A state as shape, colour and word; turns while work goes on and it is visible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(IDLE, "")
        self._timer = QTimer(self)
        self._timer.setInterval(int(1000 * pi / 40))
        self._timer.timeout.connect(self.update)

    def set_state(self, kind: str, state: str, word: str = "") -> None:
        """Show a state; `word` replaces the usual word."""
        look = look_of(kind, state)
        self._look = Look(look.role, word or look.word)
        self.setAccessibleName(self._look.word)
        self._tick()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Shape and word on one line."""
        metrics = self.fontMetrics()
        return QSize(20 + metrics.horizontalAdvance(self._look.word), metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Never smaller than its word."""
        return self.sizeHint()

    def paintEvent(self, _event: object) -> None:
        """Draw shape and word."""
        painter = QPainter(self)
        paint_shape(painter, QPointF(7, self.height() / 2), self._look.role)
        painter.setPen(theme.colour(self._look.colour))
        painter.drawText(
            self.rect().adjusted(19, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._look.word
        )

    def showEvent(self, _event: object) -> None:
        """Turn again."""
        self._tick()

    def hideEvent(self, _event: object) -> None:
        """Spend nothing while hidden."""
        self._timer.stop()

    def _tick(self) -> None:
        if self._look.role == WORKING and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()
