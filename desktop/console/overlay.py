"""The notice over a console that is not connected: what happens, why, and what one can do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from appliance.protocol.errors import ApiError
from desktop import texts, theme
from desktop.console.link import LinkState, Phase
from desktop.widgets.buttons import FlatButton
from desktop.widgets.labels import Label, Surface

DIM = QColor(16, 18, 20, 150)
CARD_WIDTH = 464


class Picture(QWidget):
    """An icon of the one set, or a turning ring while something goes on."""

    SIDE = 36

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(self.SIDE, self.SIDE)
        self._name = ""
        self._angle = 0
        self._timer = QTimer(self)
        self._timer.setInterval(40)
        self._timer.timeout.connect(self._turn)

    def show_icon(self, name: str) -> None:
        """Show an icon."""
        self._name = name
        self._timer.stop()
        self.update()

    def show_busy(self) -> None:
        """Show the ring; it turns while it can be seen."""
        self._name = ""
        self._timer.start()
        self.update()

    def hideEvent(self, event: QEvent) -> None:
        """Nobody sees it turn."""
        self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle + 12) % 360
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon or the ring."""
        painter = QPainter(self)
        if self._name:
            theme.icon(self._name, "muted").paint(painter, self.rect())
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c = theme.colours()
        box = QRectF(5, 5, self.SIDE - 10, self.SIDE - 10)
        painter.setPen(QPen(theme.colour(c.track), 3))
        painter.drawEllipse(box)
        pen = QPen(theme.colour(c.accent), 3)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.translate(QPointF(box.center()))
        painter.rotate(self._angle)
        painter.translate(-QPointF(box.center()))
        painter.drawArc(box, 90 * 16, -100 * 16)


class Overlay(QWidget):
    """Covers its parent: the old picture shows through, dimmed."""

    retry_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._around = parent
        self._state = LinkState(Phase.STOPPED)
        self._is_running = True
        self._machine_text = ""
        self._left_s = 0
        self._picture = Picture()
        self._title = Label("", "strong")
        self._detail = Label("", "muted")
        for label in (self._title, self._detail):
            label.setWordWrap(True)
        self._button = FlatButton(self.tr("Try now"))
        self._button.clicked.connect(self.retry_wanted)
        self._card = Surface("base", is_card=True, parent=self)
        self._card.setFixedWidth(CARD_WIDTH)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._detail)
        words.addStretch(1)
        layout = QHBoxLayout(self._card)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.setSpacing(16)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(words, 1)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._countdown = QTimer(self)
        self._countdown.setInterval(1000)
        self._countdown.timeout.connect(self._count)
        parent.installEventFilter(self)
        self._refresh()

    def text(self) -> str:
        """What it says; empty while hidden."""
        return "" if self.isHidden() else self._title.text()

    def detail(self) -> str:
        """What it says below the title."""
        return self._detail.text()

    def set_link_state(self, state: LinkState) -> None:
        """Follow the connection."""
        self._state = state
        self._left_s = max(1, round(state.retry_in_s))
        self._countdown.stop()
        if state.phase is Phase.WAITING:
            self._countdown.start()
        self._refresh()

    def set_machine_state(self, *, is_running: bool, text: str) -> None:
        """Follow the machine; `text` is its state in words."""
        self._is_running = is_running
        self._machine_text = text
        self._refresh()

    def _count(self) -> None:
        self._left_s = max(1, self._left_s - 1)
        self._refresh()

    def _refresh(self) -> None:
        phase = self._state.phase
        self._button.setVisible(self._is_running and phase is Phase.WAITING)
        if not self._is_running:
            self._picture.show_icon("power-standby")
            self._title.setText(self.tr("The machine is stopped"))
            detail = self._machine_text
            self._detail.setText(detail or self.tr("Its console opens when it is started."))
        elif phase is Phase.WAITING:
            self._picture.show_icon("lan-disconnect")
            words = self.tr("Connection lost, trying again in {seconds} s")
            self._title.setText(words.format(seconds=self._left_s))
            self._detail.setText(self._reason())
        else:
            self._picture.show_busy()
            self._title.setText(self.tr("Connecting …"))
            self._detail.setText("")
        self._detail.setVisible(bool(self._detail.text()))
        self.setVisible(not self._is_running or phase is not Phase.CONNECTED)
        self._place()
        self.update()

    def _reason(self) -> str:
        error = self._state.error
        if error is None:
            return self.tr("The other end closed the console.")
        if isinstance(error, ApiError | OSError):
            text = texts.error_text(error)
            return f"{text.message} {text.remedy}".strip()
        return str(error) or type(error).__name__

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Cover the parent when it changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        self.setGeometry(self._around.rect())
        self._card.setFixedWidth(min(CARD_WIDTH, max(240, self.width() - 32)))
        layout = self._card.layout()
        assert layout is not None
        layout.activate()
        height = max(
            layout.totalHeightForWidth(self._card.width()), layout.totalMinimumSize().height()
        )
        self._card.resize(self._card.width(), height)
        self._card.move(
            (self.width() - self._card.width()) // 2, (self.height() - self._card.height()) // 2
        )
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim what lies below."""
        QPainter(self).fillRect(event.rect(), DIM)
